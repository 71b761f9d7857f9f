import { expect, test } from "vitest";
import { dayMs, hourMs, minuteMs, secondMs } from "../time.ts";
import { refreshAgainAt, refreshDueAt } from "./refresh-plan.ts";

const at = 1_800_000_000_000;

test.each([
  ["an hour: 6 minutes ahead", hourMs, 6 * minuteMs],
  ["half an hour: 5 minutes ahead", 30 * minuteMs, 5 * minuteMs],
  ["a week: an hour ahead", 7 * dayMs, hourMs],
  ["4 minutes: at half of it", 4 * minuteMs, 2 * minuteMs],
  ["over when it was pushed: at once", -minuteMs, 0],
])("a life of %s", (_, lifeMs, aheadMs) => {
  const expiresAt = at + lifeMs;
  expect(refreshDueAt({ issuedAt: at, expiresAt, failures: 0, notBefore: 0 })).toBe(expiresAt - aheadMs);
});

test("a failure puts it off, and a token without an end is renewed only when asked", () => {
  expect(refreshDueAt({ issuedAt: at, expiresAt: at + hourMs, failures: 1, notBefore: at + 2 * hourMs })).toBe(at + 2 * hourMs);
  expect(refreshDueAt({ issuedAt: at, expiresAt: null, failures: 0, notBefore: 0 })).toBeNull();
});

test("each failure waits longer, up to an hour; the provider's word counts when it is later", () => {
  const waits = [1, 2, 3, 8, 100].map((failures) => refreshAgainAt(failures, at, undefined) - at);
  expect(waits).toEqual([30 * secondMs, minuteMs, 2 * minuteMs, hourMs, hourMs]);
  expect(refreshAgainAt(1, at, at + hourMs)).toBe(at + hourMs);
  expect(refreshAgainAt(1, at, at + 1)).toBe(at + 30 * secondMs);
});
