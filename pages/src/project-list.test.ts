import { expect, test } from "vitest";
import type { ProjectKey } from "../../core/ids.ts";
import type { ProjectView } from "../../core/project/views.ts";
import { questionOf, runOf, start, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { hear, inOrder, newest, renderUsd } from "./project-list.ts";

const unseen = "R_new" as ProjectKey;
const other = "R_other" as ProjectKey;
function project(more: Partial<ProjectView> = {}): ProjectView {
  const none = { repositoryUrl: null, board: null, tasks: { pending: 0, dispatched: 0, running: 0 }, outbox: 0, filtered: [] };
  return { key: todo, name: todoName, runs: [runOf()], seq: 5, ...none, ...more };
}
const shown = [project({ key: other, seq: 2, runs: [] }), project()];

test("a newer view replaces the run, a new run comes first, the other project stays as it is", () => {
  const changed = runOf({ phase: "QA" });
  const heard = hear(shown, { type: "run-changed", seq: 6, run: changed });
  expect(heard).toEqual({ projects: [shown[0], project({ seq: 6, runs: [changed] })], refetch: null });
  const second = runOf({ issue: 2 });
  expect(hear(shown, { type: "run-changed", seq: 6, run: second }).projects[1]?.runs).toEqual([second, runOf()]);
});

test("an older view changes nothing", () => {
  expect(hear(shown, { type: "run-changed", seq: 5, run: runOf({ phase: "QA" }) })).toEqual({ projects: shown, refetch: null });
});

test("missing numbers are shown and fetched", () => {
  const heard = hear(shown, { type: "run-changed", seq: 8, run: runOf({ phase: "QA" }) });
  expect([heard.projects[1]?.runs[0]?.phase, heard.refetch]).toEqual(["QA", todo]);
});

test.each([
  [{ type: "project-changed", project: todo, seq: 6 }, todo],
  [{ type: "project-changed", project: todo, seq: 5 }, null],
  [{ type: "tasks-changed", project: unseen, seq: 1 }, unseen],
  [{ type: "run-changed", seq: 1, run: runOf({ project: unseen }) }, unseen],
  [{ type: "agents-changed" }, null],
] as const)("refetch after %o: %s", (message, refetch) => {
  expect(hear(shown, message)).toEqual({ projects: shown, refetch });
});

test("a late answer does not undo what the socket said, project by project", () => {
  const fetched = [project({ key: other, seq: 3, runs: [runOf()] }), project({ seq: 4, runs: [] })];
  expect(newest(shown, fetched)).toEqual([fetched[0], shown[1]]);
});

test("who needs a person comes first, ended ones last, each by time", () => {
  const asks = runOf({ issue: 1, questions: [questionOf()] });
  const works = [runOf({ issue: 2 }), runOf({ issue: 3 })];
  const ended = [runOf({ issue: 4, endedAt: start + 9_000 }), runOf({ issue: 5, endedAt: start + 8_000 })];
  const order = inOrder([...ended.toReversed(), ...works, asks]);
  expect(order.map(({ issue }) => issue)).toEqual([1, 3, 2, 4, 5]);
});

test.each([
  [0, "$0.00"],
  [0.0123, "$0.012"],
  [1.239, "$1.24"],
])("%d US dollars are %s", (usd, text) => {
  expect(renderUsd(usd)).toBe(text);
});
