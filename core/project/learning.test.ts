import { expect, test } from "vitest";
import type { AgentId, QuestionId, TaskId } from "../ids.ts";
import type { SeenPart } from "../inputs.ts";
import type { ModelRequest } from "../outbound/model-requests.ts";
import { candidateOf, Driver } from "./project-fixture.ts";
import type { ProjectChange } from "./lookup.ts";

const architect = candidateOf("built-in.architect", { kind: "built-in", offers: ["tech-consultation", "answer-question", "learn"] });
const laptop = candidateOf("laptop", { offers: ["implementation"] });
const seen: readonly SeenPart[] = [{ part: "issue", sha256: "ab".repeat(32), characters: 12 }];

function submittedIn(change: ProjectChange, capability: string) {
  const found = change.tasks.find((each) => each.capability === capability);
  if (!found) throw new Error(`no ${capability} among ${change.tasks.map((each) => each.capability).join()}`);
  return found;
}

/** A project whose run has a session that has asked. */
function asked() {
  const drive = new Driver();
  drive.configure();
  const consultation = submittedIn(drive.card(12, { labels: ["simple"] }), "tech-consultation").id;
  drive.offer(architect);
  const guided = ended(drive, consultation, { guidance: "Mind the time zones." }, { seen, learnings: [7] });
  const session = submittedIn(guided, "implementation").id;
  drive.offer(laptop);
  const asking = {
    type: "ask" as const,
    askId: "tool-1",
    questions: [{ text: "Which colour?", options: [], multiple: false }],
    context: "",
  };
  drive.report("laptop", { type: "task-accepted", taskId: session, attempt: 1 });
  const change = drive.report("laptop", { ...asking, taskId: session, attempt: 1 });
  drive.offer(architect);
  const question = change.runs[0]?.questions[0]?.id as QuestionId;
  return { drive, guided, question, answering: submittedIn(change, "answer-question").id };
}

function messagesOf(drive: Driver, id: TaskId): ModelRequest["messages"] {
  const task = drive.project.task(id);
  if (!task) throw new Error(`no task ${id}`);
  return (task.payload as ModelRequest).messages;
}

function ended(
  drive: Driver,
  id: TaskId,
  done: unknown,
  more: { readonly seen?: readonly SeenPart[]; readonly learnings?: readonly number[]; readonly usd?: number } = {},
) {
  const agent = "built-in.architect" as AgentId;
  return drive.say({ type: "attempt-ended", task: id, attempt: 1, agent, usd: 0, outcome: { done }, ...more });
}

function answered({ drive, question }: ReturnType<typeof asked>): TaskId {
  const change = drive.say({ type: "human-answered", question, answers: ["Blue"], by: "ann", via: "dashboard" });
  drive.offer(architect);
  return submittedIn(change, "learn").id;
}

test("what the architect was shown is told before what came of it", () => {
  const it = asked();
  expect(it.drive.types(it.guided)).toEqual([
    ...["attempt-ended", "task-ended", "architect-consulted", "guidance-given"],
    ...it.drive.types(it.guided).slice(4),
  ]);
  expect(it.guided.events[2]).toMatchObject({
    issue: 12,
    run: 1,
    agent: "built-in.architect",
    data: { capability: "tech-consultation", attempt: 1, seen, learnings: [7], ok: true },
  });
  const change = ended(it.drive, it.answering, { confident: true, answers: ["Blue"], confidence: 0.9, reason: "" }, { seen });
  expect(change.events.find(({ type }) => type === "architect-consulted")?.data).toMatchObject({ question: it.question, learnings: [] });
  expect(change.tasks.some(({ capability }) => capability === "learn")).toBe(false);
});

test("a failed or repeated attempt: told once, also when the model failed", () => {
  const it = asked();
  const agent = "built-in.architect" as AgentId;
  const failing = { type: "attempt-ended", task: it.answering, attempt: 1, agent, usd: 0, seen, learnings: [] } as const;
  const outcome = { failed: { kind: "infrastructure", message: "down" } } as const;
  expect(it.drive.types(it.drive.say({ ...failing, outcome }))).toContain("architect-consulted");
  expect(it.drive.types(it.drive.say({ ...failing, outcome }))).toEqual(["input-ignored"]);
});

test("a person's answer is given to the architect, and what is general is noted; the run waits for none of it", () => {
  const it = asked();
  const learning = answered(it);
  expect(it.drive.project.task(learning)).toMatchObject({ run: "12.1", status: "dispatched" });
  const messages = messagesOf(it.drive, learning);
  expect(messages.map(({ part }) => part)).toEqual(["instruction", "issue", "questions", "answer"]);
  expect(messages[3]?.content).toContain("Blue");
  const run = it.drive.project.run(12);
  expect(run).toMatchObject({ holds: [], wait: { for: "session" } });
  const change = ended(it.drive, learning, { general: true, text: " Colours are blue. ", scope: "mesh" }, { usd: 0.5, seen });
  const noted = change.events.find(({ type }) => type === "learning-noted");
  expect(noted).toEqual({
    type: "learning-noted",
    issue: 12,
    run: 1,
    data: {
      text: "Colours are blue.",
      scope: "mesh",
      source: { question: it.question, by: "ann", via: "dashboard" },
      overruled: false,
    },
  });
  expect(change.events.find(({ type }) => type === "architect-consulted")?.data).toMatchObject({
    question: it.question,
    capability: "learn",
  });
  expect(it.drive.project.run(12)).toMatchObject({ spend: { usd: 0.5 }, wait: { for: "session" }, phase: "implementation" });
});

test("an overruled best guess is kept as such", () => {
  const it = asked();
  ended(it.drive, it.answering, { confident: false, answers: ["Red"], confidence: 0.4, reason: "taste" });
  const learning = answered(it);
  const messages = messagesOf(it.drive, learning);
  expect(messages.at(-1)?.content).toContain("Your best guess was another: Red");
  const change = ended(it.drive, learning, { general: true, text: "Colours are blue.", scope: "repository" });
  expect(change.events.find(({ type }) => type === "learning-noted")?.data).toMatchObject({ overruled: true, scope: "repository" });
});

test("what is learned after the run's end still reaches the journal, and moves nothing", () => {
  const it = asked();
  const learning = answered(it);
  it.drive.say({ type: "operator-commanded", issue: 12, command: "cancel", by: "op", reason: "" });
  const before = it.drive.project.run(12);
  expect(before?.phase).toBe("cancelled");
  const change = ended(it.drive, learning, { general: true, text: "Colours are blue.", scope: "mesh" }, { usd: 0.25, seen });
  expect(it.drive.types(change)).toEqual([
    "attempt-ended",
    "task-ended",
    "architect-consulted",
    "usage-counted",
    "learning-noted",
    "run-changed",
  ]);
  expect(change.outboxAdd).toEqual([]);
  expect(it.drive.project.run(12)).toMatchObject({ phase: "cancelled", counter: before?.counter, spend: { usd: 0.25 } });
  expect(it.drive.types(ended(it.drive, learning, { general: true, text: "Again.", scope: "mesh" }))).toEqual(["input-ignored"]);
});

test.each([
  ["not general", { general: false, text: "", scope: "mesh" }],
  ["general without a text", { general: true, text: "  ", scope: "mesh" }],
  ["too long", { general: true, text: "x".repeat(501), scope: "mesh" }],
  ["gibberish", "blue"],
])("%s → nothing is noted", (_, done) => {
  const it = asked();
  const change = ended(it.drive, answered(it), done);
  expect(it.drive.types(change)).toEqual(["attempt-ended", "task-ended"]);
});

test("a learning that fails is tried again and then comes to nothing", () => {
  const it = asked();
  const learning = answered(it);
  const agent = "built-in.architect" as AgentId;
  for (const attempt of [1, 2, 3]) {
    const outcome = { failed: { kind: "infrastructure" as const, message: "down" } };
    const change = it.drive.say({ type: "attempt-ended", task: learning, attempt, agent, usd: 0, outcome });
    expect(change.outboxAdd).toEqual([]);
    it.drive.say({ type: "time-passed" }, 60_000);
    it.drive.offer(architect);
  }
  expect(it.drive.project.task(learning)?.status).toBe("failed");
  expect(it.drive.project.run(12)).toMatchObject({ holds: [], phase: "implementation" });
});
