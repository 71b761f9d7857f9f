import type { RunAction, RunContext, RunInput } from "../lifecycle/run-input.ts";
import { transitionRun } from "../lifecycle/transition.ts";
import type { Run } from "../lifecycle/state.ts";
import type { Transition } from "../transition.ts";
import type { EventBody } from "../events.ts";
import { isDaySpent, spentOn } from "../lifecycle/day-budget.ts";
import { meshDayOf } from "./mesh-cap.ts";
import { submitOne, withdrawTask } from "./task-steps.ts";
import type { WorkingSet } from "./working-set.ts";

/** What a run's decisions depend on; undefined before the project is configured. */
export function contextOf(set: WorkingSet, earlierUsd: number): RunContext | undefined {
  const { configuration, policy } = set;
  if (configuration === null) return undefined;
  const { profile, daySpend } = configuration;
  const meshDay = meshDayOf(configuration);
  return {
    policy,
    profile,
    earlierUsd,
    ...(daySpend === undefined ? {} : { day: daySpend }),
    ...(meshDay === undefined ? {} : { meshDay }),
  };
}

/** Moves a run and does what it asks for. The reason when the run ignored the input, else null. */
export function tellRun(set: WorkingSet, run: Run, input: RunInput): string | null {
  const context = contextOf(set, run.spend.earlierUsd);
  if (context === undefined) return "not-configured";
  const step = transitionRun(run, input, context);
  if (step.type === "ignored") return step.reason;
  take(set, step);
  countDay(set, step.state.spend.usd - run.spend.usd);
  return null;
}

/** Money is counted for the whole project's day; whoever spends the last of it stops all runs after their step. */
function countDay(set: WorkingSet, usd: number): void {
  const { configuration, policy } = set;
  if (usd <= 0 || configuration === null) return;
  const daySpend = spentOn(configuration.daySpend, set.at, usd);
  set.configure({ ...configuration, daySpend }, policy);
  if (!isDaySpent(daySpend, set.at, policy.budget.perDayUsd)) return;
  for (const run of [...set.runs()]) tellRun(set, run, { id: set.input.id, at: set.at, type: "day-spent" });
}

/** Keeps what a run has decided. */
export function take(set: WorkingSet, step: Extract<Transition<Run, EventBody, RunAction>, { type: "moved" }>): void {
  set.putRun(step.state);
  for (const event of step.events) set.emit(event);
  for (const action of step.effects) perform(set, action);
}

function perform(set: WorkingSet, action: RunAction): void {
  switch (action.type) {
    case "effect":
      return set.addEffect(action.effect);
    case "submit":
      return submitOne(set, action.spec);
    case "cancel-task":
      return withdrawTask(set, action.task, action.reason);
  }
}
