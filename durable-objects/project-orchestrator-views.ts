import { parseRunRef } from "../core/ids.ts";
import type { AgentId, QuestionId, TaskId } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { runOf } from "../core/lifecycle/run-ids.ts";
import { isMeshDaySpent } from "../core/lifecycle/mesh-day.ts";
import type { Run } from "../core/lifecycle/state.ts";
import { viewAsked, viewRun } from "../core/lifecycle/view.ts";
import type { Policy } from "../core/policy.ts";
import { explainWaiting } from "../core/pool/explain-waiting.ts";
import type { Configuration } from "../core/project/lookup.ts";
import { meshDayOf } from "../core/project/mesh-cap.ts";
import type { AskedQuestion, ProjectView, RunView, TaskView } from "../core/project/views.ts";
import { runnerCapabilities } from "../core/protocol/runner-work.ts";
import { sessionOfRun } from "../core/sessions/session-of-run.ts";
import { liveAttempt } from "../core/task/attempts.ts";
import type { TaskStatus } from "../core/task/state.ts";
import { viewTask } from "../core/task/view.ts";
import type { Moment } from "../core/time.ts";
import type { WaitingSessions } from "./agent-mailbox-status.ts";
import type { MeshSettings } from "./settings.ts";
import { now } from "../platform/clock.ts";
import type { Candidates } from "./project-orchestrator-candidates.ts";
import type { StateStore } from "./state-store.ts";

const endedRunsShown = 20;

/** What a person or program asks of the task list. */
export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly capability?: string;
  readonly limit: number;
  /** Some attempt of it was this agent's. */
  readonly agent?: AgentId;
  /** Submitted at this moment or later. */
  readonly since?: Moment;
  /** Submitted before this moment; at this moment, when its id is lower. */
  readonly before?: { readonly at: Moment; readonly id: string };
}

/** What an attempt may do with its project's repository. */
export interface RepositoryAccess {
  readonly cloneUrl: string;
  /** The only branch it may push to; null: none. */
  readonly branch: string | null;
  readonly profile: ProjectProfile;
}

/** What this attempt of this agent may do, while it is live: one of a run clones and pushes, a trial clones; others may do nothing. */
export function repositoryAccess(store: StateStore, id: TaskId, attempt: number, agent: AgentId): RepositoryAccess | null {
  const task = store.task(id);
  const live = task && liveAttempt(task);
  if (store.configuration === null || task === undefined || live?.number !== attempt || live.agent !== agent) return null;
  const { profile } = store.configuration;
  const { cloneUrl } = profile;
  if (task.run === undefined) return task.capability === runnerCapabilities.trial ? { cloneUrl, branch: null, profile } : null;
  const ref = parseRunRef(task.run);
  const run = ref && store.run(ref.issue, ref.run);
  return run === undefined ? null : { cloneUrl, branch: run.branch, profile };
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
  readonly formerRuns: number;
  /** The number of the journal's newest event. */
  readonly seq: number;
}

export function outlookOf(store: StateStore, seq: number): Outlook {
  const { configuration, policy } = store;
  const told = configuration && toldOf(configuration);
  return { policy, runs: recentRuns(store), told, formerRuns: configuration?.formerRuns ?? 0, seq };
}

function toldOf(configuration: Configuration): MeshSettings {
  const { meshOverrides: overrides, meshState = { n: 0, stopped: null } } = configuration;
  const day = meshDayOf(configuration);
  return { overrides, meshState, spent: isMeshDaySpent(day, now()) ? { day: day.day, usd: day.usd } : null };
}

/** Active runs, then the most recently ended ones. */
export function recentRuns(store: StateStore): RunView[] {
  return viewRuns(store, [...store.activeRuns(), ...store.endedRuns(endedRunsShown)]);
}

export function viewRuns({ configuration, policy }: StateStore, runs: readonly Run[]): RunView[] {
  return configuration === null ? [] : runs.map((run) => viewRun(run, { policy, profile: configuration.profile }));
}

/** How many sessions of an agent wait for an answer, with and without a process. */
export function waitingSessionsOf(store: StateStore, agent: AgentId): WaitingSessions {
  const own = [...store.activeRuns()].filter(({ session }) => session.agent === agent);
  const states = viewRuns(store, own).map((run) => sessionOfRun(run, now())?.state);
  return { asking: states.filter((state) => state === "asking").length, parked: states.filter((state) => state === "parked").length };
}

/** A question as its person sees it; null when there is none of that id, or its run is forgotten. */
export function askedQuestion(store: StateStore, id: QuestionId): AskedQuestion | null {
  const made = runOf(id);
  const run = made && store.run(made.issue, made.run);
  if (run === undefined || store.configuration === null) return null;
  return viewAsked(run, id, store.configuration.profile) ?? null;
}

/** A task with payload and result, and why it waits if it does; null when it is unknown, or ended longer ago than is kept. */
export async function wholeTask(store: StateStore, candidates: Candidates, id: TaskId): Promise<TaskView | null> {
  const task = store.task(id);
  if (task === undefined) return null;
  const view = viewTask({ ...task, payload: store.tasks.payloadOf(task) }, { full: true });
  if (task.status !== "pending" && task.status !== "dispatched") return view;
  const able = await candidates.lookUp(task.capability, now());
  const explain = able && explainWaiting(task, able, store.busy(), now());
  return explain ? { ...view, explain } : view;
}

/** Newest submission first: what is active, and what ended in the last days. */
export function recentTasks({ tasks }: StateStore, filter: TaskFilter): TaskView[] {
  const { status, capability, agent, limit, since = 0, before = { at: Number.MAX_SAFE_INTEGER, id: "" } } = filter;
  const active = [...tasks.active()].filter(
    (task) =>
      task.submittedAt >= since &&
      (task.submittedAt < before.at || (task.submittedAt === before.at && task.id < before.id)) &&
      (status === undefined || task.status === status) &&
      (capability === undefined || task.capability === capability) &&
      (agent === undefined || task.attempts.some((attempt) => attempt.agent === agent)),
  );
  return [...active, ...tasks.ended({ ...filter, since, before })]
    .sort(newestFirst)
    .slice(0, limit)
    .map((task) => viewTask(task, { full: false }));
}

/** By submission, newest first; those of the same moment by their ids. */
export function newestFirst(one: Pick<TaskView, "submittedAt" | "id">, other: Pick<TaskView, "submittedAt" | "id">): number {
  return other.submittedAt - one.submittedAt || (one.id < other.id ? 1 : -1);
}
