import { isOpen } from "./is-active.ts";
import { settleNotices } from "./people-notices.ts";
import { windQuestionTimers } from "./reminders.ts";
import type { Question } from "./state.ts";
import type { Step } from "./step.ts";

/** Withdraws open questions: their links say so, and an architect's task for them is given up. */
export function withdrawQuestions(step: Step, because: string, which: (question: Question) => boolean = () => true): void {
  const withdrawn = step.run.questions.filter((question) => isOpen(question) && which(question));
  if (withdrawn.length === 0) return;
  const gone = new Set(withdrawn.map((question) => question.id));
  step.set({
    questions: step.run.questions.map((question) =>
      gone.has(question.id) ? { ...question, status: "withdrawn" as const, withdrawnBecause: because } : question,
    ),
    holds: step.run.holds.filter((hold) => (hold.kind !== "question" && hold.kind !== "budget") || !gone.has(hold.question)),
  });
  for (const question of withdrawn) {
    settleNotices(step, { ...question, status: "withdrawn", withdrawnBecause: because });
    if (question.status === "with-architect" && question.task) step.cancelTask(question.task, because);
    step.event("question-withdrawn", { question: question.id, because });
  }
  windQuestionTimers(step);
}
