import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { changeWords, costRange, customRange, dayBuckets, hourBuckets, showsHours } from "./cost-range.ts";

beforeEach(() => void vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => void vi.unstubAllEnvs());
const at = (text: string) => Date.parse(text);
const hourMs = 3_600_000;

test.each([
  ["night", "2026-11-27T07:10:00+01:00", "2026-11-26T18:00:00+01:00", "2026-11-27T08:00:00+01:00", "2026-11-25T18:00:00+01:00"],
  ["night", "2026-11-27T02:10:00+01:00", "2026-11-26T18:00:00+01:00", "2026-11-27T03:00:00+01:00", "2026-11-25T18:00:00+01:00"],
  ["night", "2026-11-27T21:10:00+01:00", "2026-11-26T18:00:00+01:00", "2026-11-27T08:00:00+01:00", "2026-11-25T18:00:00+01:00"],
  ["today", "2026-11-27T07:10:00+01:00", "2026-11-27T00:00:00+01:00", "2026-11-27T08:00:00+01:00", "2026-11-26T00:00:00+01:00"],
  ["7d", "2026-11-27T07:10:00+01:00", "2026-11-21T00:00:00+01:00", "2026-11-27T08:00:00+01:00", "2026-11-14T00:00:00+01:00"],
  // Summer time ended on 2026-10-25.
  ["30d", "2026-11-20T07:10:00+01:00", "2026-10-22T00:00:00+02:00", "2026-11-20T08:00:00+01:00", "2026-09-22T00:00:00+02:00"],
  ["month", "2026-11-27T07:10:00+01:00", "2026-11-01T00:00:00+01:00", "2026-11-27T08:00:00+01:00", "2026-10-01T00:00:00+02:00"],
] as const)("%s at %s", (name, now, since, until, before) => {
  const range = costRange(name, at(now));
  expect([range.since, range.until, range.before.since]).toEqual([at(since), at(until), at(before)]);
  expect(range.before.until).toBeLessThanOrEqual(range.since);
});

test("a month is compared with no more than the month before", () => {
  const { since, before } = costRange("month", at("2026-03-31T12:00:00+02:00"));
  expect(before.until).toBe(since);
  expect(customRange(100, 150).before).toMatchObject({ since: 50, until: 100 });
});

test("every day of the time is there, of 23 and 25 hours, too", () => {
  const range = { ...costRange("7d", at("2026-10-27T12:00:00+01:00")) };
  const spent = { usd: 2, inputTokens: 3, outputTokens: 4 };
  const buckets = dayBuckets(range, [{ day: "2026-10-25", ...spent }]);
  expect(buckets.map(({ label, usd }) => `${label} ${usd}`)).toEqual([
    "2026-10-21 0",
    "2026-10-22 0",
    "2026-10-23 0",
    "2026-10-24 0",
    "2026-10-25 2",
    "2026-10-26 0",
    "2026-10-27 0",
  ]);
  expect(dayBuckets(customRange(0, at("2026-10-27T12:00:00Z")), [])).toHaveLength(400);
});

test("of a short time every hour is there", () => {
  const range = costRange("night", at("2026-11-27T12:00:00+01:00"));
  expect(showsHours(range)).toBe(true);
  expect(showsHours(costRange("7d", at("2026-11-27T12:00:00+01:00")))).toBe(false);
  const buckets = hourBuckets(range, [{ hour: range.since + hourMs, usd: 1, inputTokens: 0, outputTokens: 0 }]);
  expect(buckets).toHaveLength(14);
  expect(buckets[1]).toMatchObject({ label: "2026-11-26 19:00", short: "19:00", usd: 1 });
  expect(buckets.reduce((sum, { usd }) => sum + usd, 0)).toBe(1);
});

test.each([
  [1.2, 1, "up 20 %"],
  [0.5, 1, "down 50 %"],
  [1.001, 1, "the same"],
  [50, 1, "50 times as much"],
  [5, 0, undefined],
])("%d against %d", (usd, before, words) => {
  expect(changeWords(usd, before)).toBe(words);
});
