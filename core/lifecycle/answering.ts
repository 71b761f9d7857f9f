import type { Effect } from "../effects.ts";
import type { QuestionId } from "../ids.ts";
import { cleanAnswer, splitAnswer } from "../inbound/answer-text.ts";
import { replaceQuestion } from "./ask-people.ts";
import { commentObserved } from "./board.ts";
import { decided } from "./decisions.ts";
import { isOpen } from "./is-active.ts";
import { giveAnswer, outcomeOf, questionOf } from "./questions.ts";
import type { RunInput } from "./run-input.ts";
import type { Answer, Question } from "./state.ts";
import type { Step } from "./step.ts";

type Of<T extends RunInput["type"]> = Extract<RunInput, { type: T }>;

/** A comment by someone with write access: an answer when it begins with `/answer`, else steering. null: the run has moved; else why not. */
export function commented(step: Step, input: Of<"comment-observed">): string | null {
  if (input.ours) return "made-by-the-mesh";
  if (!input.authorCanWrite) return "author-without-write-access";
  if (step.run.toldComments.includes(input.commentId)) return "stale";
  const said = /^\s*\/answer\s+([\s\S]+)$/.exec(input.body)?.[1];
  const text = said === undefined ? undefined : cleanAnswer(said.trim());
  const open = text?.ok ? meantQuestion(step, text.value) : undefined;
  if (text?.ok && open) {
    const answers = splitAnswer(text.value, open.items.length);
    if (open.purpose !== "session" && outcomeOf(open, answers) === null) return "not-a-choice";
    step.set({ toldComments: [...step.run.toldComments, input.commentId].slice(-200) });
    settleQuestion(step, open, { answers, by: input.author, via: "comment", at: step.at });
    return null;
  }
  commentObserved(step, input);
  return null;
}

/** Of several open questions the one that has the text among its choices, else the session's, else the first. */
function meantQuestion(step: Step, text: string): Question | undefined {
  const open = step.run.questions.filter((question) => question.status === "with-human");
  const named = open.find(({ items }) => items[0]?.options.some(({ label }) => label.toLowerCase() === text.toLowerCase()));
  return named ?? open.find(({ purpose }) => purpose === "session") ?? open[0];
}

/** `kept:` before a reason: nothing is decided by it, but it is written down. */
export function humanAnswered(step: Step, input: Of<"human-answered">): string | null {
  const question = questionOf(step, input.question);
  if (!question) return "unknown-question";
  const answer: Answer = { answers: input.answers, by: input.by, via: input.via, at: step.at };
  if (!isOpen(question)) {
    replaceQuestion(step, { ...question, late: [...question.late, answer].slice(-20) });
    step.event("question-answered-late", { question: question.id, answers: input.answers, by: input.by, via: input.via });
    return question.status === "withdrawn" ? "kept:withdrawn" : "kept:already-answered";
  }
  if (input.answers.length !== question.items.length) return "answers-missing";
  if (question.purpose !== "session" && outcomeOf(question, input.answers) === null) return "not-a-choice";
  settleQuestion(step, question, answer);
  return null;
}

function settleQuestion(step: Step, question: Question, answer: Answer): void {
  giveAnswer(step, question, answer);
  if (question.purpose !== "session") decided(step, question, answer.answers, answer.by);
}

/** A question's notification could not be sent yet: people see why on the board and the dashboard. */
export function noticeDelayed(step: Step, effect: Effect, message: string, triedAgain: boolean): string | null {
  const question = effect.kind === "ask-human" ? questionOf(step, effect.question) : undefined;
  const because = message.slice(0, 300);
  if (!question || !isOpen(question)) return "nothing-new";
  const { noticeDelayed: before } = question;
  if (before?.because === because && before.triedAgain === triedAgain) return "nothing-new";
  replaceQuestion(step, { ...question, noticeDelayed: { because, triedAgain } });
  return null;
}

/** The notification has reached the server. */
export function noticeSent(step: Step, id: QuestionId): string | null {
  const question = questionOf(step, id);
  if (question?.noticeDelayed === undefined) return "nothing-new";
  const { noticeDelayed: _, ...sent } = question;
  replaceQuestion(step, sent);
  return null;
}
