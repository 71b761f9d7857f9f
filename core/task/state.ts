import type { WhyChosen } from "../pool/why-chosen.ts";
import type { AgentId, ProjectKey, RunRef, TaskId } from "../ids.ts";
import type { Moment } from "../time.ts";

/** What kind of failure an attempt had; decides whether it is tried again or a person is asked. */
export type FailureKind = "infrastructure" | "authentication" | "configuration" | "quota" | "refused" | "work";

export interface TaskError {
  readonly kind: FailureKind | "timed-out" | "lost" | "declined" | "expired" | "cancelled";
  readonly message: string;
  /** Only for quota: when the provider's limit resets, if it said so. */
  readonly until?: Moment;
}

/** Marks a task that is a step of a coding agent's session on a runner. */
export interface SessionWork {
  readonly run: RunRef;
  readonly step: SessionStep;
}

export type SessionStep = "plan" | "implement" | "rework" | "answer" | "test";

/** What a submitter says of a task. */
export interface TaskSpec {
  readonly id: TaskId;
  readonly capability: string;
  /** Any JSON value, at most 256 KiB as text. */
  readonly payload: unknown;
  /** 0–10, 10 first. */
  readonly priority: number;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  /** false: refuse at once when no agent offers the capability. */
  readonly wait: boolean;
  /** Set for steps of a session: no deadline, a contact lease instead. */
  readonly session?: SessionWork;
  /** The run that asked for it (session or model work). */
  readonly run?: RunRef;
  /** The agent that has the worktree and conversation; it is waited for while it is reachable. */
  readonly affinity?: AgentId;
  /** Only this agent may have it; it is waited for until the task expires. */
  readonly agent?: AgentId;
}

export type AttemptStatus = "dispatched" | "running" | "completed" | "failed" | "timed-out" | "lost" | "declined" | "cancelled";

export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly agent: AgentId;
  readonly score: number;
  readonly status: AttemptStatus;
  readonly dispatchedAt: Moment;
  readonly startedAt?: Moment;
  readonly endedAt?: Moment;
  readonly error?: TaskError;
  /** Session attempts: contact was lost at this moment and not regained. */
  readonly unreachableSince?: Moment;
  /** When an unconfirmed handover is repeated. */
  readonly handoverAt?: Moment;
  /** It took one of so many slots that the agent has for this capability alone; absent: one of those it has for all the others. */
  readonly ownSlots?: number;
  /** Why this agent got it; absent in attempts of earlier versions. */
  readonly why?: WhyChosen;
}

export type TaskStatus = "pending" | "dispatched" | "running" | "completed" | "failed" | "cancelled";

/**
 * One unit of work. Stored. Fields are only added, as optional; see snapshot.ts.
 * Invariants: at most one live attempt (dispatched or running), and it is the last; ended statuses have `endedAt` and never change.
 */
export interface Task extends TaskSpec {
  readonly version: 1;
  readonly project: ProjectKey;
  readonly status: TaskStatus;
  readonly attempts: readonly Attempt[];
  readonly submittedAt: Moment;
  /** A pending task that nobody took by then fails; absent for session tasks. */
  readonly expiresAt?: Moment;
  /** Backoff: not dispatched before. */
  readonly notBefore?: Moment;
  readonly endedAt?: Moment;
  readonly result?: unknown;
  readonly error?: TaskError;
}
