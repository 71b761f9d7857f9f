import { type Act, ask, asksForPlan, bash, commit, edit, read, runTests, type Scene, type Story, words, write } from "./story.ts";

const QUESTION = "Which separator should the file use?";
const NOTHING_YET = "no export yet";

const PLAN = `## Plan

1. \`src/csv.js\`: \`csvOf(todos)\`, a header line and one line for each todo.
2. \`src/routes/csv.js\`: \`GET /todos.csv\` with the right content type.
3. \`test/csv.test.js\`: header, order, titles that contain special characters.

To clear up while working: which separator the readers' spreadsheets expect.
`;

const FIX_PLAN = `## Plan

1. \`src/csv.js\`: a cell that contains the separator, a quote or a line break is put in quotes, and its quotes are doubled (RFC 4180).
2. The test that showed it stays as it is.
`;

const UNQUOTED = `const cell = (value) => String(value);`;

const QUOTED = `const cell = (value) => {
  const text = String(value);
  return text.includes(SEPARATOR) || /["\\r\\n]/.test(text) ? \`"\${text.replaceAll('"', '""')}"\` : text;
};`;

const csvJs = (separator: string) => `export const SEPARATOR = ${JSON.stringify(separator)};
const COLUMNS = ["id", "title", "done", "createdAt"];

${UNQUOTED}

/** The todos as a table for spreadsheets, with a header line. */
export function csvOf(todos) {
  const rows = [COLUMNS, ...todos.map((todo) => COLUMNS.map((column) => todo[column]))];
  return rows.map((row) => row.map(cell).join(SEPARATOR) + "\\r\\n").join("");
}
`;

const ROUTES = `import { csvOf } from "../csv.js";

export const routes = ({ todos }) => [
  {
    method: "GET",
    path: /^\\/todos\\.csv$/,
    answer: () => ({ status: 200, type: "text/csv; charset=utf-8; header=present", body: csvOf(todos.list()) }),
  },
];
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, SEPARATOR } from "../src/csv.js";
import { Todos } from "../src/todos.js";
import { serve } from "../support/serve.js";

const row = (...cells) => cells.join(SEPARATOR) + "\\r\\n";

test("a header line and a line for each todo", () => {
  const todo = { id: 1, title: "milk", done: false, createdAt: "2026-01-01" };
  assert.equal(csvOf([todo]), row("id", "title", "done", "createdAt") + row("1", "milk", "false", "2026-01-01"));
});

test("a title with special characters stays one cell", () => {
  const todo = { id: 1, title: \`the "best"\${SEPARATOR} really\`, done: true, createdAt: "x" };
  assert.equal(csvOf([todo]).split("\\r\\n")[1], row("1", \`"the ""best""\${SEPARATOR} really"\`, "true", "x").trim());
});

test("over HTTP", async (t) => {
  const url = await serve(t, { todos: new Todos() });
  const response = await fetch(\`\${url}/todos.csv\`);
  assert.match(response.headers.get("content-type"), /^text\\/csv/);
});
`;

/** What was answered; the separator named last wins, as a question's text may come before its answer. */
function separatorGiven(scene: Scene): string {
  const given = scene.own
    .filter(({ step }) => step === "implement" || step === "answer")
    .flatMap(({ step, body, exchange }) => [...(step === "answer" ? [body] : []), ...exchange.results.map((result) => result.text)])
    .join("\n")
    .toLowerCase();
  return given.lastIndexOf("semicolon") > given.lastIndexOf("comma") ? ";" : ",";
}

function firstTry(scene: Scene): Act {
  return {
    steps: [
      write("src/csv.js", csvJs(separatorGiven(scene))),
      write("src/routes/csv.js", ROUTES),
      write("test/csv.test.js", TEST),
      runTests("test/server.test.js"),
      commit("Export the list as CSV"),
    ],
    say: "`GET /todos.csv` gives the list as a file; the service's own tests pass.",
  };
}

const fix: Act = {
  steps: [read("src/csv.js"), edit("src/csv.js", UNQUOTED, QUOTED), runTests(), commit("Quote cells that contain special characters")],
  say: "Titles with the separator, quotes or line breaks now stay one cell; all tests pass.",
};

/** Told by the plan or by the prompts before; an export that is there without it is this try's own, begun again after a crash. */
function testsHaveFailed({ own, body }: Scene): boolean {
  const implemented = own.findIndex(({ step }) => step === "implement");
  return (
    body.includes("RFC 4180") || own.some(({ step }, at) => step === "rework" || (step === "plan" && at > implemented && implemented >= 0))
  );
}

const look = bash(`cat src/csv.js 2>/dev/null || echo "${NOTHING_YET}"`, "See whether there is an export already");

/** A question the architect is not sure of; a first try that forgets quoting, found by its own test; then the fix. */
export const todoApp3: Story = {
  plan: (scene) => words(scene.own.some(({ step }) => step === "implement") ? FIX_PLAN : PLAN),
  implement: (scene) => {
    const seen = scene.results[0]?.text;
    if (seen !== undefined && !seen.includes(NOTHING_YET)) {
      const goOn = testsHaveFailed(scene) ? fix : firstTry(scene);
      return { ...goOn, steps: [look, ...goOn.steps] };
    }
    const question = ask(QUESTION, "Separator", [
      { label: "Comma", description: "What the format's name says" },
      { label: "Semicolon", description: "What spreadsheets in many countries expect" },
    ]);
    const act = firstTry(scene);
    return { ...act, steps: [look, question, ...act.steps] };
  },
  rework: (scene) => (asksForPlan(scene) ? words(FIX_PLAN) : fix),
  answer: firstTry,
};
