import type { Effect } from "../effects.ts";
import type { EventBody } from "../events.ts";
import type { Applied, MeshState, ProjectProfile } from "../inputs.ts";
import type { AgentId, EffectId, OnboardingId, ProjectKey, TaskId } from "../ids.ts";
import type { DaySpend } from "../lifecycle/day-budget.ts";
import type { Run } from "../lifecycle/state.ts";
import type { Onboarding } from "../onboarding/state.ts";
import type { Policy, PolicyOverrides } from "../policy.ts";
import type { Lane } from "../task/attempts.ts";
import type { Task } from "../task/state.ts";
import type { Moment } from "../time.ts";

/** An effect decided but not yet confirmed. Stored. Fields are only added, as optional; see snapshot.ts. */
export interface OutboxEntry {
  readonly effect: Effect;
  /** The order of decision in its project, from 1. */
  readonly n: number;
  /** Failures heard of so far. */
  readonly tries: number;
  /** Not sent before; later than the failure it waits out. */
  readonly notBefore: Moment;
}

/** Why a card in Todo has no run. */
export interface FilteredCard {
  readonly issue: number;
  readonly reason: string;
  readonly title: string;
  readonly at: Moment;
}

/** How far the reports of one agent's journal have been taken. */
export interface ReportsSeen {
  readonly agent: AgentId;
  readonly journal: string;
  readonly seq: number;
}

/** What the project knows of itself. */
export interface Configuration {
  readonly profile: ProjectProfile;
  readonly meshOverrides: PolicyOverrides;
  /** As last told; absent = never told, and the mesh works. */
  readonly meshState?: MeshState;
  /** Runs of an earlier life of the project were numbered up to here: branches and comments at GitHub still have these numbers. */
  readonly formerRuns?: number;
  /** What the project has cost on the day it last cost anything. */
  readonly daySpend?: DaySpend;
  /** What of it was last reported to the mesh, while that has a cap. */
  readonly reported?: DaySpend;
  /** What the whole mesh had spent when its cap was reached, as last told. */
  readonly meshSpent?: DaySpend;
  /** The day and cap of the mesh of which this project has told people that it is reached. */
  readonly announced?: { readonly day: number; readonly capUsd: number };
  /** Set once the project is being deleted. */
  readonly closed?: { readonly by: string; readonly at: Moment };
}

/**
 * What a decision may read, as it stands before the input. Every read is synchronous and costs the same however long the project's
 * history is; ended runs and tasks are read back by key.
 */
export interface ProjectLookup {
  readonly key: ProjectKey;
  readonly configuration: Configuration | null;
  readonly policy: Policy;
  /** The latest run of the issue, or the numbered one. */
  run(issue: number, run?: number): Run | undefined;
  activeRuns(): Iterable<Run>;
  task(id: TaskId): Task | undefined;
  /** Active tasks whose timer is due. */
  dueTasks(at: Moment): Iterable<Task>;
  /** Capabilities that a dispatchable task waits for. */
  waitingCapabilities(): Iterable<string>;
  /** Dispatchable tasks of one capability: highest priority first, then oldest. */
  waiting(capability: string): Iterable<Task>;
  /** Tasks with a live attempt at the agent. */
  tasksOf(agent: AgentId): Iterable<Task>;
  /** Live attempts per agent, and per capability of it that has slots of its own. */
  busy(): ReadonlyMap<Lane, number>;
  effect(id: EffectId): OutboxEntry | undefined;
  outbox(): Iterable<OutboxEntry>;
  reportsSeen(agent: AgentId, journal: string): number;
  filtered(issue: number): FilteredCard | undefined;
  /** Only the pseudo-project `mesh` has onboardings. */
  onboarding(id: OnboardingId): Onboarding | undefined;
  activeOnboardings(): Iterable<Onboarding>;
}

/** What came of one input: everything to store, and nothing that has not changed. */
export interface ProjectChange {
  readonly applied: Applied;
  readonly runs: readonly Run[];
  readonly tasks: readonly Task[];
  readonly outboxAdd: readonly Effect[];
  readonly outboxRemove: readonly EffectId[];
  readonly outboxRetry: readonly { readonly id: EffectId; readonly tries: number; readonly at: Moment }[];
  readonly reportsSeen?: ReportsSeen;
  /** Set, or with `reason` null forgotten. */
  readonly filtered: readonly (FilteredCard | { readonly issue: number; readonly reason: null })[];
  readonly configuration?: Configuration;
  readonly onboardings: readonly Onboarding[];
  readonly events: readonly EventBody[];
}

/** Whether an input left no trace: it is then neither journaled nor remembered, so that polls of an unchanged board cost nothing. */
export function leftNoTrace(change: ProjectChange): boolean {
  return (
    change.events.length === 0 &&
    change.tasks.length === 0 &&
    change.runs.length === 0 &&
    change.outboxAdd.length === 0 &&
    change.outboxRemove.length === 0 &&
    change.outboxRetry.length === 0 &&
    change.filtered.length === 0 &&
    change.onboardings.length === 0 &&
    change.reportsSeen === undefined &&
    change.configuration === undefined
  );
}
