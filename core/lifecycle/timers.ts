import type { Moment } from "../time.ts";
import { endDay } from "./day-budget.ts";
import { endMeshDay } from "./mesh-day.ts";
import { fail } from "./endings.ts";
import { notify } from "./notes.ts";
import { holdForOver, remind, silenceOver } from "./questions.ts";
import { checkDeploymentAgain, deploymentTimedOut } from "./review.ts";
import { sessionStalled } from "./session-failures.ts";
import { tryStart } from "./session-steps.ts";
import type { Run, RunTimer } from "./state.ts";
import type { Step } from "./step.ts";

/** When the run next wants to hear of time; undefined when it waits for the outside only. */
export function nextRunTimer(run: Run): Moment | undefined {
  let next: Moment | undefined;
  for (const due of Object.values(run.timers)) if (next === undefined || due < next) next = due;
  return next;
}

/** Fires every timer that is due, in the order of their times. Answers whether any was. */
export function timePassed(step: Step): boolean {
  const due = (Object.entries(step.run.timers) as [RunTimer, Moment][])
    .filter(([, at]) => at <= step.at)
    .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  for (const [name, at] of due) if (step.active && step.run.timers[name] === at) fire(step, name);
  return due.length > 0;
}

function fire(step: Step, name: RunTimer): void {
  switch (name) {
    case "start":
      step.timer("start", null);
      return tryStart(step);
    case "stall":
      return sessionStalled(step);
    case "hold-for":
      return holdForOver(step);
    case "reminder":
      return remind(step);
    case "silence":
      return silenceOver(step, (reason) => fail(step, reason));
    case "quota":
      step.timer("quota", null);
      step.set({ holds: step.run.holds.filter((hold) => hold.kind !== "quota") });
      step.event("hold-ended", { kind: "quota" });
      return tryStart(step);
    case "day":
      endDay(step);
      return tryStart(step);
    case "mesh-day":
      endMeshDay(step);
      return tryStart(step);
    case "deployment":
      return checkDeploymentAgain(step);
    case "deployment-end":
      return deploymentTimedOut(step);
    case "tell-waiting":
      step.timer("tell-waiting", null);
      if (step.run.wait.for === "slot")
        notify(step, "waiting", `${step.runId} waits for a runner`, "No runner has had a free slot for it yet.");
  }
}
