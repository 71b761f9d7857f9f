import type { AgentId, ProjectKey, TaskId } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import type { TaskSpec } from "../../core/task/state.ts";
import { secondMs } from "../../core/time.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";

const lookFirstMs = 250;
const lookMostMs = 2 * secondMs;

/** Gives a task to the runners, once for its id, and waits until it has ended or `forMs` are over; answers how it stands then. */
export async function runnerTask(env: Env, project: ProjectKey, spec: TaskSpec, forMs: number): Promise<TaskView | null> {
  const owner = orchestrator(env, project);
  let task = await owner.task(spec.id);
  if (task === null) await owner.apply({ id: `${spec.id}:submitted`, at: now(), type: "tasks-submitted", tasks: [spec] });
  const end = now() + forMs;
  for (let pauseMs = lookFirstMs; now() < end; pauseMs = Math.min(pauseMs * 1.5, lookMostMs)) {
    task = await owner.task(spec.id);
    if (task !== null && task.endedAt !== null) return task;
    await scheduler.wait(Math.min(pauseMs, Math.max(1, end - now())));
  }
  return owner.task(spec.id);
}

/** Of these agents the ones that are online and have the capability. */
export async function onlineWith(
  env: Env,
  project: ProjectKey,
  capability: string,
  among: readonly AgentId[] | undefined,
): Promise<AgentId[]> {
  const candidates = await pool(env).candidates(project, [capability]);
  return candidates
    .filter(({ agent, kind, status }) => kind === "remote" && status === "online" && (among === undefined || among.includes(agent)))
    .map(({ agent }) => agent);
}

export function taskIdOf(project: ProjectKey, ...parts: readonly (string | number)[]): TaskId {
  return `${project}.${parts.join("-")}` as TaskId;
}
