import { issueUsd } from "./budget.ts";
import { fail } from "./endings.ts";
import { requestPull } from "./implementation.ts";
import { alignCard } from "./phases.ts";
import { approvePlan, planRejected, reviewPlan } from "./planning.ts";
import { evaluateTests, setVerdict, settleQa } from "./qa.ts";
import { outcomeOf } from "./questions.ts";
import { mergeNow } from "./review.ts";
import { tryStart } from "./session-steps.ts";
import type { EffectId } from "../ids.ts";
import type { DecisionOutcome, Question } from "./state.ts";
import type { Step } from "./step.ts";

/** Carries out what people decided; the answer is recorded already and its hold is gone. */
export function decided(step: Step, question: Question, answers: readonly string[], by: string): void {
  const outcome = outcomeOf(question, answers);
  if (outcome === null) return;
  switch (question.purpose) {
    case "plan-approval":
      if (outcome === "approve") return approvePlan(step, by);
      return planRejected(step, answers[0] && outcomeIsWord(question, answers[0]) ? "rejected without a reason" : (answers[0] ?? ""));
    case "budget":
      if (outcome === "stop") return fail(step, `stopped by ${by}: the budget is spent`);
      step.set({ spend: { ...step.run.spend, allowedMore: allowance(step) } });
      step.event("hold-ended", { kind: "budget", by });
      return tryStart(step);
    default:
      if (outcome === "stop") return fail(step, `stopped by ${by}`);
      if (question.effect !== undefined) return askAgain(step, question.effect);
      return proceed(step, outcome, by);
  }
}

function outcomeIsWord(question: Question, said: string): boolean {
  return question.items[0]?.options.some((option) => option.label.toLowerCase() === said.trim().toLowerCase()) ?? false;
}

/** n US dollars more than was already spent over the caps, so that one "continue" always lets the work go on. */
function allowance(step: Step): number {
  const { perIssueUsd, noProgressUsd, continueUsd } = step.policy.budget;
  const { spend } = step.run;
  const over = Math.max(0, issueUsd(step.run) - perIssueUsd, spend.usd - spend.atPhaseChange - noProgressUsd);
  return Math.max(spend.allowedMore, over) + continueUsd;
}

/** An effect that was given up is asked for anew, where it is still wanted. */
export function askAgain(step: Step, effect: EffectId): void {
  step.set({ holds: step.run.holds.filter((hold) => hold.kind !== "effect" || hold.effect !== effect) });
  const { column, wait } = step.run;
  if (column.pending === effect) {
    step.set({ column: { ...column, pending: null } });
    alignCard(step, true);
  } else if (wait.for === "pull-request" && wait.effect === effect) requestPull(step);
  else if (wait.for === "merge" && wait.effect === effect) mergeNow(step);
  tryStart(step);
}

/** Goes on from where a decision of people held the run. */
export function proceed(step: Step, outcome: DecisionOutcome, by: string): void {
  const { wait } = step.run;
  const goOn = outcome === "go-on";
  switch (wait.for) {
    case "plan-review":
      return goOn ? approvePlan(step, by) : reviewPlan(step);
    case "test-evaluation":
      if (!goOn) return evaluateTests(step);
      setVerdict(step, "passed");
      return settleQa(step);
    case "pull-request":
      return requestPull(step);
    case "merge":
      return mergeNow(step);
    case "start":
      return tryStart(step);
    default:
  }
}
