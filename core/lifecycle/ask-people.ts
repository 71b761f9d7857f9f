import type { EffectId, QuestionId } from "../ids.ts";
import type { QuestionItem } from "../protocol/frames.ts";
import { askOnPhones, questionComment } from "./people-notices.ts";
import { windQuestionTimers } from "./reminders.ts";
import type { DecisionOutcome, Question, QuestionPurpose } from "./state.ts";
import type { Step } from "./step.ts";

interface Choice {
  readonly label: string;
  readonly description?: string;
  readonly outcome: DecisionOutcome;
}

/** The mesh itself asks people; the run is held until they answer. */
export function askPeople(
  step: Step,
  purpose: Exclude<QuestionPurpose, "session">,
  text: string,
  choices: readonly Choice[],
  about: { readonly context?: string; readonly effect?: EffectId } = {},
): QuestionId {
  const context = about.context ?? "";
  const id = step.questionId();
  const item: QuestionItem = {
    text: text.slice(0, 20_000),
    options: choices.map(({ label, description }) => ({ label, ...(description ? { description } : {}) })),
    multiple: false,
  };
  const question: Question = {
    id,
    purpose,
    items: [item],
    context,
    askedAt: step.at,
    status: "with-human",
    late: [],
    ...(about.effect === undefined ? {} : { effect: about.effect }),
    outcomes: choices.map((choice) => choice.outcome),
  };
  step.set({
    questions: [...step.run.questions, question],
    holds: [...step.run.holds, { kind: purpose === "budget" ? "budget" : "question", question: id }],
  });
  step.event("question-asked", { question: id, purpose, items: [item], context });
  toHuman(step, question);
  return id;
}

/** Brings a question before people, on their phones and on the issue: once, with reminders until it is answered or withdrawn. */
export function toHuman(step: Step, question: Question): void {
  const asked: Question = { ...question, status: "with-human", humanSince: step.at };
  replaceQuestion(step, asked);
  askOnPhones(step, asked);
  questionComment(step, asked);
  windQuestionTimers(step);
  step.event("question-sent-to-human", { question: asked.id, guess: asked.guess ?? null });
}

export function replaceQuestion(step: Step, question: Question): void {
  step.set({ questions: step.run.questions.map((other) => (other.id === question.id ? question : other)) });
}
