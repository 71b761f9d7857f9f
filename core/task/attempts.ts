import type { AgentId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { Attempt, AttemptStatus, Task } from "./state.ts";

/** The attempt that is being made now; undefined when the task waits or has ended. */
export function liveAttempt(task: Pick<Task, "attempts">): Attempt | undefined {
  const last = task.attempts.at(-1);
  return last !== undefined && isLive(last.status) ? last : undefined;
}

/** Dispatched or running. */
export function isLive(status: AttemptStatus): boolean {
  return status === "dispatched" || status === "running";
}

/** An attempt of a session's step has a contact lease instead of a deadline. */
export function isSession(task: Pick<Task, "session">): boolean {
  return task.session !== undefined;
}

/** Whether the task has come to its end; nothing changes it any more. */
export function hasEnded(task: Pick<Task, "status">): boolean {
  return task.status === "completed" || task.status === "failed" || task.status === "cancelled";
}

/** Attempts that count against `maxAttempts`: all but the declined ones. */
export function attemptsSpent(task: Pick<Task, "attempts">): number {
  return task.attempts.reduce((spent, attempt) => (attempt.status === "declined" ? spent : spent + 1), 0);
}

/** Whether a task may be given to an agent now. */
export function dispatchable(task: Pick<Task, "status" | "notBefore" | "expiresAt">, at: Moment): boolean {
  return (
    task.status === "pending" &&
    (task.notBefore === undefined || task.notBefore <= at) &&
    (task.expiresAt === undefined || at < task.expiresAt)
  );
}

/** Names the slots that an attempt takes of its agent: those shared by its capabilities, or those of one capability. */
export type Lane = AgentId | `${AgentId} ${string}`;

/** Which slots an attempt takes: a capability with slots of its own takes none of the agent's others. */
export function laneOf(agent: AgentId, capability: string, ownSlots: number | undefined): Lane {
  return ownSlots === undefined ? agent : `${agent} ${capability}`;
}
