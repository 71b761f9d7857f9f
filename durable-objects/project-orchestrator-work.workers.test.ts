import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import type { AgentId } from "../core/ids.ts";
import type { ProjectInput } from "../core/inputs.ts";
import { registration } from "../core/protocol/frames.ts";
import { clock, now } from "../platform/clock.ts";
import { GroupCommit } from "./group-commit.ts";
import { pool } from "./remote.ts";
import { TestAgent } from "./test-agent.ts";
import { createProject, until } from "./test-project.ts";

afterEach(() => clock.reset());

describe("built-in agents", () => {
  test("ask for their work by attempt, begin it by asking, and lose it when it is over", async () => {
    const project = createProject();
    const agent = `built-in.${project.capability}` as AgentId;
    const offer = { name: project.capability, weight: 1, preferred: false, requirements: [] };
    await pool(env).registerBuiltIn([{ id: agent, capabilities: [offer], slots: 100 }]);
    await project.submit(project.task("a"));
    await until(async () => expect((await project.project.task(project.id("a")))?.status).toBe("dispatched"));
    expect(await project.project.taskWork(project.id("a"), 2)).toBeNull();
    const work = { capability: project.capability, payload: { name: "a" }, timeoutSeconds: 120, agent };
    expect(await project.project.taskWork(project.id("a"), 1)).toEqual(work);
    expect((await project.project.task(project.id("a")))?.status).toBe("running");
    await project.restart();
    expect(await project.project.taskWork(project.id("a"), 1)).toEqual(work);
    const ended = { type: "attempt-ended", task: project.id("a"), attempt: 1, agent, usd: 0.01, outcome: { done: "yes" } } as const;
    expect(await project.say("ended", ended)).toEqual({ status: "applied" });
    expect(await project.say("ended-again", ended)).toEqual({ status: "ignored", reason: "stale" });
    expect(await project.project.taskWork(project.id("a"), 1)).toBeNull();
    expect(await project.project.task(project.id("a"))).toMatchObject({ status: "completed", result: "yes" });
    expect(await project.sql("SELECT * FROM agents_seen")).toEqual([]);
  });
});

describe("sessions", () => {
  /** A run whose session plans on a connected runner. */
  async function planning() {
    const project = createProject();
    await project.configure();
    await project.card(1);
    await project.say("go", { type: "operator-commanded", issue: 1, command: "advance", by: "ann", reason: "" });
    const waiting = await project.project.tasks({ status: "pending", limit: 10 });
    const capability = waiting.find((task) => task.run === "1.1")?.capability ?? "";
    const agent = `runner-${project.key.toLowerCase()}` as AgentId;
    const grant = { agent, capabilities: "any", projects: [project.key] } as const;
    await pool(env).grant(grant, `hash-${agent}`);
    await pool(env).register(agent, registration.parse({ capabilities: [{ name: capability }], slots: 1 }), grant, now());
    const socket = await TestAgent.connect(agent, { journal: `journal-${agent}` });
    const [assignment] = (await socket.hears("assign")).assignments;
    const ref = { taskId: assignment?.taskId ?? "", attempt: assignment?.attempt ?? 0 };
    socket.report({ type: "task-accepted", ...ref }, { type: "session-started", ...ref, sessionId: "s", conversationId: "c" });
    await until(async () => expect(await project.project.run(1)).toMatchObject({ phase: "PLANNING", awaiting: "session" }));
    return { project, agent, socket, ref, assignment };
  }

  test("a live attempt may clone and push its branch; no other may", async () => {
    const { project, agent, ref, assignment } = await planning();
    expect(assignment?.timeoutSeconds).toBeNull();
    const task = ref.taskId as never;
    expect(await project.project.liveAttempt(task, ref.attempt, agent)).toMatchObject({
      branch: "mesh/1.1",
      cloneUrl: "https://github.com/acme/shop.git",
    });
    expect(await project.project.liveAttempt(task, ref.attempt + 1, agent)).toBeNull();
    expect(await project.project.liveAttempt(task, ref.attempt, "another" as AgentId)).toBeNull();
  });

  test("what is said to a session is repeated until it is confirmed, across a restart", async () => {
    const { project, agent, socket, ref } = await planning();
    await project.say("pause", { type: "operator-commanded", issue: 1, command: "pause", by: "ann", reason: "" });
    const { command } = await socket.hears("command");
    expect(command).toMatchObject({ ...ref, body: { type: "stop", mode: "after-step" } });
    await project.restart();
    expect((await project.project.outstanding(agent)).commands).toEqual([command]);
    socket.report({ type: "command-received", ...ref, commandId: command.commandId, applied: true });
    await until(async () => expect((await project.project.outstanding(agent)).commands).toEqual([]));
    expect(
      (await project.events()).filter(({ type, data }) => type === "effect-done" && data["effect"] === command.commandId),
    ).toHaveLength(1);
  });

  test("a cancelled run's session is stopped, and what it still says is stale", async () => {
    const { project, agent, socket, ref } = await planning();
    await project.say("cancel", { type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    expect((await socket.hears("command")).command).toMatchObject({ ...ref, body: { type: "stop" } });
    expect(await project.project.outstanding(agent)).toEqual({ assignments: [], commands: [] });
    socket.report({ type: "plan", ...ref, markdown: "# Too late" });
    await until(async () => {
      const ignored = (await project.events()).filter(({ type }) => type === "input-ignored");
      expect(ignored).toMatchObject([{ data: { reason: "stale", report: "plan" } }]);
    });
  });
});

describe("what is stored", () => {
  test("a run of a newer version stands still with an event; the rest goes on", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    await runInDurableObject(project.stub, (_, state) => {
      state.storage.sql.exec(`UPDATE runs SET json = replace(json, '"version":1', '"version":2') WHERE issue = 1`);
    });
    await project.restart();
    await project.card(2);
    expect((await project.project.view()).runs.map(({ issue }) => issue)).toEqual([2]);
    const refused = (await project.events()).filter(({ type }) => type === "input-refused");
    expect(refused).toMatchObject([{ issue: 1, run: 1, data: { reason: "unknown-version" } }]);
    const [failed] = await runInDurableObject(project.stub, (object) => {
      const input = { id: "op", at: now(), type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" } as ProjectInput;
      return Promise.allSettled([object.apply(input)]);
    });
    expect(failed?.status).toBe("rejected");
  });

  test("inputs of many megabytes are stored and read back", async () => {
    const project = createProject();
    const payload = { text: "é".repeat(120_000) };
    await project.submit(...Array.from({ length: 30 }, (_, n) => project.task(`big${n}`, { payload })));
    await project.restart();
    expect(await project.project.task(project.id("big29"))).toMatchObject({ payload });
    expect((await project.events()).length).toBe(30);
    const { entries } = await project.project.entriesSince(0, 100);
    expect(entries.flatMap(({ inputs }) => inputs)).toMatchObject([{ type: "tasks-submitted" }]);
  });

  test("an effect is given up after eight failures, by alarms alone", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    const [row] = await project.sql<{ id: string }>("SELECT id FROM outbox ORDER BY n");
    for (let tries = 0; tries < 8; tries += 1) {
      clock.shift(400_000);
      await project.project.claimEffect(row?.id as never, 1_000);
      clock.shift(2_000);
      await runDurableObjectAlarm(project.stub);
    }
    const failed = (await project.events()).filter(({ type, data }) => type === "effect-failed" && data["effect"] === row?.id);
    expect(failed.map(({ data }) => data["final"])).toEqual([...Array.from({ length: 7 }, () => false), true]);
  });
});

describe("a group commit", () => {
  test("runs once for what came together, alone for each when one throws, and answers each caller its own", async () => {
    const commits: number[][] = [];
    const aside: number[] = [];
    const group = new GroupCommit<number, number>({
      settled: async () => {},
      commit: (inputs) => {
        commits.push([...inputs]);
        if (inputs.includes(3)) throw new Error("three");
        return inputs.map((each) => each * 10);
      },
      putAside: (input) => void aside.push(input),
      after: () => {},
    });
    expect(await Promise.all([group.join([1, 2]), group.join([4])])).toEqual([[10, 20], [40]]);
    expect(commits).toEqual([[1, 2, 4]]);
    const settled = await Promise.allSettled([group.join([1]), group.join([2, 3]), group.join([4])]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(commits.slice(1)).toEqual([[1, 2, 3, 4], [1], [2], [3], [4]]);
    expect(aside).toEqual([3]);
  });
});
