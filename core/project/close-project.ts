import type { Applied, InputOf } from "../inputs.ts";
import { hasEnded } from "../task/attempts.ts";
import { stepTask } from "./task-steps.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

/**
 * The project is being deleted: its runs are cancelled with their sessions and questions, its other tasks too, and no card begins a run any more.
 * What is to be said of it is still said.
 */
export function closeProject(set: WorkingSet, { by }: InputOf<"project-closed">): Applied {
  const { configuration, policy } = set;
  if (configuration === null) return { status: "ignored", reason: "not-configured" };
  if (configuration.closed) return { status: "ignored", reason: "project-closed" };
  set.configure({ ...configuration, closed: { by, at: set.at } }, policy);
  set.emit({ type: "project-closed", data: { by } });
  for (const run of [...set.runs()]) tellRun(set, run, { id: set.input.id, at: set.at, type: "project-closed", by });
  for (const { id } of [...set.lookup.dueTasks(Number.POSITIVE_INFINITY)]) {
    const task = set.task(id);
    if (task !== undefined && !hasEnded(task)) stepTask(set, task, { type: "cancelled", at: set.at, by });
  }
  return { status: "applied" };
}
