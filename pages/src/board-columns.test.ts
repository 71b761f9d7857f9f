import { expect, test } from "vitest";
import { questionOf, runOf } from "../../drizzle/journal.fixture.ts";
import { boardColumns, endedRows } from "./board-columns.ts";

const every = { phase: "", title: "" };
const ended = (issue: number, startedAt: number) => runOf({ issue, phase: "ACCEPTED", startedAt, endedAt: startedAt + 5 });
const issues = (rows: readonly { readonly issue: number }[]) => rows.map(({ issue }) => issue);

test("each active run stands in its phase: who asks first, then who is there the longest; the last column has the latest that ended", () => {
  const runs = [
    runOf({ issue: 1, phase: "QA", phaseSince: 20 }),
    runOf({ issue: 2, phase: "QA", phaseSince: 10 }),
    runOf({ issue: 3, phase: "QA", phaseSince: 30, questions: [questionOf()] }),
    runOf({ issue: 4, phase: "INTAKE" }),
    ...[5, 6, 7, 8, 9, 10].map((issue) => ended(issue, issue)),
  ];
  expect(boardColumns({ runs }).map(({ phase, runs: there }) => [phase, issues(there)])).toEqual([
    ["INTAKE", [4]],
    ["PLANNING", []],
    ["IMPLEMENTATION", []],
    ["QA", [3, 2, 1]],
    ["REVIEW", []],
    ["ENDED", [10, 9, 8, 7, 6]],
  ]);
});

test("what is live overtakes what was told and is added in its place, but not before its page has come", () => {
  const told = { items: [ended(9, 90), ended(7, 70), ended(5, 50)], cursor: "more" };
  const fresh = { ...ended(7, 70), title: "Renamed" };
  const rows = endedRows(told, [ended(8, 80), fresh, ended(1, 10), runOf({ issue: 2, startedAt: 85 })], every);
  expect(issues(rows)).toEqual([9, 8, 7, 5]);
  expect(rows[2]?.title).toBe("Renamed");
  expect(issues(endedRows({ ...told, cursor: null }, [ended(1, 10)], every))).toEqual([9, 7, 5, 1]);
});

test("live ones are filtered as those told are", () => {
  const told = { items: [], cursor: null };
  const live = [ended(1, 1), runOf({ issue: 2, title: "Sort IT", phase: "FAILED", startedAt: 2, endedAt: 3 })];
  expect(issues(endedRows(told, live, { phase: "FAILED", title: "" }))).toEqual([2]);
  expect(issues(endedRows(told, live, { phase: "", title: " sort it " }))).toEqual([2]);
  expect(issues(endedRows(told, live, { phase: "ACCEPTED", title: "sort" }))).toEqual([]);
});
