import type { AgentId, ProjectKey, ProjectName, RunRef, TaskId } from "./ids.ts";
import type { Moment } from "./time.ts";

/** Past tense; the journal's vocabulary. Values are only added. */
export type EventType =
  | "project-configured"
  /** By whom; nothing of the project begins any more. */
  | "project-closed"
  /** By whom, since when and why; or that it goes on. */
  | "mesh-stopped"
  | "mesh-started"
  | "card-filtered"
  | "run-started"
  | "run-phase-changed"
  | "run-ended"
  /** Carries the whole RunView after a change: what the read model and the dashboard show. */
  | "run-changed"
  | "card-moved-by-human"
  | "guidance-given"
  | "plan-proposed"
  | "plan-reviewed"
  | "plan-approved"
  /** The architect was asked: what it saw, part by part as hash and length, and the ids of the learnings it was given. */
  | "architect-consulted"
  /** A person's answer taught something general: its text, where it holds, and the question it comes from. */
  | "learning-noted"
  | "question-asked"
  | "question-sent-to-human"
  | "question-answered"
  | "question-answered-late"
  | "question-applied"
  | "question-withdrawn"
  | "question-parked"
  | "session-started"
  | "session-nudged"
  | "session-lost"
  | "session-failed"
  | "steering-told"
  | "branch-pushed"
  | "checkpoint-taken"
  /** What the policy on tools said to a use: tool, one line on it, decision and rule. */
  | "tool-decided"
  | "pull-request-opened"
  | "pull-request-merged"
  | "merge-refused"
  | "tests-finished"
  | "bug-issue-opened"
  | "cycle-spent"
  /** What was spent since the last: usd, inputTokens, outputTokens, in which phase, `by` a session's agent or a model asked by the mesh. */
  | "usage-counted"
  | "hold-began"
  | "hold-ended"
  | "deployment-checked"
  | "operator-commanded"
  | "effect-requested"
  | "effect-done"
  | "effect-failed"
  /** Carries the whole TaskView without payload and result. */
  | "task-submitted"
  | "task-dispatched"
  | "task-started"
  | "attempt-ended"
  | "task-ended"
  /** What was done with a credential, by whom: a CredentialRecord. */
  | "credential-recorded"
  /** Carries the whole OnboardingView after a change. */
  | "onboarding-changed"
  | "input-refused"
  | "input-ignored";

export interface EventBody {
  readonly type: EventType;
  readonly issue?: number;
  readonly run?: number;
  readonly task?: TaskId;
  readonly agent?: AgentId;
  /** JSON, small; never a secret. Texts of questions, answers, plans and prompts only in `run-changed` views, question events and `learning-noted`. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event as the journal keeps it: `seq` is contiguous in its project, from 1. */
export interface JournalEvent extends EventBody {
  readonly seq: number;
  readonly at: Moment;
  readonly project: ProjectKey;
  /** What belongs together: the run (`12.1`), else the task, else the input. */
  readonly trace: RunRef | TaskId | string;
  readonly inputId: string;
}

/** One commit's entry as archived and replayed: the inputs that were committed together and what they led to. */
export interface JournalEntry {
  readonly seq: number;
  readonly at: Moment;
  readonly inputs: readonly unknown[];
  readonly events: readonly JournalEvent[];
}

/** A page of the journal for the projection. */
export interface JournalPage {
  readonly project: ProjectKey;
  readonly name: ProjectName | null;
  readonly events: readonly JournalEvent[];
  /** The cursor after this page; equal to the one asked for when there is nothing new. */
  readonly upTo: number;
  readonly more: boolean;
}
