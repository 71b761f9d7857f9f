import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { AgentId, ProjectKey, RunRef, TaskId } from "../core/ids.ts";
import { registration } from "../core/protocol/frames.ts";
import type { ReportBody } from "../core/protocol/frames.ts";
import type { TaskSpec } from "../core/task/state.ts";
import { clock, now } from "../platform/clock.ts";
import { randomId } from "../platform/random-id.ts";
import { mailbox, orchestrator, pool } from "./remote.ts";
import { TestAgent } from "./test-agent.ts";

const [here, there] = ["mesh" as ProjectKey, "P_2" as ProjectKey];

afterEach(() => clock.reset());

/** An agent of its own for each test, with a capability only it has. */
async function register(id: string, slots = 1): Promise<AgentId> {
  const agent = id as AgentId;
  const grant = { agent, capabilities: "any", projects: "all" } as const;
  await pool(env).grant(grant, `hash-${id}`);
  const registered = await pool(env).register(agent, registration.parse({ capabilities: [{ name: id }], slots }), grant, now());
  if (!registered.ok) throw new Error(registered.error.reason);
  await orchestrator(env, here).agentsChanged();
  await orchestrator(env, there).agentsChanged();
  return agent;
}

async function submit(agent: AgentId, count = 1, project = here, more: Partial<TaskSpec> = {}): Promise<TaskId[]> {
  const ids = Array.from({ length: count }, () => `${project}.${randomId()}` as TaskId);
  const tasks = ids.map((id): TaskSpec => ({
    id,
    capability: agent,
    payload: { of: id },
    priority: 5,
    timeoutSeconds: 60,
    maxAttempts: 3,
    wait: true,
    ...more,
  }));
  await orchestrator(env, project).apply({ id: `submit.${randomId()}`, at: now(), type: "tasks-submitted", tasks });
  return ids;
}

const statusOf = async (id: TaskId) => (await orchestrator(env, id.split(".")[0] as ProjectKey).task(id))?.status;
const ref = (taskId: string, attempt = 1) => ({ taskId, attempt });
const accepted = (taskId: string): ReportBody => ({ type: "task-accepted", ...ref(taskId) });
const done = (taskId: string): ReportBody => ({ type: "task-done", ...ref(taskId), result: { did: taskId } });
const assigned = async (agent: TestAgent) => (await agent.hears("assign")).assignments.map(({ taskId }) => taskId);
const first = <T>(items: readonly T[]): T => {
  if (items[0] === undefined) throw new Error("nothing");
  return items[0];
};

describe("a connected agent", () => {
  test("gets a task, reports, and is acknowledged when it is committed", async () => {
    const agent = await register("plain");
    const it = await TestAgent.connect(agent);
    const [id] = await submit(agent);
    const { assignments } = await it.hears("assign");
    expect(assignments).toEqual([{ taskId: id, attempt: 1, capability: agent, payload: { of: id }, priority: 5, timeoutSeconds: 60 }]);
    await it.acknowledged(it.report(accepted(first(assignments).taskId)));
    expect(await statusOf(first(assignments).taskId as TaskId)).toBe("running");
    await it.acknowledged(it.report(done(first(assignments).taskId)));
    expect(await orchestrator(env, here).task(first(assignments).taskId as TaskId)).toMatchObject({
      status: "completed",
      result: { did: id },
    });
    it.close();
  });

  test("works through many tasks, and its mailbox writes no row for any of them", async () => {
    const agent = await register("bulk", 20);
    const it = await TestAgent.connect(agent);
    const rows = () =>
      runInDurableObject(env.MAILBOXES.getByName(agent), (_, { storage }) =>
        ["projects", "facts"].map((table) => storage.sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one()["n"]),
      );
    await submit(agent);
    let finished = 0;
    const work = async (count: number) => {
      for (let seen = 0; seen < count;) {
        const ids = await assigned(it);
        seen += ids.length;
        finished = it.report(...ids.flatMap((id) => [accepted(id), done(id)]));
      }
      await it.acknowledged(finished);
    };
    await work(1);
    const before = await rows();
    const ids = (await Promise.all(Array.from({ length: 5 }, () => submit(agent, 100)))).flat();
    await work(500);
    expect(finished).toBe(1_002);
    expect(new Set(await Promise.all(ids.map(statusOf)))).toEqual(new Set(["completed"]));
    expect(await rows()).toEqual(before);
    it.close();
  });

  test("is told to stop what is cancelled", async () => {
    const agent = await register("cancelled");
    const it = await TestAgent.connect(agent);
    const id = first(await submit(agent));
    await assigned(it);
    await orchestrator(env, here).apply({ id: `cancel.${id}`, at: now(), type: "task-cancelled", task: id, by: "ada" });
    const { command } = await it.hears("command");
    expect(command).toMatchObject({ taskId: id, attempt: 1, body: { type: "stop", mode: "now" } });
    expect((await mailbox(env, agent).status()).working).toBe(0);
    it.close();
  });

  test("a result over 256 KiB is a failure of the attempt, with the reason", async () => {
    const agent = await register("verbose");
    const it = await TestAgent.connect(agent);
    const id = first(await submit(agent, 1, here, { maxAttempts: 1 }));
    await assigned(it);
    await it.acknowledged(it.report({ type: "task-done", ...ref(id), result: "x".repeat(262_144) }));
    expect(await orchestrator(env, here).task(id)).toMatchObject({
      status: "failed",
      error: { kind: "work", message: expect.stringContaining("262144") },
    });
    it.close();
  });

  test("heartbeats are answered", async () => {
    const it = await TestAgent.connect(await register("beating"));
    it.heartbeat();
    await it.hears("heartbeat-ack");
    it.close();
  });
});

describe("a connection is closed", () => {
  const hello = { type: "hello", version: 1, journal: "journal-1", lastAck: 0 };
  const progress = (seq: number) => ({ seq, at: 1, body: { type: "progress", ...ref("mesh.t") } });

  test.each<[string, unknown[], number, RegExp]>([
    ["no JSON", ["{nope"], 4400, /not JSON/],
    ["bytes", [new ArrayBuffer(8)], 4400, /text/],
    ["an unknown frame", [hello, { type: "dance" }], 4400, /type/],
    ["a field too many", [{ ...hello, extra: 1 }], 4400, /extra/],
    ["reports before hello", [{ type: "reports", reports: [progress(1)] }], 4400, /hello/],
    ["no hello but a number", [42], 4400, /./],
    ["a newer version", [{ ...hello, version: 2, extra: 1 }], 4406, /speaks version 1 .*, not 2: update the mesh, or use an older agent$/],
    ["an older version", [{ ...hello, version: 0 }], 4406, /speaks version 1 .*, not 0: update the agent$/],
    [
      "a version far away",
      [{ ...hello, version: Number.MAX_SAFE_INTEGER }],
      4406,
      /not 9007199254740991: update the mesh, .* older agent$/,
    ],
    ["a version in words", [{ ...hello, version: "one" }], 4406, /speaks version 1 .* whole number$/],
    ["no version", [{ ...hello, version: undefined }], 4400, /version/],
    ["a frame over 1 MiB", [hello, { type: "output", sessionId: "s", offset: 0, data: "x".repeat(1_100_000) }], 4413, /1048576/],
    ["a frame over 1 MiB in bytes", [hello, { type: "output", sessionId: "s", offset: 0, data: "€".repeat(400_000) }], 4413, /1048576/],
    ["a gap in the numbers", [hello, { type: "reports", reports: [progress(1), progress(3)] }], 4400, /missing after 1/],
  ])("for %s", async (_, frames, code, reason) => {
    const it = await TestAgent.open("garbage");
    for (const frame of frames) it.say(frame);
    const closed = await it.closed;
    expect(closed.code).toBe(code);
    expect(closed.reason).toMatch(reason);
  });

  test("for another version, which the pool shows until the agent connects", async () => {
    const agent = await register("old-runner");
    const refusal = async () => (await pool(env).agents()).find(({ id }) => id === agent)?.refusal;
    expect(await refusal()).toBeNull();
    const it = await TestAgent.open(agent);
    it.say({ ...hello, version: 0 });
    expect((await it.closed).code).toBe(4406);
    await expect.poll(refusal).toMatchObject({ because: expect.stringMatching(/not 0: update the agent$/) });
    await register("old-runner");
    expect(await refusal()).not.toBeNull();
    const updated = await TestAgent.connect(agent);
    await expect.poll(refusal).toBeNull();
    updated.close();
  });

  test("when the agent connects again: the newer one goes on, with what is outstanding", async () => {
    const agent = await register("twice");
    const older = await TestAgent.connect(agent);
    const id = first(await submit(agent));
    expect(await assigned(older)).toEqual([id]);
    const newer = await TestAgent.connect(agent);
    expect((await older.closed).code).toBe(4409);
    expect(await assigned(newer)).toEqual([id]);
    await newer.acknowledged(newer.report(done(id)));
    expect(await statusOf(id)).toBe("completed");
    expect((await mailbox(env, agent).status()).connected).toBe(true);
    newer.close();
  });

  test("a plain request is refused", async () => {
    expect((await env.MAILBOXES.getByName("garbage").fetch("https://mailbox/connect")).status).toBe(426);
  });
});

describe("reports", () => {
  test("sent again after a lost acknowledgement change nothing and are acknowledged", async () => {
    const agent = await register("repeating");
    const it = await TestAgent.connect(agent);
    const id = first(await submit(agent));
    await assigned(it);
    await it.acknowledged(it.report(accepted(id), done(id)));
    it.close();
    const again = await TestAgent.connect(agent, { lastAck: 0 });
    again.report(accepted(id), done(id));
    await again.acknowledged(again.report({ type: "progress", ...ref(id) }));
    expect(await statusOf(id)).toBe("completed");
    again.close();
  });

  test("of two projects are acknowledged as one row of numbers", async () => {
    const agent = await register("shared", 2);
    const it = await TestAgent.connect(agent);
    const [one, two] = [first(await submit(agent, 1, here)), first(await submit(agent, 1, there))];
    await it.hears("assign", ({ assignments }) => assignments.some(({ taskId }) => taskId === one));
    await it.hears("assign", ({ assignments }) => assignments.some(({ taskId }) => taskId === two));
    await it.acknowledged(it.report(accepted(two), accepted(one), done(one), done(two)));
    expect(await Promise.all([one, two].map(statusOf))).toEqual(["completed", "completed"]);
    it.close();
  });
});

test("work that waited for a capability begins when an agent registers for it", async () => {
  const agent = "awaited" as AgentId;
  // So that the orchestrator asks the pool anew.
  clock.shift(60_000);
  const id = first(await submit(agent));
  expect(await statusOf(id)).toBe("pending");
  const waiting = () =>
    runInDurableObject(env.POOL.getByName("pool"), (_, { storage }) => storage.sql.exec("SELECT project FROM waiting").toArray());
  await vi.waitFor(async () => expect(await waiting()).toEqual([{ project: here }]));
  const it = await TestAgent.connect(agent);
  const grant = { agent, capabilities: "any", projects: "all" } as const;
  await pool(env).register(agent, registration.parse({ capabilities: [{ name: agent }] }), grant, now());
  expect(await assigned(it)).toEqual([id]);
  await it.acknowledged(it.report(done(id)));
  it.close();
});

test("slots are arbitrated across projects: what does not fit comes when there is room", async () => {
  const agent = await register("narrow");
  const it = await TestAgent.connect(agent);
  const one = first(await submit(agent, 1, here));
  expect(await assigned(it)).toEqual([one]);
  const two = first(await submit(agent, 1, there));
  await vi.waitFor(async () => expect((await orchestrator(env, there).task(two))?.attempts).toMatchObject([{ status: "declined" }]));
  expect(it.unread.filter(({ type }) => type === "assign")).toEqual([]);
  await it.acknowledged(it.report(done(one)));
  // The declined handover's backoff is over after a second.
  clock.shift(1_500);
  await orchestrator(env, there).agentsChanged();
  expect(await assigned(it)).toEqual([two]);
  it.close();
});

describe("after a restart of the mailbox", () => {
  test("a socket that survived hibernation goes on where it was", async () => {
    const agent = await register("sleeper");
    const it = await TestAgent.connect(agent);
    const one = first(await submit(agent));
    await assigned(it);
    await it.acknowledged(it.report(accepted(one)));
    await evictDurableObject(env.MAILBOXES.getByName(agent));
    await it.acknowledged(it.report(done(one)));
    expect(await statusOf(one)).toBe("completed");
    const two = first(await submit(agent));
    expect(await assigned(it)).toEqual([two]);
    it.close();
  });

  test("what is taken back while it sleeps is stopped all the same", async () => {
    const agent = await register("asleep");
    const it = await TestAgent.connect(agent);
    const one = first(await submit(agent));
    await assigned(it);
    await it.acknowledged(it.report(accepted(one)));
    await evictDurableObject(env.MAILBOXES.getByName(agent));
    await orchestrator(env, here).apply({ id: `cancel.${one}`, at: now(), type: "task-cancelled", task: one, by: "operator" });
    expect((await it.hears("command")).command).toMatchObject({ ...ref(one), body: { type: "stop", mode: "now" } });
    it.close();
  });

  test("the slots that are taken are known again", async () => {
    const agent = await register("counting");
    const it = await TestAgent.connect(agent);
    const one = first(await submit(agent));
    await assigned(it);
    await evictDurableObject(env.MAILBOXES.getByName(agent));
    const answer = await mailbox(env, agent).deliver(there, [
      { ...ref("P_2.made-up"), capability: agent, payload: null, priority: 5, timeoutSeconds: 60 },
    ]);
    expect(answer.declined).toEqual([{ ...ref("P_2.made-up"), reason: "no-free-slot" }]);
    await it.acknowledged(it.report(done(one)));
    it.close();
  });

  test("an agent that comes back gets what it does not work on, and stops what is no longer its own", async () => {
    const agent = await register("returning", 2);
    const it = await TestAgent.connect(agent);
    const [kept, lost] = await submit(agent, 2);
    await it.hears("assign");
    it.close();
    await evictDurableObject(env.MAILBOXES.getByName(agent), { webSockets: "close" });
    const stray = ref(`${here}.taken-back`);
    const back = await TestAgent.connect(agent, { working: [ref(kept ?? ""), stray] });
    expect(await assigned(back)).toEqual([lost]);
    expect((await back.hears("command")).command).toMatchObject({ ...stray, body: { type: "stop" } });
    back.close();
  });
});

describe("by HTTP", () => {
  test("a waiting poll gets the task that comes, reports are committed when answered", async () => {
    const agent = await register("poller");
    const polling = mailbox(env, agent).longPoll(10_000);
    const id = first(await submit(agent));
    expect(await polling).toMatchObject([{ type: "assign", assignments: [{ taskId: id }] }]);
    expect(await mailbox(env, agent).longPoll(0)).toEqual([]);
    const reports = [accepted(id), done(id)].map((body, index) => ({ seq: index + 1, at: 1, body }));
    expect(await mailbox(env, agent).report("journal-http", reports)).toEqual({ ack: 2, gap: false });
    expect(await statusOf(id)).toBe("completed");
    expect(await mailbox(env, agent).report("journal-http", [{ seq: 9, at: 1, body: accepted(id) }])).toEqual({ ack: 2, gap: true });
  });

  test("what was not accepted in 30 s is told again", async () => {
    const agent = await register("slow");
    const id = first(await submit(agent));
    expect(await mailbox(env, agent).longPoll(5_000)).toHaveLength(1);
    expect(await mailbox(env, agent).longPoll(0)).toEqual([]);
    clock.shift(30_000);
    expect(await mailbox(env, agent).longPoll(0)).toMatchObject([{ assignments: [{ taskId: id }] }]);
  });
});

describe("contact", () => {
  const lostSince = (agent: AgentId) =>
    runInDurableObject(env.MAILBOXES.getByName(agent), (_, { storage }) =>
      storage.sql
        .exec("SELECT value FROM facts WHERE name = 'lost-since'")
        .toArray()
        .map(({ value }) => value),
    );
  const afterTakeoverTime = async (id: TaskId) => {
    await runDurableObjectAlarm(env.ORCHESTRATORS.getByName(there));
    return statusOf(id);
  };

  test("a session's agent that is silent for 120 s is out of reach, and in reach again when it connects", async () => {
    const agent = await register("contact");
    const it = await TestAgent.connect(agent);
    const session = { run: "7.1" as RunRef, session: { run: "7.1" as RunRef, step: "implement" as const } };
    const id = first(await submit(agent, 1, there, session));
    await assigned(it);
    await it.acknowledged(it.report(accepted(id)));
    clock.shift(121_000);
    await runDurableObjectAlarm(env.MAILBOXES.getByName(agent));
    expect((await it.closed).code).toBe(1001);
    expect((await pool(env).agents()).find((each) => each.id === agent)).toMatchObject({ status: "offline", connected: false });
    clock.shift(10 * 60_000);
    const back = await TestAgent.connect(agent, { lastAck: 1, working: [ref(id)] });
    await vi.waitFor(async () => expect(await lostSince(agent)).toEqual([]));
    expect((await pool(env).agents()).find((each) => each.id === agent)?.status).toBe("online");
    clock.shift(14 * 60_000);
    expect(await afterTakeoverTime(id)).toBe("running");
    await back.acknowledged(back.report(done(id)));
    expect(await statusOf(id)).toBe("completed");
    back.close();
  });

  test("after 15 min out of reach the attempt is lost, and the agent that comes back is told to stop", async () => {
    const agent = await register("lost-one");
    const it = await TestAgent.connect(agent);
    const session = { run: "8.1" as RunRef, session: { run: "8.1" as RunRef, step: "implement" as const } };
    const id = first(await submit(agent, 1, there, session));
    await assigned(it);
    await it.acknowledged(it.report(accepted(id)));
    it.close();
    clock.shift(120_000);
    await runDurableObjectAlarm(env.MAILBOXES.getByName(agent));
    clock.shift(12 * 60_000);
    expect(await afterTakeoverTime(id)).toBe("running");
    // The contact that counts is the report's, which may have been committed a second after it came.
    clock.shift(62_000);
    expect(await afterTakeoverTime(id)).toBe("pending");
    const back = await TestAgent.connect(agent, { working: [ref(id)] });
    expect((await back.hears("command")).command).toMatchObject({ ...ref(id), body: { type: "stop" } });
    back.close();
  });

  test("the alarm ends when nothing is outstanding", async () => {
    const agent = await register("idle");
    const it = await TestAgent.connect(agent);
    const id = first(await submit(agent));
    await assigned(it);
    const alarm = () => runInDurableObject(env.MAILBOXES.getByName(agent), (_, { storage }) => storage.getAlarm());
    expect(await alarm()).not.toBeNull();
    await it.acknowledged(it.report(done(id)));
    expect(await runDurableObjectAlarm(env.MAILBOXES.getByName(agent))).toBe(true);
    expect(await alarm()).toBeNull();
    expect((await mailbox(env, agent).status()).connected).toBe(true);
    it.close();
  });
});
