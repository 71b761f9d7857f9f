import type { Moment } from "../time.ts";
import { isOpen } from "./is-active.ts";
import { outsideQuietHours } from "./quiet-hours.ts";
import type { Question } from "./state.ts";
import type { Step } from "./step.ts";

/** When people are reminded of a question that waits for them; never in their quiet hours. */
export function reminderDue(step: Step, question: Question): Moment {
  const { remindAfterMs, remindEveryMs } = step.policy.questions;
  const { remindedAt, humanSince, askedAt } = question;
  const due = remindedAt === undefined ? (humanSince ?? askedAt) + remindAfterMs : remindedAt + remindEveryMs;
  return outsideQuietHours(due, step.policy.notify);
}

/** When silence counts for a question; undefined when it never does: only a session's question may be answered by it. */
function silenceDue(step: Step, question: Question): Moment | undefined {
  const { onSilence, onSilenceAfterMs } = step.policy.questions;
  return question.purpose === "session" && onSilence !== "wait" ? (question.humanSince ?? step.at) + onSilenceAfterMs : undefined;
}

/** Sets the timers of questions to what is open now. */
export function windQuestionTimers(step: Step): void {
  const waiting = step.run.questions.filter((question) => question.status === "with-human");
  step.timer("reminder", earliest(waiting.map((question) => reminderDue(step, question))));
  const silences = waiting.flatMap((question) => silenceDue(step, question) ?? []);
  const { silence } = step.run.timers;
  // One that is due has not fired yet; one that has fired has done what it can.
  const ahead = silences.filter((due) => due > step.at || due === silence);
  step.timer("silence", earliest(ahead));
  if (!step.run.questions.some(isOpen)) step.timer("hold-for", null);
}

function earliest(moments: readonly Moment[]): Moment | null {
  return moments.length === 0 ? null : Math.min(...moments);
}
