import { afterAll, beforeAll, test } from "vitest";
import { agent, task } from "./testing/examples.ts";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { expectDocument, expectVerb, hoursAgo, page, type VerbCase } from "./testing/verb-case.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
});
afterAll(() => mesh.close());

const run = {
  project: "K1",
  name: "acme/todo-app",
  key: "acme/todo-app#3",
  id: "acme/todo-app#3.1",
  issue: 3,
  run: 1,
  title: "Export the list as CSV, with a title that is rather long",
  url: "https://github.com/acme/todo-app/issues/3",
  phase: "IMPLEMENTATION",
  column: "In Progress",
  awaiting: "question",
  explain: "Waits for a person to answer.",
  branch: "mesh/3.1",
  pullRequest: null,
  cycles: { planning: 1, qa: 0, review: 0 },
  bugIssues: [],
  usd: 0.5,
  inputTokens: 12_345,
  outputTokens: 678,
  startedAt: hoursAgo(6),
  phaseSince: hoursAgo(5),
  endedAt: null,
  endedBecause: null,
  phases: [
    { phase: "PLANNING", at: hoursAgo(6) },
    { phase: "IMPLEMENTATION", at: hoursAgo(5) },
  ],
  session: { id: "K1.s3-1", conversationId: "c", agent: "my-laptop" },
  failures: [],
  questions: [],
};
const question = {
  id: "K1.q3-1-10",
  purpose: "session",
  items: [{ text: "Which separator?", options: [{ label: "Comma" }, { label: "Semicolon" }], multiple: false }],
  status: "with-human",
  askedAt: hoursAgo(4),
  guess: null,
  answer: null,
  late: [],
  appliedAt: null,
  parked: false,
  run: "acme/todo-app#3.1",
  project: "acme/todo-app",
  issue: 3,
  title: "Export",
};
const cases: readonly VerbCase[] = [
  {
    args: ["agents", "list"],
    route: "GET /agents",
    answer: page(agent),
    text: `agent      status  kind    slots  capabilities        last contact  version
my-laptop  online  remote      2  planning,           65 min ago    0.1.0
                                  implementation, qa
`,
  },
  {
    args: ["agents", "score", "planning"],
    route: "GET /agents/score/planning",
    answer: page({
      agent: "my-laptop",
      status: "online",
      score: 0.95,
      weight: 1,
      health: 1,
      success: 0.9,
      recent: 1.05,
      preferred: 1,
      results: 4,
    }),
    text: `agent      score  status  weight  health  success  recent  preferred  results
my-laptop  0.950  online       1       1     0.90    1.05          1        4
`,
  },
  {
    args: ["agents", "tokens"],
    route: "GET /agents/tokens",
    answer: page({ agent: "my-laptop", capabilities: "any", projects: ["acme/todo-app"], createdAt: hoursAgo(8) }),
    text: `agent      capabilities  projects       made
my-laptop  any           acme/todo-app  HH:MM (8 h ago)
`,
  },
  {
    args: ["agents", "bind", "my-laptop", "--capability", "qa", "--all-projects"],
    route: "PATCH /agents/my-laptop/token",
    answer: { agent: "my-laptop", capabilities: ["qa"], projects: "all", createdAt: null },
    body: { capabilities: ["qa"], projects: "all" },
    text: "The token of my-laptop now allows qa in every project.\n",
  },
  {
    args: ["agents", "revoke", "my-laptop"],
    route: "DELETE /agents/my-laptop/token",
    answer: () => ({ status: 204 }),
    text: "The token of my-laptop has ended.\n",
  },
  {
    args: ["agents", "remove", "my-laptop"],
    route: "DELETE /agents/my-laptop",
    answer: () => ({ status: 204 }),
    text: "my-laptop is forgotten, and its token has ended.\n",
  },
  {
    args: ["agents", "drain", "my-laptop"],
    route: "POST /agents/my-laptop/drain",
    answer: { id: "my-laptop", draining: true },
    body: { draining: true },
    text: "my-laptop gets no new work.\n",
  },
  {
    args: ["agents", "history", "my-laptop", "--failed", "--capability", "qa", "--since", "1700000000000"],
    route: "GET /agents/my-laptop/history",
    path: "/agents/my-laptop/history?capability=qa&ok=0&since=1700000000000",
    answer: page({
      ...{ agent: "my-laptop", task: "K1.t-1", attempt: 2, project: "K1", capability: "qa" },
      ...{ ok: false, status: "timed-out", endedAt: hoursAgo(2) },
    }),
    text: `ended            task    attempt  capability  came to
HH:MM (2 h ago)  K1.t-1        2  qa          timed-out
`,
  },
  {
    args: ["tasks", "list", "--status", "failed", "--agent", "my-laptop", "--until", "1700000000000", "--limit", "1"],
    route: "GET /tasks",
    path: "/tasks?status=failed&agent=my-laptop&until=1700000000000&limit=1",
    answer: page(task),
    text: `task      status  capability  agent      tries   submitted        took
mesh.t-1  failed  general     my-laptop  1 of 3  HH:MM (3 h ago)  60 min
`,
  },
  {
    args: ["tasks", "show", "mesh.t-1"],
    route: "GET /tasks/mesh.t-1",
    answer: {
      ...task,
      payload: { deep: { er: 1 } },
      attempts: task.attempts.map((one) => ({
        ...one,
        why: { weight: 1, success: 0.9, recent: 1, preferred: 1, results: 7, others: 0, better: 0 },
      })),
    },
    text: `task        mesh.t-1
status      failed
capability  general
priority    5
time limit  120 s an attempt, at most 3
submitted   YYYY-MM-DD HH:MM (3 h ago)
ended       YYYY-MM-DD HH:MM (2 h ago)
error       work: no luck

attempt  agent      status  score  began            took    error
      1  my-laptop  failed  0.900  HH:MM (3 h ago)  60 min  work: no luck

why this agent
  1. my-laptop: weight 1, success 0.9 over 7, the only one

payload
  {
    "deep": {
      "er": 1
    }
  }
`,
  },
  {
    args: [
      "tasks",
      "submit",
      "general",
      "--payload",
      "-",
      "--project",
      "Acme/Todo-App",
      "--agent",
      "my-laptop",
      "--priority",
      "9",
      "--timeout",
      "60",
      "--no-queue",
    ],
    input: '{"a": 1}',
    route: "POST /tasks",
    answer: { tasks: [{ id: "mesh.t-2", capability: "general", status: "pending", project: "mesh" }] },
    body: {
      capability: "general",
      payload: { a: 1 },
      project: "acme/todo-app",
      agent: "my-laptop",
      priority: 9,
      timeoutSeconds: 60,
      wait: false,
    },
    text: "mesh.t-2\n",
  },
  { args: ["tasks", "cancel", "mesh.t-1"], route: "DELETE /tasks/mesh.t-1", answer: task, text: "mesh.t-1 is cancelled.\n" },
  {
    args: ["runs", "list", "--active", "--project", "acme/todo-app"],
    route: "GET /runs",
    path: "/runs?project=acme%2Ftodo-app&active=1",
    answer: page(run),
    text: `run                phase           awaiting  title               since
acme/todo-app#3.1  IMPLEMENTATION  question  Export the list as  HH:MM (5 h ago)
                                             CSV, with a title
                                             that is rather
                                             long
`,
  },
  {
    args: ["runs", "show", "acme/todo-app#3.1"],
    route: "GET /runs/acme/todo-app/3",
    path: "/runs/acme/todo-app/3?run=1",
    answer: run,
    text: `run        acme/todo-app#3.1
title      Export the list as CSV, with a title that is rather long
issue      https://github.com/acme/todo-app/issues/3
phase      IMPLEMENTATION, awaiting question
explain    Waits for a person to answer.
in column  In Progress
started    YYYY-MM-DD HH:MM (6 h ago)
in phase   YYYY-MM-DD HH:MM (5 h ago)
branch     mesh/3.1
rework     planning 1
session    K1.s3-1 on my-laptop
cost       $0.5000, 12,345 tokens in, 678 out

phase           from             lasted
PLANNING        HH:MM (6 h ago)  60 min
IMPLEMENTATION  HH:MM (5 h ago)
`,
  },
  ...(["retry", "pause", "resume", "cancel", "advance"] as const).map((command) => ({
    args: ["runs", command, "acme/todo-app#3", "--reason", "as I said"],
    route: `POST /runs/acme/todo-app/3/${command}`,
    answer: { status: "accepted", run },
    body: { reason: "as I said" },
    text: `${command}: taken.\nIMPLEMENTATION: Waits for a person to answer.\n`,
  })),
  {
    args: ["explain", "acme/todo-app#3"],
    route: "GET /runs/acme/todo-app/3/explain",
    answer: {
      key: "acme/todo-app#3",
      run: "acme/todo-app#3.1",
      phase: "IMPLEMENTATION",
      awaiting: "question",
      explain: "Waits for a person to answer: \u001b]0;title\u0007which separator?",
      since: hoursAgo(5),
    },
    text: "Waits for a person to answer: which separator?\nIMPLEMENTATION, awaiting question, since YYYY-MM-DD HH:MM (5 h ago)\n",
  },
  {
    args: ["questions", "list"],
    route: "GET /questions",
    path: "/questions?open=1",
    answer: page(question),
    text: `question    issue            asks              asked            with
K1.q3-1-10  acme/todo-app#3  Which separator?  HH:MM (4 h ago)  human
`,
  },
  {
    args: ["questions", "answer", "K1.q3-1-10", "Comma"],
    route: "POST /questions/K1.q3-1-10/answer",
    answer: { status: "accepted" },
    body: { answers: ["Comma"] },
    text: "accepted: the answer is on the way to the agent.\n",
  },
  {
    args: ["questions", "answer", "K1.q3-1-10", "-"],
    input: "Tab,\nof course\n",
    route: "POST /questions/K1.q3-1-10/answer",
    answer: { status: "already-answered", answered: "Comma" },
    body: { answers: ["Tab,\nof course"] },
    text: "It was answered before: Comma. Yours is kept as late.\n",
  },
];

test.each(cases.map((one) => [one.args.join(" "), one] as const))("mesh %s", (_, one) => expectVerb(mesh, one));

test("with --json the mesh's answer comes as it is, as one document", async () => {
  // One of each group: they share how a document is printed.
  const groups = new Map(cases.filter(({ answer }) => typeof answer !== "function").map((one) => [one.args[0], one]));
  for (const one of groups.values()) await expectDocument(mesh, one);
});
