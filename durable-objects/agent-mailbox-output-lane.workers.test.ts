import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { batchLimits, heldLimits, OutputLane } from "./agent-mailbox-output-lane.ts";
import type { Appended } from "./session-feed.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A lane whose feed answers when it is told to, with what it has. */
function createLane() {
  const held = { bytes: 0 };
  const calls: { offset: number; data: string; answer: (appended: Appended) => Promise<void>; fail: () => Promise<void> }[] = [];
  const said: unknown[] = [];
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const lane = new OutputLane({
    session: "P.s1-1",
    held,
    append: (offset, data) =>
      new Promise((resolve, reject) => {
        calls.push({
          offset,
          data,
          answer: (appended) => (resolve(appended), settle().then(() => undefined)),
          fail: () => (reject(new Error("away")), settle().then(() => undefined)),
        });
      }),
    tell: (frame) => said.push(frame.type === "output-ack" ? [frame.offset, frame.again === true] : frame),
    refused: (reason) => said.push(reason),
    failed: () => said.push("failed"),
  });
  return { lane, held, calls, said, texts: () => calls.map(({ data }) => data) };
}

test("the first piece goes at once, those that follow soon after it together", async () => {
  const { lane, calls, texts, said } = createLane();
  for (const [offset, data] of [
    [0, "a"],
    [1, "ü"],
    [3, "c"],
  ] as const)
    lane.take(offset, data);
  expect(texts()).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(batchLimits.ms);
  lane.take(4, "d");
  expect(texts()).toEqual(["a", "üc"]);
  await vi.advanceTimersByTimeAsync(batchLimits.ms);
  expect(texts()).toEqual(["a", "üc", "d"]);
  await vi.advanceTimersByTimeAsync(batchLimits.ms);
  lane.take(5, "e");
  expect(texts().at(-1)).toBe("e");
  for (const call of calls) await call.answer({ status: "kept", end: 6 });
  expect(said).toEqual([[6, false]]);
});

test("a batch has a bound, and only what follows joins it", () => {
  const { lane, calls } = createLane();
  lane.take(0, "x");
  const piece = "y".repeat(4_096);
  for (let offset = 1; offset <= batchLimits.bytes; offset += piece.length) lane.take(offset, piece);
  expect(calls.map(({ data }) => data.length)).toEqual([1, batchLimits.bytes]);
  lane.take(10, "again");
  lane.take(10, "again");
  lane.take(15, "!");
  lane.flush();
  expect(calls.slice(2).map(({ offset, data }) => [offset, data])).toEqual([
    [10, "again"],
    [10, "again!"],
  ]);
});

test("halves of a character that come apart stay as many bytes as the agent counts", () => {
  const { lane, calls } = createLane();
  for (const [offset, data] of [
    [0, "a"],
    [1, "\uD83D"],
    [4, "\uDE00"],
    [7, "b"],
  ] as const)
    lane.take(offset, data);
  lane.flush();
  expect(calls[1]).toMatchObject({ offset: 1, data: "\uFFFD\uFFFDb" });
});

test("what is more than can be held is let go, and asked for again when the rest is kept", async () => {
  const { lane, held, calls, said } = createLane();
  const piece = "z".repeat(65_536);
  let offset = 0;
  for (; offset < 2 * heldLimits.session; offset += piece.length) lane.take(offset, piece);
  expect(held.bytes).toBe(heldLimits.session);
  const handed = calls.length;
  for (const { offset: at } of [...calls])
    await calls.find((each) => each.offset === at)?.answer({ status: "kept", end: heldLimits.session });
  expect(held.bytes).toBe(0);
  expect(said).toEqual([
    [heldLimits.session, false],
    [heldLimits.session, true],
  ]);
  lane.take(offset, piece); // was on its way
  expect(calls).toHaveLength(handed);
  lane.take(heldLimits.session, piece);
  expect(calls.at(-1)).toMatchObject({ offset: heldLimits.session });
});

test("sessions of an agent share a bound, and one that holds nothing still goes on", () => {
  const { lane, held, calls } = createLane();
  held.bytes = heldLimits.agent;
  lane.take(0, "a");
  lane.take(1, "b");
  lane.flush();
  expect(calls.map(({ data }) => data)).toEqual(["a"]);
});

test("a gap is told once, and so is the next", async () => {
  const { lane, calls, said } = createLane();
  for (const [offset, data] of [
    [0, "ab"],
    [4, "ef"],
    [8, "ij"],
  ] as const)
    lane.take(offset, data);
  lane.flush();
  const [first, second, third] = calls;
  await first?.answer({ status: "kept", end: 2 });
  await second?.answer({ status: "gap", end: 2 });
  lane.take(2, "cd");
  lane.flush();
  await third?.answer({ status: "gap", end: 2 });
  expect(said).toEqual([
    [2, false],
    [2, true],
  ]);
  await calls[3]?.answer({ status: "kept", end: 4 });
  lane.take(9, "x");
  lane.flush();
  await calls[4]?.answer({ status: "gap", end: 4 });
  expect(said.slice(2)).toEqual([
    [4, false],
    [4, true],
  ]);
});

test("a closed lane holds nothing, hands on nothing and says nothing", async () => {
  const { lane, held, calls, said } = createLane();
  lane.take(0, "a");
  lane.take(1, "b");
  lane.close();
  await vi.advanceTimersByTimeAsync(batchLimits.ms);
  await calls[0]?.answer({ status: "kept", end: 1 });
  expect([held.bytes, calls.length, said]).toEqual([0, 1, []]);
  const failing = createLane();
  failing.lane.take(0, "a");
  await failing.calls[0]?.fail();
  expect([failing.held.bytes, failing.said]).toEqual([0, ["failed"]]);
});
