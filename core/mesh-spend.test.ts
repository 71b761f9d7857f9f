import { expect, test } from "vitest";
import type { ProjectKey } from "./ids.ts";
import { dayBudget, reachedAt, sumOf, withReport } from "./mesh-spend.ts";
import type { MeshSpend, SpendReport } from "./mesh-spend.ts";
import { dayMs } from "./time.ts";

const report = (project: string, usd: number, day = 5, life = 0): SpendReport => ({ project: project as ProjectKey, usd, day, life });
const summed = (reports: readonly SpendReport[], capUsd: number | null = null) =>
  reports.reduce<MeshSpend | null>((spend, one) => withReport(spend, one, capUsd), null);

test.each<[string, readonly SpendReport[], number, number]>([
  ["two projects add up", [report("a", 1), report("b", 2)], 5, 3],
  ["a repeat counts once", [report("a", 1), report("b", 2), report("a", 1), report("b", 2)], 5, 3],
  ["a later report has the earlier one in it", [report("a", 1), report("a", 1.5)], 5, 1.5],
  ["an older one that comes late says nothing new", [report("a", 1.5), report("a", 1)], 5, 1.5],
  ["a new day begins with nothing", [report("a", 4), report("b", 1, 6)], 6, 1],
  ["yesterday's comes too late", [report("b", 1, 6), report("a", 4)], 6, 1],
  ["another life of a project counts from nothing", [report("a", 4), report("a", 1, 5, 7)], 5, 5],
  ["cents do not get lost", Array.from({ length: 10 }, (_, n) => report(`p${n}`, 0.1)), 5, 1],
])("%s", (_, reports, day, usd) => {
  const spend = summed(reports);
  expect(spend && { day: spend.day, usd: sumOf(spend) }).toEqual({ day, usd });
});

test("whose report reaches the cap tells people, once for each cap", () => {
  const reached = summed([report("a", 1), report("b", 1), report("a", 3)], 2);
  expect(reached?.reached).toEqual({ capUsd: 2, by: "b" });
  const raised = withReport(reached, report("a", 3.5), 10);
  expect([raised.reached?.capUsd, reachedAt(raised, 5 * dayMs, 10)]).toEqual([2, null]);
  expect(withReport(raised, report("a", 9), 10).reached).toEqual({ capUsd: 10, by: "a" });
});

test.each([
  [4.99, 5 * dayMs, 5, null],
  [5, 5 * dayMs, 5, { day: 5, usd: 5 }],
  [5, 6 * dayMs - 1, 5, { day: 5, usd: 5 }],
  [5, 6 * dayMs, 5, null],
  [5, 5 * dayMs, null, null],
  [0, 5 * dayMs, 0, { day: 5, usd: 0 }],
])("$%d at %d under a cap of %s is reached: %j", (usd, at, capUsd, said) => {
  expect(reachedAt({ day: 5, usdOf: { "a#0": usd } }, at, capUsd)).toEqual(said);
});

test("people see what was spent today; nothing without a cap", () => {
  const spend = summed([report("a", 1)]);
  expect(dayBudget(spend, 5 * dayMs, 2)).toEqual({ usd: 1, capUsd: 2, reached: false, until: 6 * dayMs });
  expect(dayBudget(spend, 6 * dayMs, 2)).toEqual({ usd: 0, capUsd: 2, reached: false, until: 7 * dayMs });
  expect(dayBudget(spend, 5 * dayMs, null)).toBeNull();
});
