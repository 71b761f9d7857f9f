import type { TaskView } from "../project/views.ts";
import type { Task } from "./state.ts";

/** What people and programs see of a task; payload and result only with `full`. */
export function viewTask(task: Task, { full }: { readonly full: boolean }): TaskView {
  return {
    id: task.id,
    project: task.project,
    run: task.run ?? task.session?.run ?? null,
    capability: task.capability,
    status: task.status,
    priority: task.priority,
    timeoutSeconds: task.timeoutSeconds,
    maxAttempts: task.maxAttempts,
    attempts: task.attempts.map((attempt) => ({
      number: attempt.number,
      agent: attempt.agent,
      score: attempt.score,
      status: attempt.status,
      dispatchedAt: attempt.dispatchedAt,
      startedAt: attempt.startedAt ?? null,
      endedAt: attempt.endedAt ?? null,
      error: attempt.error ?? null,
      ...(attempt.why === undefined ? {} : { why: attempt.why }),
      ...(attempt.unreachableSince === undefined ? {} : { unreachableSince: attempt.unreachableSince }),
    })),
    submittedAt: task.submittedAt,
    endedAt: task.endedAt ?? null,
    error: task.error ?? null,
    ...(task.agent === undefined ? {} : { agent: task.agent }),
    ...(full ? { payload: task.payload, ...(task.result === undefined ? {} : { result: task.result }) } : {}),
  };
}
