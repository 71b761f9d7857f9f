import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import type { JournalEntry } from "../core/events.ts";
import type { AgentId, EffectId, ProjectKey } from "../core/ids.ts";
import type { InputBody, ProjectInput } from "../core/inputs.ts";
import { ReplayedProject } from "../core/project/replay.ts";
import { dayMs, minuteMs } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { pool } from "./remote.ts";
import { connect, createProject, until } from "./test-project.ts";
import type { Project } from "./test-project.ts";

afterEach(() => clock.reset());

const report = (project: Project, agent: string, seq: number, name: string, attempt = 1): InputBody => ({
  type: "reports-received",
  agent: agent as AgentId,
  journal: "journal-x",
  reports: [{ seq, at: now(), body: { type: "task-done", taskId: project.id(name), attempt, result: { seq } } }],
});

describe("inputs", () => {
  test("what is submitted stands in rows and journal, and comes back after a restart", async () => {
    const project = createProject();
    expect(await project.submit(project.task("a", { payload: { text: "x".repeat(20_000) } }), project.task("b"))).toEqual({
      status: "applied",
    });
    await project.restart();
    expect(await project.project.task(project.id("a"))).toMatchObject({ status: "pending", payload: { text: "x".repeat(20_000) } });
    expect((await project.project.view()).tasks).toEqual({ pending: 2, dispatched: 0, running: 0 });
    expect((await project.events()).map(({ seq, type, trace }) => [seq, type, trace])).toEqual([
      [1, "task-submitted", project.id("a")],
      [2, "task-submitted", project.id("b")],
    ]);
  });

  test("a repeated input id gets the earlier outcome, also after a restart, and leaves no trace", async () => {
    const project = createProject();
    await project.configure();
    const refusal = await project.say("op", { type: "operator-commanded", issue: 5, command: "pause", by: "ann", reason: "" });
    expect(refusal).toEqual({ status: "refused", reason: "unknown-run" });
    await project.card(5);
    const before = await project.events();
    await project.restart();
    expect(await project.say("op", { type: "operator-commanded", issue: 5, command: "pause", by: "ann", reason: "" })).toEqual(refusal);
    expect(await project.events()).toEqual(before);
  });

  test("what arrives together is one commit, and each gets its own outcome", async () => {
    const project = createProject();
    await project.submit(project.task("first"));
    const commits = (await project.sql("SELECT place FROM journal")).length;
    // An object at rest commits the first at once; what comes while that is being written shares the next.
    const outcomes = await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => project.submit(project.task(`t${n}`))),
      project.say("cancel", { type: "task-cancelled", task: project.id("nothing"), by: "ann" }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([...Array.from({ length: 20 }, () => "applied"), "ignored"]);
    expect((await project.sql("SELECT place FROM journal")).length - commits).toBeLessThanOrEqual(8);
  });

  test("an input that throws is put aside with its error; the others of its group stand", async () => {
    const project = createProject();
    const broken = { id: "broken", at: now(), type: "tasks-submitted", tasks: null } as unknown as ProjectInput;
    const settled = await runInDurableObject(project.stub, (object) =>
      Promise.allSettled([
        object.apply({ id: "one", at: now(), type: "tasks-submitted", tasks: [project.task("a")] }),
        object.apply(broken),
        object.apply({ id: "two", at: now(), type: "tasks-submitted", tasks: [project.task("b")] }),
      ]),
    );
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await project.restart();
    expect((await project.project.view()).tasks.pending).toBe(2);
    const refused = (await project.events()).filter(({ type }) => type === "input-refused");
    expect(refused).toMatchObject([{ inputId: "broken", data: { input: "tasks-submitted", reason: "error" } }]);
  });

  test("a poll of an unchanged board writes nothing", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    const before = await project.rows();
    await project.card(1);
    await project.card(1);
    expect(await project.rows()).toBe(before);
  });

  test("the journaled inputs, replayed, give the stored state and the same events (invariant 7)", async () => {
    const project = createProject();
    const { agent, socket } = await connect(project);
    await project.configure();
    await Promise.all([project.card(1), project.card(2), project.submit(project.task("a"), project.task("b"))]);
    const { assignments } = await socket.hears("assign");
    socket.report(...assignments.map(({ taskId, attempt }) => ({ type: "task-accepted" as const, taskId, attempt })));
    await project.restart();
    socket.report(...assignments.map(({ taskId, attempt }) => ({ type: "task-done" as const, taskId, attempt, result: agent })));
    await until(async () => expect((await project.project.task(project.id("b")))?.status).toBe("completed"));
    await project.say("stop", { type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });

    const page = await project.project.entriesSince(0, 1_000);
    const replay = new ReplayedProject(project.key);
    const events = page.entries.flatMap(({ inputs }) => inputs.flatMap((input) => replay.apply(input as ProjectInput).events));
    expect(events.map(({ type, data }) => [type, data])).toEqual((await project.events()).map(({ type, data }) => [type, data]));
    for (const name of ["a", "b"])
      expect(await project.project.task(project.id(name))).toMatchObject({ attempts: replay.task(project.id(name))?.attempts });
    const runs = await project.sql<{ json: string }>("SELECT json FROM runs ORDER BY issue");
    expect(runs.map(({ json }) => JSON.parse(json))).toEqual([replay.run(1), replay.run(2)]);
  });
});

describe("agents", () => {
  test("a task goes to a connected agent and its result comes back", async () => {
    const project = createProject();
    const { agent, socket } = await connect(project);
    await project.submit(project.task("a"));
    const { assignments } = await socket.hears("assign");
    expect(assignments).toMatchObject([{ taskId: project.id("a"), attempt: 1, payload: { name: "a" }, timeoutSeconds: 120 }]);
    expect(await project.project.outstanding(agent)).toEqual({ assignments, commands: [] });
    socket.report(
      { type: "task-accepted", taskId: project.id("a"), attempt: 1 },
      { type: "task-done", taskId: project.id("a"), attempt: 1, result: 42 },
    );
    await until(async () => expect(await project.project.task(project.id("a"))).toMatchObject({ status: "completed", result: 42 }));
    expect(await project.project.outstanding(agent)).toEqual({ assignments: [], commands: [] });
    await until(async () => expect(await pool(env).scores(project.capability)).toMatchObject([{ agent, success: 1, results: 1 }]));
  });

  test("work waits for an agent that comes later", async () => {
    const project = createProject();
    await project.submit(project.task("a"));
    await until(async () => expect((await project.project.view()).tasks.pending).toBe(1));
    const { socket } = await connect(project);
    expect((await socket.hears("assign")).assignments).toMatchObject([{ taskId: project.id("a") }]);
  });

  test("more tasks than slots are all done, one after the other", async () => {
    const project = createProject();
    const { socket } = await connect(project, 2);
    await project.submit(...Array.from({ length: 7 }, (_, n) => project.task(`t${n}`)));
    let done = 0;
    while (done < 7) {
      const { assignments } = await socket.hears("assign");
      expect(assignments.length).toBeLessThanOrEqual(2);
      socket.report(...assignments.map(({ taskId, attempt }) => ({ type: "task-done" as const, taskId, attempt })));
      done += assignments.length;
    }
    await until(async () => expect(await project.project.tasks({ status: "completed", limit: 10 })).toHaveLength(7));
    expect(await project.project.tasks({ limit: 3 })).toHaveLength(3);
  });

  test("a cancelled task is taken back from its agent", async () => {
    const project = createProject();
    const { agent, socket } = await connect(project);
    await project.submit(project.task("a"));
    await socket.hears("assign");
    expect(await project.say("c", { type: "task-cancelled", task: project.id("a"), by: "ann" })).toEqual({ status: "applied" });
    expect((await project.project.outstanding(agent)).assignments).toEqual([]);
    await until(async () => {
      const status = await (env.MAILBOXES.getByName(agent) as unknown as { status(): Promise<{ working: number }> }).status();
      expect(status.working).toBe(0);
    });
  });
});

describe("time", () => {
  test("an attempt that runs out of time is tried again, by the alarm", async () => {
    const project = createProject();
    const { agent, socket } = await connect(project);
    const earlier = { agent, capability: project.capability, ok: true, at: now() };
    await pool(env).record("P_0" as ProjectKey, 1, [{ ...earlier, seq: 1 }]);
    await project.submit(project.task("a", { timeoutSeconds: 60 }));
    await socket.hears("assign");
    socket.report({ type: "task-accepted", taskId: project.id("a"), attempt: 1 });
    await until(async () => expect((await project.project.task(project.id("a")))?.status).toBe("running"));
    clock.shift(61_000);
    expect(await runDurableObjectAlarm(project.stub)).toBe(true);
    expect((await project.project.task(project.id("a")))?.attempts).toMatchObject([{ status: "timed-out" }]);
    clock.shift(11_000);
    await runDurableObjectAlarm(project.stub);
    expect((await socket.hears("assign")).assignments).toMatchObject([{ taskId: project.id("a"), attempt: 2 }]);
  });

  test("after the retention what ended is deleted, once it is projected and archived; runs keep their number", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    await project.say("stop", { type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    await project.submit(project.task("a", { maxAttempts: 1 }));
    await project.say("cancel", { type: "task-cancelled", task: project.id("a"), by: "ann" });
    clock.shift(9 * dayMs);
    await runDurableObjectAlarm(project.stub);
    expect(await project.project.task(project.id("a"))).toBeNull();
    expect((await project.events()).length).toBeGreaterThan(5);
    await project.project.projected((await project.project.view()).seq);
    await project.project.archived((await project.project.entriesSince(0, 1_000)).upTo);
    clock.shift(dayMs);
    await runDurableObjectAlarm(project.stub);
    expect(await project.sql("SELECT place FROM journal")).toHaveLength(1);
    expect(await project.sql("SELECT id FROM inputs")).toEqual([]);
    await project.restart();
    await project.say("again", { type: "operator-commanded", issue: 1, command: "retry", by: "ann", reason: "" });
    expect(await project.project.run(1)).toMatchObject({ run: 2 });
  });
});

describe("effects", () => {
  const unfinished = (project: Project) =>
    project.sql<{ id: EffectId; sends: number; claimed: number }>("SELECT id, sends, claimed FROM outbox ORDER BY n");

  test("stay until their result has come; one consumer at a time may take one", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    const [first] = await unfinished(project);
    const id = first?.id ?? ("" as EffectId);
    const claimed = await project.project.claimEffect(id, minuteMs);
    expect(claimed).toMatchObject({ effect: { id, issue: 1 }, profile: { key: project.key }, policy: { maxActiveRuns: 2 } });
    expect(await project.project.claimEffect(id, minuteMs)).toBeNull();
    await project.restart();
    expect(await project.project.claimEffect(id, minuteMs)).toBeNull();
    expect(await project.say("done", { type: "effect-done", effect: id, result: { kind: "done" } })).toEqual({ status: "applied" });
    expect((await unfinished(project)).map((each) => each.id)).not.toContain(id);
    expect(await project.project.claimEffect(id, minuteMs)).toBeNull();
  });

  test("are sent again by the alarm when overdue; a consumer that dies with one counts as a failure", async () => {
    const project = createProject();
    await project.configure();
    await project.card(1);
    const [first] = await unfinished(project);
    const id = first?.id ?? ("" as EffectId);
    expect(first?.sends).toBe(1);
    clock.shift(61_000);
    await runDurableObjectAlarm(project.stub);
    expect((await unfinished(project))[0]).toMatchObject({ id, sends: 2 });
    await project.project.claimEffect(id, minuteMs);
    clock.shift(61_000);
    await runDurableObjectAlarm(project.stub);
    const failed = (await project.events()).filter(({ type }) => type === "effect-failed");
    expect(failed).toMatchObject([{ data: { effect: id, code: "lease-over", final: false, tries: 1 } }]);
  });
});

describe("costs", () => {
  test("a plain task costs two rows and its share of the journal, whatever the project's history", async () => {
    const project = createProject();
    const spend = async (name: string, count: number): Promise<number> => {
      const before = await project.rows();
      const names = Array.from({ length: count }, (_, n) => `${name}${n}`);
      await project.project.apply({ id: `in.${name}`, at: now(), type: "tasks-submitted", tasks: names.map((each) => project.task(each)) });
      for (const each of names) await project.say(`end-${each}`, { type: "task-cancelled", task: project.id(each), by: "ann" });
      return (await project.rows()) - before;
    };
    await spend("warm", 2);
    const little = await spend("x", 10);
    await spend("more", 300);
    expect(await spend("y", 10)).toBe(little);
    expect(little).toBeLessThanOrEqual(10 * 2 + 1 + 10 * 2);
  });

  test("counters survive a restart", async () => {
    const project = createProject();
    await project.submit(project.task("a"));
    await project.submit(project.task("b"));
    const before = await project.project.costs();
    await project.restart();
    const after = await project.project.costs();
    expect(after.rowsWritten).toBeGreaterThan(0);
    expect(after.requests).toBeGreaterThanOrEqual(2);
    expect(after.rowsWritten).toBeLessThanOrEqual(before.rowsWritten);
  });

  test("after a wake-up the read model is poked when it may lack events, and not when it is known to have them", async () => {
    const project = createProject();
    await project.submit(project.task("a"));
    await project.restart();
    const { queueMessages } = await project.project.costs();
    expect(queueMessages).toBeGreaterThan(0);
    await project.project.projected((await project.project.view()).seq);
    await project.restart();
    expect((await project.project.costs()).queueMessages).toBe(queueMessages);
  });

  test("entries of the archive are whole and in order, page by page", async () => {
    const project = createProject();
    for (let n = 0; n < 5; n += 1) await project.submit(project.task(`t${n}`));
    const entries: JournalEntry[] = [];
    for (let from = 0, more = true; more;) {
      const page = await project.project.entriesSince(from, 2);
      entries.push(...page.entries);
      [from, more] = [page.upTo, page.more];
    }
    expect(entries.flatMap(({ events }) => events.map(({ seq }) => seq))).toEqual([1, 2, 3, 4, 5]);
    const pages = await project.project.journalSince(2, 2);
    expect([pages.events.map(({ seq }) => seq), pages.upTo, pages.more]).toEqual([[3, 4], 4, true]);
  });

  test("how far agents' reports were seen costs no row for the latest few of them, and is known after a restart of all", async () => {
    const project = createProject();
    await project.submit(project.task("seen"));
    const journalOf = (n: number) => `journal-${n}`;
    const said = (n: number, seq: number): ProjectInput => {
      const body = { type: "progress" as const, taskId: project.id("seen"), attempt: 1 };
      return {
        id: `said-${n}-${seq}`,
        at: now(),
        type: "reports-received",
        agent: `agent-${n}` as AgentId,
        journal: journalOf(n),
        reports: [{ seq, at: now(), body }],
      };
    };
    const rows = () => project.sql("SELECT agent FROM agents_seen ORDER BY agent");
    for (let n = 1; n <= 8; n += 1) await project.project.apply(said(n, 1));
    const before = await project.rows();
    await project.project.apply(said(8, 2));
    expect([await rows(), (await project.rows()) - before]).toEqual([[], 1]);
    await project.project.apply(said(9, 1));
    await project.project.apply(said(10, 1));
    expect(await rows()).toEqual([{ agent: "agent-1" }, { agent: "agent-2" }]);
    await project.restart();
    for (const [n, seq] of [
      [1, 1],
      [2, 1],
      [3, 1],
      [8, 2],
      [10, 1],
    ] as const)
      expect([n, await project.project.apply(said(n, seq))]).toEqual([n, { status: "ignored", reason: "repeated" }]);
    expect(await project.project.apply(said(3, 2))).toEqual({ status: "applied" });
  });

  test("an agent's reports cost no row of their own", async () => {
    const project = createProject();
    const { agent } = await connect(project, 50);
    await project.submit(...Array.from({ length: 20 }, (_, n) => project.task(`r${n}`)));
    await until(async () => expect((await project.project.view()).tasks.pending).toBe(0));
    const before = await project.rows();
    await project.project.applyAll(
      Array.from({ length: 20 }, (_, n) => ({ id: `r-${n}`, at: now(), ...report(project, agent, n + 1, `r${n}`) }) as ProjectInput),
    );
    expect((await project.rows()) - before).toBeLessThanOrEqual(21);
  });
});
