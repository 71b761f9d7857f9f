import type { EventBody } from "../events.ts";
import type { AgentId, EffectId, TaskId } from "../ids.ts";
import { parseRunRef } from "../ids.ts";
import type { Applied, InputOf } from "../inputs.ts";
import { isActive } from "../lifecycle/is-active.ts";
import type { Report, ReportBody } from "../protocol/frames.ts";
import { hasEnded, isSession, liveAttempt } from "../task/attempts.ts";
import type { Task, TaskSpec } from "../task/state.ts";
import type { TaskInput } from "../task/transition.ts";
import { effectDone } from "./route-effects.ts";
import { stepTask, submitOne } from "./task-steps.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

const applied: Applied = { status: "applied" };

/** Known ids are left as they are, so that a repeat submits nothing twice. */
export function submit(set: WorkingSet, specs: readonly TaskSpec[]): Applied {
  if (set.configuration?.closed) return { status: "refused", reason: "project-closed" };
  for (const spec of specs) submitOne(set, spec);
  return applied;
}

export function cancelTask(set: WorkingSet, input: InputOf<"task-cancelled">): Applied {
  const task = set.task(input.task);
  if (task === undefined) return ignoredAs("unknown-task");
  const reason = moveTask(set, task, { type: "cancelled", at: set.at, by: input.by });
  return reason === null ? applied : ignoredAs(reason);
}

/** Takes the reports above the highest number seen, in order; a stale one leaves its mark in the journal and changes nothing. */
export function receive(set: WorkingSet, { agent, journal, reports }: InputOf<"reports-received">): Applied {
  const known = set.lookup.reportsSeen(agent, journal);
  let seen = known;
  for (const report of reports) {
    if (report.seq <= seen) continue;
    seen = report.seq;
    take(set, agent, report);
  }
  if (seen === known) return ignoredAs("repeated");
  set.seen({ agent, journal, seq: seen });
  return applied;
}

function take(set: WorkingSet, agent: AgentId, { body }: Report): void {
  const task = set.task(body.taskId as TaskId);
  if (task === undefined) return markStale(set, agent, body, "unknown-task");
  const live = liveAttempt(task);
  const isLive = live?.number === body.attempt && live.agent === agent;
  if (body.type === "command-received") {
    const entry = set.effect(body.commandId as EffectId);
    if (entry?.effect.kind === "tell-session" && entry.effect.task === task.id && entry.effect.attempt === body.attempt)
      effectDone(set, entry.effect, { kind: "done" });
    return;
  }
  if (isSession(task)) {
    if (!isLive) return markStale(set, agent, body, "stale");
    if (body.type !== "task-accepted" && body.type !== "task-declined") tellReport(set, task, agent, body);
  }
  const input = taskInputOf(set, agent, body);
  if (input === null) return;
  const reason = moveTask(set, set.task(task.id) ?? task, input);
  if (reason !== null && reason !== "already-started") markStale(set, agent, body, reason);
}

function taskInputOf(set: WorkingSet, agent: AgentId, body: ReportBody): TaskInput | null {
  const by = { at: set.at, attempt: body.attempt, agent };
  switch (body.type) {
    case "task-accepted":
      return { ...by, type: "accepted" };
    case "task-declined":
      return { ...by, type: "declined", reason: body.reason };
    case "task-done":
      return { ...by, type: "done", result: body.result ?? null };
    case "parked":
      return { ...by, type: "done", result: { parked: body.questionId } };
    case "stopped":
      return { ...by, type: "done", result: { stopped: body.reason } };
    case "task-failed": {
      const { kind, message, until } = body;
      return { ...by, type: "failed", error: { kind, message, ...(until === undefined ? {} : { until }) } };
    }
    default:
      return null;
  }
}

function tellReport(set: WorkingSet, task: Task, agent: AgentId, body: ReportBody): void {
  const run = runOfTask(set, task);
  if (run === undefined) return;
  tellRun(set, run, { id: set.input.id, at: set.at, type: "session-report", agent, attempt: body.attempt, body });
}

export function declineHandover(set: WorkingSet, input: InputOf<"handover-declined">): Applied {
  const task = set.task(input.task);
  const live = task && liveAttempt(task);
  if (task === undefined || live?.number !== input.attempt) return staleInput(set, input.task);
  const reason = moveTask(set, task, { type: "declined", at: set.at, attempt: live.number, agent: live.agent, reason: input.reason });
  return reason === null ? applied : staleInput(set, input.task);
}

export function endAttempt(set: WorkingSet, input: InputOf<"attempt-ended">): Applied {
  const task = set.task(input.task);
  if (task === undefined) return staleInput(set, input.task);
  const by = { at: set.at, attempt: input.attempt, agent: input.agent };
  const { outcome } = input;
  const step: TaskInput =
    "done" in outcome ? { ...by, type: "done", result: outcome.done } : { ...by, type: "failed", error: outcome.failed };
  const reason = moveTask(set, task, step, { usd: input.usd, consulted: consultation(set, task, input) });
  return reason === null ? applied : staleInput(set, input.task);
}

export function loseContact(set: WorkingSet, { agent, since }: InputOf<"contact-lost">): Applied {
  for (const task of [...set.lookup.tasksOf(agent)]) moveTask(set, task, { type: "contact-lost", at: set.at, agent, since });
  return applied;
}

export function regainContact(set: WorkingSet, { agent }: InputOf<"contact-regained">): Applied {
  for (const task of [...set.lookup.tasksOf(agent)]) moveTask(set, task, { type: "contact-regained", at: set.at, agent });
  return applied;
}

export function passTaskTime(set: WorkingSet): void {
  for (const task of [...set.lookup.dueTasks(set.at)]) moveTask(set, set.task(task.id) ?? task, { type: "time-passed", at: set.at });
}

/** What the log says of a question to the architect; its texts stay out of it. */
function consultation(set: WorkingSet, task: Task, input: InputOf<"attempt-ended">): EventBody | undefined {
  if (input.seen === undefined) return undefined;
  const ref = task.run === undefined ? undefined : parseRunRef(task.run);
  const run = ref && set.run(ref.issue, ref.run);
  const question = run?.questions.find((one) => one.task === task.id || one.learning === task.id)?.id;
  const { attempt, agent, usd, seen, learnings = [] } = input;
  const data = {
    capability: task.capability,
    attempt,
    ...(question ? { question } : {}),
    seen,
    learnings,
    usd,
    ok: "done" in input.outcome,
  };
  return { type: "architect-consulted", ...ref, task: task.id, agent, data };
}

/** Moves the task and tells its run that it started or ended. The reason when the task ignored it, else null. */
function moveTask(
  set: WorkingSet,
  task: Task,
  input: TaskInput,
  { usd = 0, consulted }: { readonly usd?: number; readonly consulted?: EventBody | undefined } = {},
): string | null {
  const after = stepTask(set, task, input);
  if (typeof after === "string") return after;
  if (consulted) set.emit(consulted);
  if (task.run === undefined) return null;
  const run = runOfTask(set, task);
  if (run === undefined) return null;
  const base = { id: set.input.id, at: set.at, task: task.id };
  if (input.type === "accepted") tellRun(set, run, { ...base, type: "task-started", attempt: input.attempt, agent: input.agent });
  if (hasEnded(after)) {
    const outcome =
      after.status === "completed"
        ? { done: after.result ?? null }
        : { failed: after.error ?? { kind: "cancelled" as const, message: "cancelled" } };
    const agent = after.attempts.at(-1)?.agent ?? null;
    tellRun(set, run, { ...base, type: "task-ended", capability: task.capability, agent, usd, outcome });
  }
  return null;
}

/** An ended run hears of nothing but what was learned from its people. */
function runOfTask(set: WorkingSet, task: Task) {
  const ref = task.run === undefined ? undefined : parseRunRef(task.run);
  const run = ref && set.run(ref.issue, ref.run);
  return run && (isActive(run) || task.capability === "learn") ? run : undefined;
}

function markStale(set: WorkingSet, agent: AgentId, body: ReportBody, detail: string): void {
  const data = { reason: "stale", detail, report: body.type, attempt: body.attempt };
  set.emit({ type: "input-ignored", task: body.taskId as TaskId, agent, data });
}

function staleInput(set: WorkingSet, task: TaskId): Applied {
  set.emit({ type: "input-ignored", task, data: { reason: "stale", input: set.input.type } });
  return ignoredAs("stale");
}

function ignoredAs(reason: string): Applied {
  return { status: "ignored", reason };
}
