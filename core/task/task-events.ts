import type { EventBody, EventType } from "../events.ts";
import { parseRunRef } from "../ids.ts";
import type { AgentId } from "../ids.ts";
import type { Attempt, Task, TaskError } from "./state.ts";

const messageKept = 500;

/** `data`: capability, attempt, score, and why this agent. */
export function taskDispatched(task: Task, attempt: Attempt): EventBody {
  return event("task-dispatched", task, attempt.agent, {
    attempt: attempt.number,
    score: attempt.score,
    ...(attempt.why ? { why: attempt.why } : {}),
  });
}

/** `data`: capability, attempt. */
export function taskStarted(task: Task, attempt: Attempt): EventBody {
  return event("task-started", task, attempt.agent, { attempt: attempt.number });
}

/** `data`: capability, attempt, status, and error `{kind, message, until?}` when it has one. */
export function attemptEnded(task: Task, attempt: Attempt): EventBody {
  return event("attempt-ended", task, attempt.agent, { attempt: attempt.number, status: attempt.status, ...errorOf(attempt.error) });
}

/** `data`: capability, status, and error when it has one. `agent` is who ended it, if anyone. */
export function taskEnded(task: Task, agent: AgentId | null): EventBody {
  return event("task-ended", task, agent, { status: task.status, ...errorOf(task.error) });
}

function event(type: EventType, task: Task, agent: AgentId | null, data: Record<string, unknown>): EventBody {
  const ref = task.run ?? task.session?.run;
  const run = ref === undefined ? undefined : parseRunRef(ref);
  return { type, ...run, task: task.id, ...(agent === null ? {} : { agent }), data: { capability: task.capability, ...data } };
}

function errorOf(error: TaskError | undefined): { readonly error?: TaskError } {
  if (error === undefined) return {};
  return { error: error.message.length > messageKept ? { ...error, message: `${error.message.slice(0, messageKept - 1)}…` } : error };
}
