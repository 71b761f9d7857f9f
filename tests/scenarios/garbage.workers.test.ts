import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { closeCodes, limits } from "../../core/protocol/frames.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";

const { story } = createScenario();

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
  ["another version", '{"type":"hello","version":2,"journal":"journal-1","lastAck":0}', closeCodes.unknownVersion],
  ["too much", `"${"x".repeat(limits.frameBytes)}"`, closeCodes.tooLarge],
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
