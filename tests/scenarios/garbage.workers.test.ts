import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { closeCodes, limits, sessionAssignment, type ReportBody } from "../../core/protocol/frames.ts";
import { sessionFeed } from "../../durable-objects/remote.ts";
import { snapshotsPrefix } from "../../durable-objects/session-recording.ts";
import { clock } from "../../platform/clock.ts";
import { problemOf } from "../../workers/test-mesh.ts";
import { createGate, createScenario, pushTo, until } from "../support/scenario.ts";

const { mesh, story } = createScenario();
afterEach(() => {
  vi.useRealTimers();
  clock.reset();
});

const garbage: readonly (readonly [string, string | ArrayBuffer, number])[] = [
  ["no JSON", "{", closeCodes.badFrame],
  ["a number", "7", closeCodes.badFrame],
  ["bytes", new Uint8Array([1, 2, 3]).buffer, closeCodes.badFrame],
  ["a frame of no known type", '{"type":"sudo"}', closeCodes.badFrame],
  ["a report of no known type", '{"type":"reports","reports":[{"seq":999,"at":1,"body":{"type":"merge"}}]}', closeCodes.badFrame],
  [
    "a report after a gap",
    '{"type":"reports","reports":[{"seq":999,"at":1,"body":{"type":"progress","taskId":"R_x.t1-1-1","attempt":1}}]}',
    closeCodes.badFrame,
  ],
  [
    "a report with more than it may say",
    '{"type":"reports","reports":[{"seq":1,"at":1,"body":{"type":"progress","taskId":"R_x.t1-1-1","attempt":1,"sudo":true}}]}',
    closeCodes.badFrame,
  ],
  [
    "a report out of order",
    '{"type":"reports","reports":[{"seq":1001,"at":1,"body":{"type":"progress","taskId":"R_x.t1-1-1","attempt":1}},{"seq":1000,"at":1,"body":{"type":"progress","taskId":"R_x.t1-1-1","attempt":1}}]}',
    closeCodes.badFrame,
  ],
  ["half a character", '{"type":"\ud800"}', closeCodes.badFrame],
  ["hello a second time", '{"type":"hello","version":1,"journal":"journal-other","lastAck":0}', closeCodes.badFrame],
  ["a version in words", '{"type":"hello","version":"1","journal":"journal-1","lastAck":0}', closeCodes.unknownVersion],
  ["the version before", '{"type":"hello","version":0,"journal":"journal-1","lastAck":0}', closeCodes.unknownVersion],
  ["another version", '{"type":"hello","version":2,"journal":"journal-1","lastAck":0}', closeCodes.unknownVersion],
  ["too much", `"${"x".repeat(limits.frameBytes)}"`, closeCodes.tooLarge],
  ["6 MiB", `{"type":"output","sessionId":"s","offset":0,"data":"${"x".repeat(6 * 1_048_576)}"}`, closeCodes.tooLarge],
];

test("whoever sends garbage is closed with the reason, and loses nothing that was acknowledged", async () => {
  const it = await story("acme/garbage");
  const gate = createGate();
  const runner = await it.runner("laptop-garbage", {
    implement: async (work) => {
      work.say({ type: "usage", process: "p", inputTokens: 1_000, outputTokens: 0, usd: 0.5 });
      await gate.opened;
      pushTo(it.repository, work);
    },
  });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await runner.settled();
  const [before, acknowledged] = [await it.run(issue), runner.acknowledged];
  expect(before.inputTokens).toBeGreaterThanOrEqual(1_000);

  for (const [what, frame, code] of garbage) {
    const hungUp = runner.hungUp();
    runner.sendRaw(frame);
    const closing = await hungUp;
    expect([what, closing.code]).toEqual([what, code]);
    expect(closing.reason.length, what).toBeGreaterThan(5);
    await runner.connect();
    expect([runner.acknowledged, runner.given.length], what).toEqual([acknowledged, 2]);
  }
  expect(await it.run(issue)).toEqual(before);

  gate.open();
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  expect([run.failures, it.repository.pulls.size]).toEqual([[], 1]);
});

test("frames that come again, and reports of attempts that are another agent's, are acknowledged and change nothing", async () => {
  const it = await story("acme/replayed");
  const gate = createGate();
  const usage = { type: "usage", process: "p", inputTokens: 1_000, outputTokens: 0, usd: 0.5 } as const;
  const runner = await it.runner("laptop-replayed", {
    implement: async (work) => {
      work.say(usage);
      await gate.opened;
      pushTo(it.repository, work);
    },
  });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await runner.settled();
  const [before, given] = [await it.run(issue), runner.given.at(-1)];
  const { taskId, attempt } = given ?? { taskId: "", attempt: 0 };

  const seq = runner.say({ type: "progress", taskId, attempt, summary: "said once" });
  for (let again = 0; again < 3; again += 1) {
    const body = { type: "usage", taskId, attempt, process: "replayed", inputTokens: 9_000, outputTokens: 0, usd: 9 };
    runner.sendRaw(JSON.stringify({ type: "reports", reports: [{ seq, at: 1, body }] }));
  }
  await runner.heard(seq);

  const stranger = await it.runner("laptop-stranger", {}, { slots: 1 });
  const strange = stranger.say({ type: "task-done", taskId, attempt });
  stranger.say({ type: "usage", taskId, attempt, process: "q", inputTokens: 5_000, outputTokens: 5_000, usd: 5 });
  stranger.say({ type: "branch-pushed", taskId, attempt, branch: "main", sha: "a".repeat(40), commits: 1 });
  await stranger.heard(strange + 2);
  const after = await it.run(issue);
  expect({ ...after, version: 0 }).toEqual({ ...before, version: 0 });

  gate.open();
  await it.reaches(issue, { phase: "ACCEPTED" });
  expect(it.repository.pulls.size).toBe(1);
});

test("frames in another order are refused from the gap on, and what was in order is taken once, however often it comes", async () => {
  const it = await story("acme/reordered");
  const runner = await it.runner("laptop-reordered", { plan: () => new Promise(() => {}) });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "PLANNING", awaiting: "session" });
  await runner.settled();
  const { taskId = "", attempt = 1 } = runner.given[0] ?? {};
  const began = runner.acknowledged;
  const { usd } = await it.run(issue);
  const used = (process: string, usd: number): ReportBody => {
    return { type: "usage", taskId, attempt, process, inputTokens: 1, outputTokens: 1, usd };
  };
  const raw = (...all: [after: number, body: ReportBody][]) =>
    runner.sendRaw(JSON.stringify({ type: "reports", reports: all.map(([after, body]) => ({ seq: began + after, at: 1, body })) }));
  const refused = async (...all: Parameters<typeof raw>) => {
    const hungUp = runner.hungUp();
    raw(...all);
    expect(await hungUp).toEqual({ code: closeCodes.badFrame, reason: `a report is missing after ${runner.acknowledged}` });
    await runner.connect();
    expect(runner.acknowledged).toBe(began);
  };
  await refused([2, used("early", 8)]);
  await refused([2, used("early", 8)], [1, used("early", 8)]);
  await refused([3, used("early", 8)], [1, used("early", 8)], [2, used("early", 8)]);

  await runner.heard(runner.say(used("one", 0.25)));
  await runner.heard(runner.say(used("two", 0.5)));
  for (const after of [2, 1, 2]) raw([after, used("again", 8)]);
  raw([1, used("again", 8)], [2, used("again", 8)], [3, { type: "plan", taskId, attempt, markdown: "# Early" }]);
  await it.recorded("plan-proposed");
  expect((await it.run(issue)).usd).toBeCloseTo(usd + 0.75, 9);
  expect(runner.closings).toHaveLength(3);
  expect(await it.events("plan-proposed")).toHaveLength(1);
});

test("what names a session of another agent is refused or passed over: its screen, its output, its conversation", async () => {
  const [it, other] = [await story("acme/foreign-session"), await story("acme/own-session")];
  const forever = { plan: () => new Promise<void>(() => {}) };
  const [runner, stranger] = [await it.runner("laptop-owner", forever), await other.runner("laptop-foreign", forever)];
  const [issue, theirs] = [await it.begins(), await other.begins()];
  await Promise.all([it, other].map((each, at) => each.reaches(at === 0 ? issue : theirs, { phase: "PLANNING", awaiting: "session" })));
  await Promise.all([runner.settled(), stranger.settled()]);
  const { sessionId } = sessionAssignment.parse(runner.given[0]?.payload);
  const { taskId = "", attempt = 1 } = stranger.given[0] ?? {};
  const [before, theirsBefore] = [await it.run(issue), await other.run(theirs)];

  stranger.write(sessionId, "lies\n");
  await until(() => expect(stranger.refusedOutput).toEqual([sessionId]));
  stranger.say({ type: "snapshot", taskId, attempt, sessionId, kind: "end", screen: "lies", cols: 100, rows: 30 });
  await stranger.heard(stranger.say({ type: "session-started", taskId, attempt, sessionId, conversationId: "stolen" }));
  const sent = await mesh.request("/agents/laptop-foreign/output", {
    ...{ method: "POST", token: stranger.token, headers: { "content-type": "application/json" } },
    body: JSON.stringify({ sessionId, offset: 0, data: "lies" }),
  });
  expect(await problemOf(sent)).toMatchObject({ status: 403, reason: "foreign-session" });

  expect(await sessionFeed(env, sessionId).state()).toMatchObject({ end: 0 });
  expect((await env.ARCHIVE.list({ prefix: snapshotsPrefix(sessionId) })).objects).toEqual([]);
  expect(await it.run(issue)).toEqual(before);
  expect((await other.run(theirs)).session).toEqual(theirsBefore.session);
  expect(stranger.isOnline).toBe(true);
});

test("a flood is cut off and told so; nothing that was acknowledged is lost, and the agent goes on", async () => {
  const it = await story("acme/flooded");
  const runner = await it.runner("laptop-flooded", { plan: () => new Promise(() => {}) });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "PLANNING", awaiting: "session" });
  await runner.settled();
  const acknowledged = runner.acknowledged;
  const hungUp = runner.hungUp();
  // On a slow machine the window would be over before the flood is.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  // Not to the byte what the platform answers by itself.
  for (let frame = 0; frame <= 20_000; frame += 1) runner.sendRaw('{ "type": "heartbeat" }');
  expect(await hungUp).toMatchObject({ code: closeCodes.tooMuch, reason: expect.stringContaining("frames") });
  vi.useRealTimers();
  clock.shift(10_000);
  await runner.connect();
  expect(runner.acknowledged).toBe(acknowledged);
  const [given] = runner.given;
  await runner.heard(runner.say({ type: "plan", taskId: given?.taskId ?? "", attempt: 1, markdown: "# Plan" }));
  expect(await it.events("plan-proposed")).toHaveLength(1);
}, 120_000);

test("by plain HTTP the same is refused with a problem", async () => {
  const it = await story("acme/plain");
  const { token } = await it.runner("laptop-plain", {}, { online: false });
  const post = async (body: BodyInit, path = "reports") =>
    problemOf(
      await mesh.request(`/agents/laptop-plain/${path}`, { method: "POST", token, body, headers: { "content-type": "application/json" } }),
    );
  const reports = (...all: object[]) => JSON.stringify({ journal: "journal-plain", reports: all });
  const body = { type: "progress", taskId: "R_x.t1-1-1", attempt: 1 };
  expect(await post(new Uint8Array([0x7b, 0xff, 0x7d]))).toMatchObject({ status: 400, reason: "not-json" });
  expect(await post(reports({ seq: 0, at: 1, body }))).toEqual({ status: 400, reason: "invalid-input", paths: ["reports[0].seq"] });
  expect(await post(reports({ seq: 1, at: 1, body: { ...body, sudo: true } }))).toMatchObject({
    status: 400,
    paths: ["reports[0].body.sudo"],
  });
  expect(await post(`{"journal":"journal-plain","reports":["${"x".repeat(6 * 1_048_576)}"]}`)).toMatchObject({ status: 413 });
  expect(await post("{}", "register")).toMatchObject({ status: 400, paths: ["capabilities"] });
  const send = async (text: string) => (await mesh.request("/agents/laptop-plain/reports", { method: "POST", token, body: text })).json();
  expect(await send(reports({ seq: 1, at: 1, body }, { seq: 3, at: 1, body }))).toEqual({ ack: 1, gap: true });
  expect(await send(reports({ seq: 1, at: 1, body }))).toEqual({ ack: 1, gap: false });
});

test("reports that could not be stored are asked for again", async () => {
  const it = await story("acme/unstored");
  const runner = await it.runner("laptop-unstored", { plan: () => new Promise(() => {}) });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "PLANNING", awaiting: "session" });
  await runner.settled();
  const spy = vi.spyOn(env.ORCHESTRATORS, "getByName").mockImplementation(() => {
    throw new Error("the orchestrator is away");
  });
  const [given] = runner.given;
  const hungUp = runner.hungUp();
  const seq = runner.say({ type: "plan", taskId: given?.taskId ?? "", attempt: 1, markdown: "# Plan" });
  expect(await hungUp).toMatchObject({ code: 1013 });
  expect(runner.unacknowledged.map((report) => report.seq)).toEqual([seq]);
  spy.mockRestore();
  await runner.connect();
  await runner.heard(seq);
  expect(await it.events("plan-proposed")).toHaveLength(1);
});
