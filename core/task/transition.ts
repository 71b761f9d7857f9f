import type { EventBody } from "../events.ts";
import type { AgentId, ProjectKey } from "../ids.ts";
import type { Policy } from "../policy.ts";
import type { Moment } from "../time.ts";
import { ignored, moved } from "../transition.ts";
import type { Transition } from "../transition.ts";
import { attemptsSpent, dispatchable, hasEnded, isLive, isSession, liveAttempt } from "./attempts.ts";
import { backoffMs } from "./backoff.ts";
import { attemptEnded, taskDispatched, taskEnded, taskStarted } from "./task-events.ts";
import type { WhyChosen } from "../pool/why-chosen.ts";
import { activeLimitOf, deadlineOf, takeoverOf } from "./timers.ts";
import type { Attempt, AttemptStatus, Task, TaskError, TaskSpec } from "./state.ts";

/** What a task hears. `attempt` and `agent` name who speaks; others than the live attempt are stale, except a late success of plain work. */
export type TaskInput = { readonly at: Moment } & (
  | { readonly type: "dispatched"; readonly agent: AgentId; readonly score: number; readonly ownSlots?: number; readonly why?: WhyChosen }
  | { readonly type: "accepted"; readonly attempt: number; readonly agent: AgentId }
  | { readonly type: "declined"; readonly attempt: number; readonly agent: AgentId; readonly reason: string }
  | { readonly type: "done"; readonly attempt: number; readonly agent: AgentId; readonly result: unknown }
  | { readonly type: "failed"; readonly attempt: number; readonly agent: AgentId; readonly error: TaskError }
  | { readonly type: "time-passed" }
  | { readonly type: "contact-lost"; readonly agent: AgentId; readonly since: Moment }
  | { readonly type: "contact-regained"; readonly agent: AgentId }
  | { readonly type: "cancelled"; readonly by: string }
);

type TaskTransition = Transition<Task, EventBody, never>;
type Ending = Extract<AttemptStatus, "failed" | "timed-out" | "lost">;

/** Declined handovers are tried again after 1 s, then 2 s, … 10 s, so that a full agent makes no hot loop. */
const declineBackoff = { firstMs: 1_000, mostMs: 10_000 } as const;
/** Older declined attempts are forgotten; numbers go on. */
const declinedKept = 5;

/** A new task: pending, and dispatched as soon as an agent takes it. Session tasks never expire. */
export function submitTask(spec: TaskSpec, project: ProjectKey, at: Moment, policy: Policy): Task {
  return {
    ...spec,
    version: 1,
    project,
    status: "pending",
    attempts: [],
    submittedAt: at,
    ...(isSession(spec) ? {} : { expiresAt: at + policy.tasks.expiresAfterMs }),
  };
}

/** What becomes of a task by an input. `task-submitted` is the project's event; the others are emitted here. */
export function transitionTask(task: Task, input: TaskInput, policy: Policy): TaskTransition {
  if (hasEnded(task)) return ignored("task-ended");
  switch (input.type) {
    case "dispatched":
      return dispatched(task, input, policy);
    case "accepted":
      return accepted(task, input);
    case "declined":
      return declined(task, input);
    case "done":
      return done(task, input);
    case "failed": {
      const attempt = liveOf(task, input);
      return typeof attempt === "string" ? ignored(attempt) : attemptFailed(task, attempt, "failed", input.error, input.at, policy);
    }
    case "time-passed":
      return timePassed(task, input.at, policy);
    case "contact-lost":
      return contactLost(task, input);
    case "contact-regained":
      return contactRegained(task, input.agent);
    case "cancelled":
      return cancelled(task, input);
  }
}

function dispatched(
  task: Task,
  input: { at: Moment; agent: AgentId; score: number; ownSlots?: number; why?: WhyChosen },
  policy: Policy,
): TaskTransition {
  if (!dispatchable(task, input.at)) return ignored(task.status === "pending" ? "not-yet" : "already-dispatched");
  const attempt: Attempt = {
    number: (task.attempts.at(-1)?.number ?? 0) + 1,
    agent: input.agent,
    score: input.score,
    status: "dispatched",
    dispatchedAt: input.at,
    handoverAt: input.at + policy.redelivery.handoverMs,
    ...(input.ownSlots === undefined ? {} : { ownSlots: input.ownSlots }),
    ...(input.why === undefined ? {} : { why: input.why }),
  };
  const { notBefore: _, ...rest } = task;
  return moved({ ...rest, status: "dispatched", attempts: [...task.attempts, attempt] }, [taskDispatched(task, attempt)]);
}

function accepted(task: Task, input: { at: Moment; attempt: number; agent: AgentId }): TaskTransition {
  const attempt = liveOf(task, input);
  if (typeof attempt === "string") return ignored(attempt);
  if (attempt.status === "running") return ignored("already-started");
  const { handoverAt: _, unreachableSince: __, ...rest } = attempt;
  const running: Attempt = { ...rest, status: "running", startedAt: input.at };
  return moved({ ...withAttempt(task, running), status: "running" }, [taskStarted(task, running)]);
}

function declined(task: Task, input: { at: Moment; attempt: number; agent: AgentId; reason: string }): TaskTransition {
  const attempt = liveOf(task, input);
  if (typeof attempt === "string") return ignored(attempt);
  const over = ended(attempt, "declined", input.at, { kind: "declined", message: input.reason });
  const attempts = forgetOldDeclines(withAttempt(task, over).attempts);
  const inARow = attempts.length - (attempts.findLastIndex((each) => each.status !== "declined") + 1);
  const waiting: Task = { ...task, status: "pending", attempts, notBefore: input.at + backoffMs(inARow, declineBackoff) };
  return moved(waiting, [attemptEnded(task, over)]);
}

function done(task: Task, input: { at: Moment; attempt: number; agent: AgentId; result: unknown }): TaskTransition {
  const attempt = task.attempts.find((each) => each.number === input.attempt);
  if (attempt === undefined) return ignored("unknown-attempt");
  if (attempt.agent !== input.agent) return ignored("not-your-attempt");
  const superseded = !isLive(attempt.status);
  if (superseded && (isSession(task) || attempt.status === "declined")) return ignored("stale");
  const { error: _, handoverAt: __, unreachableSince: ___, ...rest } = attempt;
  const completed: Attempt = { ...rest, status: "completed", endedAt: input.at };
  const live = superseded ? liveAttempt(task) : undefined;
  const dropped = live && ended(live, "cancelled", input.at, { kind: "cancelled", message: "an earlier attempt came to its end" });
  const { notBefore: ____, ...before } = dropped ? withAttempt(task, dropped) : task;
  const finished: Task = { ...withAttempt(before, completed), status: "completed", endedAt: input.at, result: input.result };
  const events = [...(dropped ? [attemptEnded(task, dropped)] : []), attemptEnded(task, completed), taskEnded(finished, completed.agent)];
  return moved(finished, events);
}

function attemptFailed(task: Task, attempt: Attempt, status: Ending, error: TaskError, at: Moment, policy: Policy): TaskTransition {
  const over = ended(attempt, status, at, error);
  const after = withAttempt(task, over);
  if (attemptsSpent(after) >= after.maxAttempts || !worthAnotherTry(task, status, error)) {
    const failed: Task = { ...after, status: "failed", endedAt: at, error };
    return moved(failed, [attemptEnded(task, over), taskEnded(failed, over.agent)]);
  }
  const waiting: Task = {
    ...after,
    status: "pending",
    notBefore: at + backoffMs(attemptsSpent(after), policy.backoff),
    ...(isSession(task) ? {} : { expiresAt: at + policy.tasks.expiresAfterMs }),
  };
  return moved(waiting, [attemptEnded(task, over)]);
}

/** Plain work is always tried again; a session only where another try by itself can help, otherwise its run decides. */
function worthAnotherTry(task: Task, status: Ending, error: TaskError): boolean {
  return !isSession(task) || status === "lost" || (status === "failed" && error.kind === "infrastructure");
}

function timePassed(task: Task, at: Moment, policy: Policy): TaskTransition {
  const attempt = liveAttempt(task);
  if (attempt === undefined) return waitedOn(task, at);
  if (deadlineOf(task, attempt) <= at) {
    const message = `no result within ${task.timeoutSeconds} s`;
    return attemptFailed(task, attempt, "timed-out", { kind: "timed-out", message }, at, policy);
  }
  if (takeoverOf(task, attempt, policy) <= at) {
    return attemptFailed(task, attempt, "lost", { kind: "lost", message: "the agent was out of reach for too long" }, at, policy);
  }
  if (activeLimitOf(task, attempt, policy) <= at) {
    return attemptFailed(task, attempt, "timed-out", { kind: "timed-out", message: "the session's active-time limit" }, at, policy);
  }
  if (attempt.handoverAt !== undefined && attempt.handoverAt <= at) {
    return moved(withAttempt(task, { ...attempt, handoverAt: at + policy.redelivery.handoverMs }));
  }
  return ignored("nothing-due");
}

function waitedOn(task: Task, at: Moment): TaskTransition {
  if (task.expiresAt !== undefined && task.expiresAt <= at) {
    const message = task.agent === undefined ? `no agent took it for ${task.capability} in time` : `${task.agent} did not take it in time`;
    const error: TaskError = { kind: "expired", message };
    const { notBefore: _, ...rest } = task;
    const failed: Task = { ...rest, status: "failed", endedAt: at, error };
    return moved(failed, [taskEnded(failed, null)]);
  }
  if (task.notBefore === undefined || task.notBefore > at) return ignored("nothing-due");
  const { notBefore: _, ...ready } = task;
  return moved(ready);
}

function contactLost(task: Task, input: { agent: AgentId; since: Moment }): TaskTransition {
  const attempt = liveAttempt(task);
  if (attempt?.agent !== input.agent) return ignored("not-with-this-agent");
  if (!isSession(task)) return ignored("has-a-deadline");
  if (attempt.unreachableSince !== undefined) return ignored("already-unreachable");
  return moved(withAttempt(task, { ...attempt, unreachableSince: Math.max(input.since, attempt.dispatchedAt) }));
}

function contactRegained(task: Task, agent: AgentId): TaskTransition {
  const attempt = liveAttempt(task);
  if (attempt?.agent !== agent) return ignored("not-with-this-agent");
  if (attempt.unreachableSince === undefined) return ignored("in-contact");
  const { unreachableSince: _, ...reached } = attempt;
  return moved(withAttempt(task, reached));
}

function cancelled(task: Task, input: { at: Moment; by: string }): TaskTransition {
  const error: TaskError = { kind: "cancelled", message: `cancelled by ${input.by}` };
  const live = liveAttempt(task);
  const over = live && ended(live, "cancelled", input.at, error);
  const { notBefore: _, ...rest } = over ? withAttempt(task, over) : task;
  const gone: Task = { ...rest, status: "cancelled", endedAt: input.at, error };
  return moved(gone, [...(over ? [attemptEnded(task, over)] : []), taskEnded(gone, over?.agent ?? null)]);
}

/** The live attempt when the input is about it, else why not. */
function liveOf(task: Task, input: { attempt: number; agent: AgentId }): Attempt | "unknown-attempt" | "not-your-attempt" | "stale" {
  const attempt = task.attempts.find((each) => each.number === input.attempt);
  if (attempt === undefined) return "unknown-attempt";
  if (attempt.agent !== input.agent) return "not-your-attempt";
  return isLive(attempt.status) ? attempt : "stale";
}

function ended(attempt: Attempt, status: AttemptStatus, at: Moment, error: TaskError): Attempt {
  const { handoverAt: _, unreachableSince: __, ...rest } = attempt;
  return { ...rest, status, endedAt: at, error };
}

function withAttempt(task: Task, changed: Attempt): Task {
  return { ...task, attempts: task.attempts.map((each) => (each.number === changed.number ? changed : each)) };
}

function forgetOldDeclines(attempts: readonly Attempt[]): readonly Attempt[] {
  let surplus = attempts.filter((each) => each.status === "declined").length - declinedKept;
  return surplus <= 0 ? attempts : attempts.filter((each) => each.status !== "declined" || surplus-- <= 0);
}
