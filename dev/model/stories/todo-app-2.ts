import { type Act, ask, commit, edit, generalRework, read, runTests, type Scene, type Story, words, write } from "./story.ts";

const QUESTION = "Do finished todos count as lying around?";
const ONLY_OPEN = "Only open ones";
const ALL = "Finished ones too";

const FIRST_PLAN = `## Plan

1. Add \`GET /todos/stale\` to the service.
2. Return the todos older than a week.
`;

const SECOND_PLAN = `## Plan

1. \`src/stale.js\`: \`staleTodos(items, {days, now})\`, a pure function, oldest first; 7 days unless told.
2. \`src/routes/stale.js\`: \`GET /todos/stale?days=n\`; a number that is not positive is answered with 400.
3. \`test/stale.test.js\`: the boundary at exactly n days, the order, the parameter, the refusal.
4. One line in the README.

Nothing stored changes. To clear up while working: whether finished todos belong in the list.
`;

const staleJs = (withDone: boolean) => `const DAY_MS = 24 * 60 * 60 * 1000;

/** The ${withDone ? "" : "open "}todos that are at least so many days old, oldest first. */
export function staleTodos(items, { days = 7, now = new Date() } = {}) {
  const limit = now.getTime() - days * DAY_MS;
  return items
    .filter((item) => ${withDone ? "" : "!item.done && "}Date.parse(item.createdAt) <= limit)
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}
`;

const ROUTES = `import { json } from "../app.js";
import { staleTodos } from "../stale.js";

export const routes = ({ todos }) => [
  {
    method: "GET",
    path: /^\\/todos\\/stale$/,
    answer: ({ url }) => {
      const days = Number(url.searchParams.get("days") ?? 7);
      if (!(days > 0)) return json(400, { error: "days must be a positive number" });
      return json(200, staleTodos(todos.list(), { days }));
    },
  },
];
`;

const testJs = (withDone: boolean) => `import assert from "node:assert/strict";
import { test } from "node:test";
import { staleTodos } from "../src/stale.js";
import { Todos } from "../src/todos.js";
import { serve } from "../support/serve.js";

const now = new Date("2026-03-10T00:00:00Z");
const items = [
  { id: 1, title: "new", done: false, createdAt: "2026-03-09T00:00:00.000Z" },
  { id: 2, title: "a week", done: false, createdAt: "2026-03-03T00:00:00.000Z" },
  { id: 3, title: "older", done: false, createdAt: "2026-02-01T00:00:00.000Z" },
  { id: 4, title: "finished", done: true, createdAt: "2026-01-01T00:00:00.000Z" },
];

test("a week old counts, oldest first, finished ones ${withDone ? "too" : "not"}", () => {
  assert.deepEqual(staleTodos(items, { now }).map((item) => item.id), ${withDone ? "[4, 3, 2]" : "[3, 2]"});
});

test("the number of days can be changed", () => {
  assert.deepEqual(staleTodos(items, { now, days: 1 }).map((item) => item.id), ${withDone ? "[4, 3, 2, 1]" : "[3, 2, 1]"});
});

test("over HTTP, and a number that is none is refused", async (t) => {
  const url = await serve(t, { todos: new Todos() });
  assert.deepEqual(await (await fetch(\`\${url}/todos/stale\`)).json(), []);
  assert.equal((await fetch(\`\${url}/todos/stale?days=0\`)).status, 400);
});
`;

/** What was answered: the choice named last wins, as a question's text may come before its answer. */
function countsDone(scene: Scene): boolean {
  const given = scene.own
    .filter(({ step }) => step === "implement" || step === "answer")
    .flatMap(({ step, body, exchange }) => [...(step === "answer" ? [body] : []), ...exchange.results.map((result) => result.text)])
    .join("\n");
  return given.lastIndexOf(ALL) > given.lastIndexOf(ONLY_OPEN);
}

function work(scene: Scene): Act {
  const withDone = countsDone(scene);
  return {
    steps: [
      write("src/stale.js", staleJs(withDone)),
      write("src/routes/stale.js", ROUTES),
      write("test/stale.test.js", testJs(withDone)),
      read("README.md"),
      edit("README.md", "- `GET /healthz` says", "- `GET /todos/stale?days=7` lists what has been lying around\n- `GET /healthz` says"),
      runTests(),
      commit("List the todos that have been lying around"),
    ],
    say: `\`GET /todos/stale\` lists ${withDone ? "all" : "the open"} todos older than a week, oldest first.`,
  };
}

/** A plan that is rejected once, then a question that the architect can answer. */
export const todoApp2: Story = {
  plan: (scene) => ({
    steps: [read("src/todos.js")],
    say: scene.own.filter(({ step }) => step === "plan" || step === "rework").length > 1 ? SECOND_PLAN : FIRST_PLAN,
  }),
  implement: (scene) => ({
    ...work(scene),
    steps: [
      ask(QUESTION, "Finished", [
        { label: ONLY_OPEN, description: "The list is for things still to do" },
        { label: ALL, description: "Everything old is listed, done or not" },
      ]),
      ...work(scene).steps,
    ],
  }),
  rework: (scene) => (scene.own.some(({ step }) => step === "implement") ? generalRework(scene) : words(SECOND_PLAN)),
  answer: work,
};
