import type { TaskView } from "../../core/project/views.ts";

/** How many attempts each agent has now, of tasks that are under way. */
export function loadByAgent(tasks: readonly Pick<TaskView, "status" | "attempts">[]): ReadonlyMap<string, number> {
  const load = new Map<string, number>();
  for (const { status, attempts } of tasks) {
    const last = attempts.at(-1);
    if (last === undefined || (status !== "running" && status !== "dispatched")) continue;
    load.set(last.agent, (load.get(last.agent) ?? 0) + 1);
  }
  return load;
}
