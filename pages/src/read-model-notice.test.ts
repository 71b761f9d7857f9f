import { expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { start, todo } from "../../drizzle/journal.fixture.ts";
import { behindNow, graceMs, readModelNotice, type Freshness } from "./read-model-notice.ts";

const live = [{ key: todo, seq: 10 }] as unknown as ProjectView[];
const freshness = (seq: number, updatedAt: number) => ({
  asOf: updatedAt,
  projects: [{ project: todo, seq, updatedAt }],
  refusals: { count: 0 },
});
const failed = (reason: string) => ({ ok: false, error: { status: 503, reason, detail: "" } }) as const;

/** What is said at `now` when the same was seen `graceMs` and more before. */
const said = (value: Freshness, now: number, seenMs = graceMs) =>
  readModelNotice({ ok: true, value }, undefined, live, behindNow(value, live, new Map(), now - seenMs), now);

test("nothing to say while it follows, or is behind for a moment only", () => {
  expect(said(freshness(10, start), start + 999_999)).toBeUndefined();
  expect(said(freshness(9, start), start + 60_000)).toBeUndefined();
});

test("behind for more than a minute: since when, and how many", () => {
  expect(said(freshness(7, start), start + 60_001)).toEqual({ since: start, because: "3 events are not in it yet" });
});

test("a project it has never seen counts from the beginning, once that has lasted", () => {
  const value = { asOf: null, projects: [], refusals: { count: 0 } };
  expect(said(value, start, graceMs - 1)).toBeUndefined();
  expect(said(value, start)).toEqual({ since: null, because: "10 events are not in it yet" });
});

test("a cursor that rested for an hour is not stuck the moment something happens", () => {
  expect(said(freshness(9, start), start + 3_600_000, 0)).toBeUndefined();
});

test("one that moves on counts anew, one that stays counts from when it was first seen, one that follows is forgotten", () => {
  const first = behindNow(freshness(7, start), live, new Map(), start);
  expect(behindNow(freshness(7, start), live, first, start + 1)).toEqual(first);
  expect(behindNow(freshness(8, start), live, first, start + 1)).toEqual(new Map([[todo, { seq: 8, since: start + 1 }]]));
  expect(behindNow(freshness(10, start), live, first, start + 1)).toEqual(new Map());
});

test.each([
  ["read-model-unreachable", "database unreachable"],
  ["read-model-not-migrated", "database not migrated (mesh db migrate)"],
  ["offline", "no connection"],
  ["internal", "no answer"],
])("%s is said as %s", (reason, because) => {
  expect(readModelNotice(failed(reason), undefined, live, new Map(), start)).toEqual({ since: null, because });
  expect(readModelNotice(failed(reason), { freshness: freshness(10, start - 5), at: start }, live, new Map(), start)).toEqual({
    since: start - 5,
    because,
  });
});
