import type { RunAction, RunContext, RunInput } from "../lifecycle/run-input.ts";
import { transitionRun } from "../lifecycle/transition.ts";
import type { Run } from "../lifecycle/state.ts";
import type { Transition } from "../transition.ts";
import type { EventBody } from "../events.ts";
import { submitOne, withdrawTask } from "./task-steps.ts";
import type { WorkingSet } from "./working-set.ts";

/** What a run's decisions depend on; undefined before the project is configured. */
export function contextOf(set: WorkingSet, earlierUsd: number): RunContext | undefined {
  const { configuration, policy } = set;
  return configuration === null ? undefined : { policy, profile: configuration.profile, earlierUsd };
}

/** Moves a run and does what it asks for. The reason when the run ignored the input, else null. */
export function tellRun(set: WorkingSet, run: Run, input: RunInput): string | null {
  const context = contextOf(set, run.spend.earlierUsd);
  if (context === undefined) return "not-configured";
  const step = transitionRun(run, input, context);
  if (step.type === "ignored") return step.reason;
  take(set, step);
  return null;
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
