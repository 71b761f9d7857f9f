import { expect, test } from "vitest";
import { addressWith, parsePlace, parseQuery, placeKey } from "./place.ts";

test.each([
  ["", "/", { page: "overview" }],
  ["#/", "/", { page: "overview" }],
  ["#/nowhere", "/", { page: "overview" }],
  ["#/history", "/", { page: "history" }],
  ["#/questions", "/", { page: "questions" }],
  ["#/questions/", "/", { page: "questions" }],
  ["#/questions/R_kg%3D.q1-1-2", "/", { page: "question", id: "R_kg=.q1-1-2" }],
  ["#/questions/%E0%A4%A", "/", { page: "question", id: "%E0%A4%A" }],
  ["#/onboarding", "/", { page: "onboardings" }],
  ["#/onboarding/o0mw", "/", { page: "onboarding", id: "o0mw" }],
  ["", "/onboarding/o0mw/", { page: "onboarding", id: "o0mw" }],
  ["#/sessions", "/", { page: "sessions" }],
  ["", "/sessions/R_kg.s4-1", { page: "session", id: "R_kg.s4-1" }],
  ["#/agents/", "/", { page: "agents" }],
  ["#/agents/my-laptop", "/", { page: "agent", id: "my-laptop" }],
  ["#/tasks", "/", { page: "tasks" }],
  ["#/tasks/R_kg%3D.a1-1", "/", { page: "task", id: "R_kg=.a1-1" }],
  ["#/tasks?status=running", "/", { page: "tasks" }],
  ["#/tasks/?status=running", "/", { page: "tasks" }],
  ["#/settings", "/", { page: "settings" }],
  ["#/projects", "/", { page: "projects" }],
  ["#/projects/acme", "/", { page: "projects" }],
  ["#/projects/acme/..", "/", { page: "projects" }],
  ["#/projects/acme/x%2F..%2F..%2Fagents", "/", { page: "projects" }],
  ["#/projects/acme/todo-app", "/", { page: "project", name: "acme/todo-app" }],
  ["#/projects/acme/todo-app/", "/", { page: "project", name: "acme/todo-app" }],
  ["#/projects/acme/todo-app/settings", "/", { page: "project-settings", name: "acme/todo-app" }],
  ["#/projects/acme/todo-app/nothing", "/", { page: "project", name: "acme/todo-app" }],
  ["#/runs/acme/todo-app/12", "/", { page: "run", name: "acme/todo-app", issue: 12, run: null }],
  ["", "/runs/acme/todo-app/12/2/", { page: "run", name: "acme/todo-app", issue: 12, run: 2 }],
  ["#/runs/acme/todo-app", "/", { page: "overview" }],
  ["#/runs/acme/../12", "/", { page: "overview" }],
  ["#/runs/acme/todo-app/0", "/", { page: "overview" }],
  ["#/runs/acme/todo-app/12/x", "/", { page: "overview" }],
  ["", "/questions", { page: "questions" }],
  ["", "/questions/R_kg.q1-1-2", { page: "question", id: "R_kg.q1-1-2" }],
  ["#/history", "/questions/R_kg.q1-1-2", { page: "history" }],
])("%s%s", (hash, pathname, place) => {
  expect(parsePlace({ hash, pathname })).toEqual(place);
});

test.each([
  ["#/tasks", {}],
  ["#/tasks?status=running&agent=a%26b", { status: "running", agent: "a&b" }],
  ["", {}],
])("the query of %s", (hash, query) => {
  expect(Object.fromEntries(parseQuery({ hash }))).toEqual(query);
});

test("an address names the filters that are set", () => {
  expect([addressWith("/events", { type: "", agent: "a&b" }), addressWith("/events", { type: "" })]).toEqual([
    "#/events?agent=a%26b",
    "#/events",
  ]);
});

test("places are told apart by what they show", () => {
  const runs = ["#/runs/a/b/1", "#/runs/a/b/2", "#/runs/a/b/1/1", "#/runs/a/b/1/2"];
  const keys = ["", "#/projects", "#/projects/acme/todo-app", "#/projects/acme/todo-app/settings", "#/tasks/1", "#/agents/1", ...runs].map(
    (hash) => placeKey(parsePlace({ hash, pathname: "/" })),
  );
  expect(new Set(keys).size).toBe(keys.length);
  expect(placeKey(parsePlace({ hash: "#/tasks?status=running", pathname: "/" }))).toBe("tasks");
});
