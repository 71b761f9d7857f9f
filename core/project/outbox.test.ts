import { expect, test } from "vitest";
import type { EffectId } from "../ids.ts";
import type { OutboxEntry } from "./lookup.ts";
import { nextOutboxTimer, outboxReady } from "./outbox.ts";

function entry(n: number, orderKey: string, notBefore = 0): OutboxEntry {
  const effect = { id: `e${n}` as EffectId, orderKey, issue: 1, run: 1, kind: "observe-card" as const };
  return { effect: { ...effect, issue: 1 }, n, tries: 0, notBefore };
}

test("only the first unfinished effect of a key is released", () => {
  expect(outboxReady([entry(1, "a"), entry(2, "a"), entry(3, "b")], 0).map(({ n }) => n)).toEqual([1, 3]);
});

test("an effect that waits out a failure holds back those behind it", () => {
  const entries = [entry(1, "a", 50), entry(2, "a"), entry(3, "b", 70)];
  expect(outboxReady(entries, 49)).toEqual([]);
  expect(nextOutboxTimer(entries, 49)).toEqual({ id: "e1", at: 50 });
  expect(outboxReady(entries, 50).map(({ n }) => n)).toEqual([1]);
});
