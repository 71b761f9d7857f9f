import { expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { start, todo } from "../../drizzle/journal.fixture.ts";
import { readModelNotice } from "./read-model-notice.ts";

const live = [{ key: todo, seq: 10 }] as unknown as ProjectView[];
const freshness = (seq: number, updatedAt: number) => ({
  asOf: updatedAt,
  projects: [{ project: todo, seq, updatedAt }],
  refusals: { count: 0 },
});
const failed = (reason: string) => ({ ok: false, error: { status: 503, reason, detail: "" } }) as const;

test("nothing to say while it follows, or is behind for a moment only", () => {
  expect(readModelNotice({ ok: true, value: freshness(10, start) }, undefined, live, start + 999_999)).toBeUndefined();
  expect(readModelNotice({ ok: true, value: freshness(9, start) }, undefined, live, start + 60_000)).toBeUndefined();
});

test("behind for more than a minute: since when, and how many", () => {
  expect(readModelNotice({ ok: true, value: freshness(7, start) }, undefined, live, start + 60_001)).toEqual({
    since: start,
    because: "3 events are not in it yet",
  });
});

test("a project it has never seen counts from the beginning", () => {
  const value = { asOf: null, projects: [], refusals: { count: 0 } };
  expect(readModelNotice({ ok: true, value }, undefined, live, start)).toEqual({ since: null, because: "10 events are not in it yet" });
});

test.each([
  ["read-model-unreachable", "database unreachable"],
  ["read-model-not-migrated", "database not migrated (mesh db migrate)"],
  ["offline", "no connection"],
  ["internal", "no answer"],
])("%s is said as %s", (reason, because) => {
  expect(readModelNotice(failed(reason), undefined, live, start)).toEqual({ since: null, because });
  expect(readModelNotice(failed(reason), { freshness: freshness(10, start - 5), at: start }, live, start)).toEqual({
    since: start - 5,
    because,
  });
});
