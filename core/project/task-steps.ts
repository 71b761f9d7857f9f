import { parseRunRef } from "../ids.ts";
import type { TaskId } from "../ids.ts";
import { hasEnded, isSession, liveAttempt } from "../task/attempts.ts";
import type { Task, TaskSpec } from "../task/state.ts";
import { submitTask, transitionTask } from "../task/transition.ts";
import type { TaskInput } from "../task/transition.ts";
import { viewTask } from "../task/view.ts";
import type { WorkingSet } from "./working-set.ts";

/** Takes a task on; one that is known is left as it is, so that a repeat submits nothing twice. */
export function submitOne(set: WorkingSet, spec: TaskSpec): void {
  if (set.task(spec.id) !== undefined) return;
  const task = submitTask(spec, set.lookup.key, set.at, set.policy);
  set.putTask(task);
  set.emit({ type: "task-submitted", ...runRefOf(task), task: task.id, data: { view: viewTask(task, { full: false }) } });
}

/** A run takes its own task back: the run does not hear of it again. */
export function withdrawTask(set: WorkingSet, id: TaskId, by: string): void {
  const task = set.task(id);
  if (task === undefined || hasEnded(task)) return;
  stepTask(set, task, { type: "cancelled", at: set.at, by });
}

/** Moves a task by itself; the reason when it ignored the input. What was to be said to an attempt that ended lapses. */
export function stepTask(set: WorkingSet, task: Task, input: TaskInput): Task | string {
  const step = transitionTask(task, input, set.policy);
  if (step.type === "ignored") return step.reason;
  set.putTask(step.state);
  for (const event of step.events) set.emit(event);
  if (isSession(task) && liveAttempt(step.state) === undefined) set.lapseTells(task.id);
  return step.state;
}

function runRefOf(task: Task): { issue?: number; run?: number } {
  return (task.run === undefined ? undefined : parseRunRef(task.run)) ?? {};
}
