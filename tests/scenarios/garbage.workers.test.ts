import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { closeCodes, limits } from "../../core/protocol/frames.ts";
import { clock } from "../../platform/clock.ts";
import { problemOf } from "../../workers/test-mesh.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";

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
