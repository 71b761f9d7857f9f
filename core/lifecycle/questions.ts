import { parseVerdict } from "../inbound/model-verdicts.ts";
import { renderArchitectRequest } from "../outbound/model-requests.ts";
import type { ReportBody } from "../protocol/frames.ts";
import type { AgentId, QuestionId, TaskId } from "../ids.ts";
import type { Moment } from "../time.ts";
import { isOpen } from "./is-active.ts";
import type { Answer, DecisionOutcome, Question } from "./state.ts";
import type { Step } from "./step.ts";
import { replaceQuestion, toHuman } from "./ask-people.ts";
import { askOnPhones, settleNotices } from "./people-notices.ts";
import { reminderDue, windQuestionTimers } from "./reminders.ts";
import { learnFrom } from "./learning.ts";
import { tell } from "./live-step.ts";
import { askedBy, markApplied, sessionActive, tryStart, wantStep } from "./session-steps.ts";

export function questionOf(step: Step, id: QuestionId): Question | undefined {
  return step.run.questions.find((question) => question.id === id);
}

/** The session asks. The same asking after a restart is the same question, and an answer already given is given again. */
export function sessionAsked(
  step: Step,
  body: Extract<ReportBody, { type: "ask" }>,
  asker: { agent: AgentId; attempt: number; task: TaskId },
): void {
  const text = body.questions.map((item) => item.text).join("\n");
  const known = step.run.questions.find(
    (question) =>
      question.purpose === "session" &&
      question.status !== "withdrawn" &&
      (question.asker?.askId === body.askId ||
        (question.appliedAt === undefined && question.items.map((item) => item.text).join("\n") === text)),
  );
  if (known) {
    const renewed: Question = { ...known, asker: { ...asker, askId: body.askId } };
    replaceQuestion(step, renewed);
    if (renewed.answer) tell(step, { type: "answer", questionId: renewed.id, askId: body.askId, answers: [...renewed.answer.answers] });
    return;
  }
  const id = step.questionId();
  const task = step.submit("answer-question", renderArchitectRequest(step.run, body, step.context), {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: step.policy.tasks.maxAttempts,
  });
  const question: Question = {
    id,
    purpose: "session",
    items: body.questions,
    context: body.context,
    askedAt: step.at,
    status: "with-architect",
    task,
    asker: { ...asker, askId: body.askId },
    late: [],
  };
  step.set({ questions: [...step.run.questions, question], holds: [...step.run.holds, { kind: "question", question: id }] });
  step.timer("stall", null);
  step.timer("hold-for", step.at + step.policy.questions.holdForMs);
  step.event("question-asked", { question: id, purpose: "session", items: body.questions, context: body.context });
}

/** The architect has answered, or is not sure, or is not there: then a person is asked. */
export function architectDone(step: Step, question: Question, outcome: { readonly done: unknown } | { readonly failed: unknown }): void {
  const verdict = "done" in outcome ? parseVerdict("architect_answer", outcome.done) : null;
  if (!verdict?.ok) return toHuman(step, question);
  const { confident, confidence, reason } = verdict.value;
  const answers = verdict.value.answers.slice(0, question.items.length);
  const complete = answers.length === question.items.length && answers.every((answer) => answer.trim() !== "");
  if (confident && complete && confidence >= step.policy.questions.answerAt) {
    giveAnswer(step, question, { answers, by: "architect", via: "architect", at: step.at, confidence });
    return;
  }
  toHuman(step, complete ? { ...question, guess: { answers, confidence, reason } } : question);
}

/** What an answer to a question of the mesh means; null when it is none of the choices. Free text rejects a plan with that reason. */
export function outcomeOf(question: Question, answers: readonly string[]): DecisionOutcome | null {
  const said = (answers[0] ?? "").trim();
  const options = question.items[0]?.options ?? [];
  const index = options.findIndex((option) => option.label.toLowerCase() === said.toLowerCase());
  if (index >= 0) return question.outcomes?.[index] ?? null;
  return question.purpose === "plan-approval" && said !== "" ? "reject" : null;
}

/** Records the answer, takes the hold away and, for a session's question, gives it to the same conversation. */
export function giveAnswer(step: Step, question: Question, answer: Answer): void {
  const overruled =
    question.guess !== undefined && answer.via !== "architect" && question.guess.answers.join("\n") !== answer.answers.join("\n");
  const answered: Question = { ...question, status: "answered", answer: overruled ? { ...answer, overruled } : answer };
  replaceQuestion(step, answered);
  step.set({ holds: step.run.holds.filter((hold) => !("question" in hold) || hold.question !== question.id) });
  if (question.status === "with-architect" && question.task && answer.via !== "architect")
    step.cancelTask(question.task, "answered by a person");
  settleNotices(step, answered);
  windQuestionTimers(step);
  step.event("question-answered", {
    question: question.id,
    answers: answer.answers,
    by: answer.by,
    via: answer.via,
    confidence: answer.confidence ?? null,
    overruled,
  });
  if (question.purpose !== "session") return;
  handBack(step, question, answer);
  learnFrom(step, questionOf(step, question.id) ?? answered, answered.answer ?? answer);
}

/** Gives the answer to the conversation that asked: to the live step, or by beginning one. */
function handBack(step: Step, question: Question, answer: Answer): void {
  const { session } = step.run;
  if (session.task !== null && question.asker?.task === session.task) {
    tell(step, { type: "answer", questionId: question.id, askId: question.asker.askId, answers: [...answer.answers] });
    sessionActive(step);
    return;
  }
  if (step.run.wait.for === "start") tryStart(step);
  else if (question.parkedAt !== undefined && session.task === null) wantStep(step, "answer", { type: "answer", question: question.id });
}

/** The live session has confirmed that it goes on with the answer. */
export function answerApplied(step: Step, id: QuestionId): void {
  markApplied(step, (question) => question.id === id && question.appliedAt === undefined);
  sessionActive(step);
}

/** The process has ended while its question waits; the slot is free, worktree and conversation are kept. */
export function sessionParked(step: Step, id: QuestionId): void {
  const question = questionOf(step, id);
  step.wait({ for: "nothing" });
  if (!question) return wantStep(step, "answer", { type: "resume", because: "parked for an unknown question" });
  replaceQuestion(step, { ...question, parkedAt: step.at });
  step.event("question-parked", { question: id });
  if (!isOpen(question))
    wantStep(
      step,
      "answer",
      question.answer ? { type: "answer", question: id } : { type: "resume", because: "the question was withdrawn" },
    );
}

/** The slot has been held long enough: the session is told to park. */
export function holdForOver(step: Step): void {
  step.timer("hold-for", null);
  const question = askedBy(step.run, step.run.session.task);
  if (question && step.run.session.task !== null) tell(step, { type: "park", questionId: question.id });
}

/** The same notification once more, for every question whose time it is. */
export function remind(step: Step): void {
  for (const question of step.run.questions) {
    if (question.status !== "with-human" || reminderDue(step, question) > step.at) continue;
    replaceQuestion(step, { ...question, remindedAt: step.at });
    // One that is still being tried says it all when it arrives.
    if (question.noticeDelayed?.triedAgain !== true) askOnPhones(step, question, true);
  }
  windQuestionTimers(step);
}

/** Nobody has answered for `onSilenceAfter`. Only a session's question may be answered by silence, and it says so everywhere. */
export function silenceOver(step: Step, fail: (reason: string) => void): void {
  step.timer("silence", null);
  const due = (question: Question, at: Moment) =>
    question.purpose === "session" &&
    question.status === "with-human" &&
    (question.humanSince ?? at) + step.policy.questions.onSilenceAfterMs <= at;
  const waiting = step.run.questions.filter((question) => due(question, step.at));
  windQuestionTimers(step);
  if (waiting.length === 0) return;
  if (step.policy.questions.onSilence === "fail") return fail("nobody answered the session's question in time");
  if (step.policy.questions.onSilence !== "best-guess") return;
  for (const question of waiting)
    if (question.guess)
      giveAnswer(step, question, {
        answers: question.guess.answers,
        by: "best guess of the architect, after silence",
        via: "silence",
        at: step.at,
        confidence: question.guess.confidence,
      });
}
