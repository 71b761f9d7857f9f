import { renderAsking, renderOutcome, renderQuestionComment } from "../outbound/notices.ts";
import { cut } from "../outbound/parts.ts";
import type { Question } from "./state.ts";
import type { Step } from "./step.ts";

/** GitHub takes 65,536 characters a comment. */
const mostCharacters = 60_000;

/** Asks on people's phones; again for a reminder. */
export function askOnPhones(step: Step, question: Question, again = false): void {
  step.effect("people", {
    kind: "ask-human",
    question: question.id,
    purpose: question.purpose,
    title: `${again ? "Still waiting: " : ""}${titleOf(step)}`,
    ...renderAsking(question),
    until: step.at + step.policy.questions.linkForMs,
  });
}

/** Says on phones and on the issue what became of a question that people were asked. */
export function settleNotices(step: Step, question: Question): void {
  if (question.humanSince === undefined) return;
  settleOnPhones(step, question, question.answer === undefined ? "withdrawn" : "answered");
  questionComment(step, question);
}

/** Says on phones that the session has gone on with their answer. */
export function appliedNotice(step: Step, question: Question): void {
  if (question.humanSince !== undefined) settleOnPhones(step, question, "applied");
}

function settleOnPhones(step: Step, question: Question, state: "answered" | "applied" | "withdrawn"): void {
  step.effect("people", {
    kind: "settle-notice",
    question: question.id,
    purpose: question.purpose,
    state,
    title: titleOf(step),
    text: renderOutcome(question, state === "applied"),
    until: step.at + step.policy.questions.linkForMs,
  });
}

function titleOf(step: Step): string {
  return `${step.runId}: ${step.run.card.title}`.slice(0, 200);
}

/** What the issue says of a question: one comment, which is rewritten when the question is settled. */
export function questionComment(step: Step, question: Question): void {
  const number = question.id.slice(question.id.lastIndexOf("-") + 1);
  step.effect("comments", {
    kind: "comment",
    issue: step.run.issue,
    marker: `${step.run.issue}.${step.run.run}:question:${number}`,
    body: cut(renderQuestionComment(question, step.policy), mostCharacters),
    replace: true,
  });
}
