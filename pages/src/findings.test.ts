import { expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { runOf, start } from "../../drizzle/journal.fixture.ts";
import { findingsOf, issueAsked, matching } from "./findings.ts";

const projects = [
  {
    name: "acme/todo-app",
    runs: [
      runOf({ issue: 7, title: "List the tasks", phase: "ACCEPTED", endedAt: start }),
      runOf({ issue: 12, title: "Sort the list", phase: "REVIEW" }),
    ],
  },
  { name: null, runs: [] },
] as unknown as ProjectView[];
const all = findingsOf(projects, [{ id: "my-laptop", status: "online" }] as never);
const titles = (typed: string) => matching(all, typed).map(({ title }) => title);

test("nothing typed: what is under way comes first, and all is there but for the many", () => {
  expect(titles("")[0]).toBe("Sort the list");
  expect(matching(all, "")).toHaveLength(12);
});

test.each([
  ["list", ["List the tasks", "Sort the list"]],
  ["tasks", ["Tasks", "List the tasks"]],
  ["the sort", ["Sort the list"]],
  ["ACME/TODO-app#12", ["Sort the list"]],
  ["todo settings", ["Settings of acme/todo-app"]],
  ["laptop", ["my-laptop"]],
  ["review", ["Sort the list"]],
  ["nothing like it", []],
])("%s finds %j", (typed, found) => {
  expect(titles(typed)).toEqual(found);
});

test.each([
  ["acme/todo-app#12", { project: "acme/todo-app", issue: 12 }],
  [" Acme/Todo-App#12 ", { project: "acme/todo-app", issue: 12 }],
  ["#12", { project: "acme/todo-app", issue: 12 }],
  ["acme/other#12", undefined],
  ["#0", undefined],
  ["#12 and more", undefined],
  ["list", undefined],
])("the issue asked for by %s", (typed, asked) => {
  expect(issueAsked(typed, projects)).toEqual(asked);
});

test("#12 could be of either project where there are two", () => {
  expect(issueAsked("#12", [{ name: "acme/one" }, { name: "acme/two" }] as never)).toBeUndefined();
});
