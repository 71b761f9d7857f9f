import type { Policy } from "../policy.ts";
import type { Moment } from "../time.ts";
import { hasEnded, isSession, liveAttempt } from "./attempts.ts";
import type { Attempt, Task } from "./state.ts";

const never = Number.POSITIVE_INFINITY;

/** When a plain attempt times out: `timeoutSeconds` after it was accepted, or handed over while it is not; never for a session. */
export function deadlineOf(task: Task, attempt: Attempt): Moment {
  return isSession(task) ? never : (attempt.startedAt ?? attempt.dispatchedAt) + task.timeoutSeconds * 1_000;
}

/** When a session attempt that is out of contact counts as lost, so that another may begin; never while in contact. */
export function takeoverOf(task: Task, attempt: Attempt, policy: Policy): Moment {
  if (!isSession(task) || attempt.unreachableSince === undefined) return never;
  return attempt.unreachableSince + policy.session.takeoverAfterMs;
}

/**
 * When the mesh ends a session attempt for its length. The runner counts active time itself and stops at `activeLimitMs`; this is the
 * backstop, later by one hold for a question.
 */
export function activeLimitOf(task: Task, attempt: Attempt, policy: Policy): Moment {
  if (!isSession(task) || attempt.startedAt === undefined) return never;
  return attempt.startedAt + policy.session.activeLimitMs + policy.questions.holdForMs;
}

/** The next moment at which `time-passed` changes the task; undefined when time alone never will. */
export function nextTaskTimer(task: Task, policy: Policy): Moment | undefined {
  if (hasEnded(task)) return undefined;
  const attempt = liveAttempt(task);
  const next =
    attempt === undefined
      ? Math.min(task.notBefore ?? never, task.expiresAt ?? never)
      : Math.min(
          deadlineOf(task, attempt),
          takeoverOf(task, attempt, policy),
          activeLimitOf(task, attempt, policy),
          attempt.handoverAt ?? never,
        );
  return next === never ? undefined : next;
}
