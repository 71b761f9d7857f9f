import { expect, test } from "vitest";
import type { AgentId, QuestionId } from "../../core/ids.ts";
import type { QuestionView } from "../../core/project/views.ts";
import { questionOf, runOf, start, todoName } from "../../drizzle/journal.fixture.ts";
import { byUrgency, liveQuestions, pastQuestions, renderBy, waitsMeanwhile, type LiveQuestion } from "./question-list.ts";

const asked = (id: number, more: Partial<QuestionView> = {}): LiveQuestion => ({
  question: questionOf({ id: `R_todo.q1-1-${id}` as QuestionId, askedAt: start + id, ...more }),
  run: runOf(),
});
const past = (id: number, more: Partial<QuestionView> = {}) => ({
  ...asked(id, { status: "answered", ...more }).question,
  run: `${todoName}#1.1`,
  project: todoName,
  issue: 1,
  title: "Fix the list",
  url: "u",
});
const places = (questions: readonly { readonly id: string }[]) => questions.map(({ id }) => Number(id.slice(-1)));

test("who waits longest for a person comes first, those with the architect last", () => {
  const order = byUrgency([asked(3), asked(1, { status: "with-architect" }), asked(2)]);
  expect(places(order.map(({ question }) => question))).toEqual([2, 3, 1]);
});

test("the questions of all runs of all projects", () => {
  const one = asked(1).question;
  const project = { runs: [runOf(), runOf({ questions: [one] })] } as unknown as Parameters<typeof liveQuestions>[0][0];
  expect(liveQuestions([project, { ...project, runs: [] }])).toEqual([{ question: one, run: project.runs[1] }]);
});

test("what is live overtakes the history, and is added to it", () => {
  const applied = asked(1, { status: "answered", appliedAt: start + 9 });
  const shown = pastQuestions([applied, asked(2), asked(3, { status: "withdrawn" })], [past(1), past(0)], false);
  expect(places(shown)).toEqual([3, 1, 0]);
  expect(shown[1]?.appliedAt).toBe(start + 9);
});

test("while more is to be loaded, live ones older than that wait for their page", () => {
  const live = [asked(1, { status: "answered" }), asked(6, { status: "answered" })];
  expect(places(pastQuestions(live, [past(5), past(4)], true))).toEqual([6, 5, 4]);
  expect(places(pastQuestions(live, [past(5), past(4)], false))).toEqual([6, 5, 4, 1]);
});

test("a question the history has as answered and that is open again is not past", () => {
  expect(pastQuestions([asked(1)], [past(1)], false)).toEqual([]);
});

test.each([
  [{ parked: true }, "the session is parked, its slot is free"],
  [{}, "the session holds its slot on runner.one"],
  [{ purpose: "budget" }, "the run is held"],
] as const)("%o: %s", (more, words) => {
  expect(waitsMeanwhile(asked(1, more))).toBe(words);
});

test("a session without a runner yet", () => {
  const run = runOf({ session: { id: "s", conversationId: "c", agent: null as AgentId | null } });
  expect(waitsMeanwhile({ ...asked(1), run })).toBe("the session holds its slot");
});

test.each([
  [{ by: "phone", via: "notification" }, "phone in the notification"],
  [{ by: "architect", via: "architect" }, "the architect"],
  [{ by: "operator", via: "something-new" }, "operator"],
])("%o: %s", (answer, words) => {
  expect(renderBy(answer)).toBe(words);
});
