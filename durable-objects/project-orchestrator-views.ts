import type { QuestionId } from "../core/ids.ts";
import { runOf } from "../core/lifecycle/run-ids.ts";
import type { Run } from "../core/lifecycle/state.ts";
import { viewAsked, viewRun } from "../core/lifecycle/view.ts";
import type { Policy } from "../core/policy.ts";
import type { AskedQuestion, ProjectView, RunView, TaskView } from "../core/project/views.ts";
import type { TaskStatus } from "../core/task/state.ts";
import { viewTask } from "../core/task/view.ts";
import type { Moment } from "../core/time.ts";
import type { MeshSettings } from "./settings.ts";
import type { StateStore } from "./state-store.ts";

const endedRunsShown = 20;

/** What a person or program asks of the task list. */
export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly capability?: string;
  readonly limit: number;
  /** Submitted before this moment. */
  readonly before?: Moment;
}

export function viewProject(store: StateStore, seq: number): ProjectView {
  const profile = store.configuration?.profile;
  return {
    key: store.key,
    name: profile?.name ?? null,
    repositoryUrl: profile?.repositoryUrl ?? null,
    board: profile?.board ? { url: profile.board.url, observedBy: profile.board.observedBy } : null,
    runs: recentRuns(store),
    tasks: store.tasks.counts(),
    outbox: store.effects.size,
    seq,
    filtered: store.filteredCards(),
  };
}

/** What the reconcile looks at first. */
export interface Outlook {
  readonly policy: Policy;
  readonly runs: readonly RunView[];
  /** The mesh-wide settings as the project was last told them; null before it was configured. */
  readonly told: MeshSettings | null;
}

export function outlookOf(store: StateStore): Outlook {
  const { configuration, policy } = store;
  const told = configuration && { overrides: configuration.meshOverrides, meshState: configuration.meshState ?? { n: 0, stopped: null } };
  return { policy, runs: recentRuns(store), told };
}

/** Active runs, then the most recently ended ones. */
export function recentRuns(store: StateStore): RunView[] {
  return viewRuns(store, [...store.activeRuns(), ...store.endedRuns(endedRunsShown)]);
}

export function viewRuns({ configuration, policy }: StateStore, runs: readonly Run[]): RunView[] {
  return configuration === null ? [] : runs.map((run) => viewRun(run, { policy, profile: configuration.profile }));
}

/** A question as its person sees it; null when there is none of that id, or its run is forgotten. */
export function askedQuestion(store: StateStore, id: QuestionId): AskedQuestion | null {
  const made = runOf(id);
  const run = made && store.run(made.issue, made.run);
  if (run === undefined || store.configuration === null) return null;
  return viewAsked(run, id, store.configuration.profile) ?? null;
}

/** Newest submission first: what is active, and what ended in the last days. */
export function recentTasks(
  { tasks }: StateStore,
  { status, capability, limit, before = Number.MAX_SAFE_INTEGER }: TaskFilter,
): TaskView[] {
  const active = [...tasks.active()].filter(
    (task) =>
      task.submittedAt < before &&
      (status === undefined || task.status === status) &&
      (capability === undefined || task.capability === capability),
  );
  const named = { ...(status === undefined ? {} : { status }), ...(capability === undefined ? {} : { capability }) };
  return [...active, ...tasks.ended({ ...named, before, limit })]
    .sort((a, b) => b.submittedAt - a.submittedAt)
    .slice(0, limit)
    .map((task) => viewTask(task, { full: false }));
}
