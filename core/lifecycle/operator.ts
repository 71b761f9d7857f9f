import type { OperatorCommand } from "../inputs.ts";
import { pause, resumed } from "./board.ts";
import { dayOf, endDay } from "./day-budget.ts";
import { askAgain, proceed } from "./decisions.ts";
import { accept, cancel } from "./endings.ts";
import { requestPull } from "./implementation.ts";
import { beginWork } from "./intake.ts";
import { isOpen } from "./is-active.ts";
import { isPaused } from "./phases.ts";
import { approvePlan } from "./planning.ts";
import { beginReview, mergeNow } from "./review.ts";
import { stopStep } from "./live-step.ts";
import { tryStart, wantStep } from "./session-steps.ts";
import type { Step } from "./step.ts";
import { withdrawQuestions } from "./withdraw.ts";

/** Why a command does nothing now; null when it was carried out. */
export function commanded(step: Step, command: OperatorCommand, by: string, reason: string): string | null {
  const refusal = carryOut(step, command, by);
  if (refusal === null) step.event("operator-commanded", { command, by, reason });
  return refusal;
}

function carryOut(step: Step, command: OperatorCommand, by: string): string | null {
  switch (command) {
    case "cancel":
      cancel(step, `cancelled by ${by}`);
      return null;
    case "pause":
      if (isPaused(step.run)) return "already-paused";
      pause(step, by);
      return null;
    case "resume":
      if (!isPaused(step.run)) return "not-paused";
      resumed(step, null);
      return null;
    case "retry":
      return retry(step, by);
    case "advance":
      return advance(step, by);
  }
}

/** Does the waiting thing now: backoff and provider waits are cut short, the session's step begins anew. */
function retry(step: Step, by: string): string | null {
  const asked = step.run.questions.filter(
    (question) => isOpen(question) && (question.purpose === "decision" || question.purpose === "fix"),
  );
  step.set({ infrastructure: 0, holds: step.run.holds.filter((hold) => hold.kind !== "quota") });
  step.timer("quota", null);
  const isDayHeld = step.run.holds.some((hold) => hold.kind === "day");
  if (isDayHeld) {
    endDay(step, by);
    step.set({ spend: { ...step.run.spend, beyondDay: dayOf(step.at) } });
  }
  withdrawQuestions(
    step,
    "an operator tries again",
    (question) => asked.includes(question) || question.asker?.task === step.run.session.task,
  );
  for (const { effect } of asked) if (effect !== undefined) askAgain(step, effect);
  if (asked.some((question) => question.effect === undefined)) {
    proceed(step, "try-again", "an operator");
    return null;
  }
  if (asked.length > 0) return null;
  const { wait } = step.run;
  if (wait.for === "start") {
    step.wait({ ...wait, notBefore: step.at });
    tryStart(step);
    return null;
  }
  if (wait.for === "slot" || wait.for === "session") {
    stopStep(step, "retried by an operator");
    wantStep(step, wait.step, wait.step === "test" ? { type: "test" } : { type: "resume", because: "an operator asked to try again" });
    return null;
  }
  if (wait.for === "merge") {
    mergeNow(step);
    return null;
  }
  return isDayHeld ? null : "nothing-to-retry";
}

/** Goes on as if what is awaited had come out well, where that makes sense. */
function advance(step: Step, by: string): string | null {
  const refusal = advanced(step, by);
  if (refusal === null) withdrawQuestions(step, `advanced by ${by}`, (question) => question.purpose === "session");
  return refusal;
}

function advanced(step: Step, by: string): string | null {
  const { run } = step;
  switch (run.phase) {
    case "intake":
      if (run.wait.for === "turn") return "waits-for-its-turn";
      stopStep(step, `advanced by ${by}`);
      beginWork(step, `advanced by ${by}`);
      return null;
    case "planning":
      if (run.plan === undefined) return "no-plan-yet";
      stopStep(step, `advanced by ${by}`);
      approvePlan(step, by);
      return null;
    case "implementation":
      if (run.head === undefined || run.head.commits === 0) return "no-commits-yet";
      stopStep(step, `advanced by ${by}`);
      requestPull(step);
      return null;
    case "qa":
      stopStep(step, `advanced by ${by}`);
      beginReview(step, `advanced by ${by}`);
      return null;
    case "review":
      if (run.mergedSha !== undefined) accept(step, `advanced by ${by}`);
      else mergeNow(step);
      return null;
    default:
      return "run-has-ended";
  }
}
