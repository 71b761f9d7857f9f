import type { Effect } from "../core/effects.ts";
import type { JournalEvent } from "../core/events.ts";
import type { AgentId, ProjectKey } from "../core/ids.ts";
import type { OnboardingView } from "../core/onboarding/view.ts";
import type { AgentResult } from "../core/pool/history.ts";
import type { LiveMessage, RunView } from "../core/project/views.ts";
import type { Task } from "../core/task/state.ts";
import type { AttemptRef } from "./agent-mailbox-work.ts";

/** What a commit leaves to be said outside once it stands. */
export interface Outgoing {
  /** Tasks whose live attempt is to be handed over, or again. */
  readonly handovers: readonly Task[];
  /** Attempts taken back from their agents. */
  readonly revoked: readonly (AttemptRef & { readonly agent: AgentId })[];
  readonly effects: readonly Effect[];
  readonly live: readonly LiveMessage[];
  readonly results: readonly AgentResult[];
  readonly grown: boolean;
}

/** Attempts that say something of their agent; declined and cancelled ones do not. */
const telling = new Set<unknown>(["completed", "failed", "timed-out", "lost"]);
const changesProject = new Set<string>(["project-configured", "project-closed", "mesh-stopped", "mesh-started", "card-filtered"]);
/** The mesh ended these, so the agent may still work on them. */
const endedByMesh = new Set<unknown>(["cancelled", "timed-out", "lost"]);

/** Reads from a commit's events what others are to be told. */
export function outgoingOf(
  project: ProjectKey,
  events: readonly JournalEvent[],
  handovers: readonly Task[],
  effects: readonly Effect[],
): Outgoing {
  const revoked: (AttemptRef & { agent: AgentId })[] = [];
  const results: AgentResult[] = [];
  const live: LiveMessage[] = [];
  let tasksSeq = 0;
  let projectSeq = 0;
  for (const { seq, at, type, task, agent, data } of events) {
    if (type === "run-changed") live.push({ type: "run-changed", seq, run: data["view"] as RunView });
    if (type === "onboarding-changed") live.push({ type: "onboarding-changed", seq, onboarding: data["view"] as OnboardingView });
    if (changesProject.has(type)) projectSeq = seq;
    if (task === undefined) continue;
    tasksSeq = seq;
    if (type !== "attempt-ended" || agent === undefined) continue;
    const { status, capability } = data;
    if (endedByMesh.has(status)) revoked.push({ agent, taskId: task, attempt: Number(data["attempt"]) });
    if (telling.has(status)) results.push({ agent, capability: String(capability), ok: status === "completed", at, seq });
  }
  if (tasksSeq > 0) live.push({ type: "tasks-changed", project, seq: tasksSeq });
  if (projectSeq > 0) live.push({ type: "project-changed", project, seq: projectSeq });
  return { handovers, revoked, effects, live, results, grown: events.length > 0 };
}
