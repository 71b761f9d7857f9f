import { isDeepStrictEqual } from "node:util";
import type { ProjectInput } from "../../core/inputs.ts";
import { columnOf } from "../../core/lifecycle/columns.ts";
import { isActive, isOpen, takesTurn } from "../../core/lifecycle/is-active.ts";
import { isHalted, isPaused } from "../../core/lifecycle/phases.ts";
import type { Run } from "../../core/lifecycle/state.ts";
import { leftNoTrace, type ProjectChange } from "../../core/project/lookup.ts";
import { hasEnded, isSession, liveAttempt } from "../../core/task/attempts.ts";
import { InMemoryProject } from "./in-memory-project.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** One step of a history: the project before, the input, what it changed, the world after. */
export interface Observed {
  readonly before: InMemoryProject;
  readonly input: ProjectInput;
  readonly change: ProjectChange;
  readonly world: SimulatedWorld;
}

type Check = (observed: Observed) => string | undefined;
const refOf = (run: { readonly issue: number; readonly run: number }) => `${run.issue}.${run.run}`;

/** 1. Terminal runs emit nothing more, except to a new run. */
function terminalRunsAreSilent({ before, change }: Observed): string | undefined {
  for (const run of before.runs) {
    if (isActive(run)) continue;
    const ref = refOf(run);
    const after = change.runs.find((one) => refOf(one) === ref);
    if (after && (isActive(after) || after.phase !== run.phase || after.counter !== run.counter))
      return `${ref} moved on from ${run.phase}`;
    if (change.outboxAdd.some((effect) => effect.issue === run.issue && effect.run === run.run))
      return `${ref} asked for an effect after its end`;
    if (change.tasks.some((task) => task.run === ref && before.task(task.id) === undefined)) return `${ref} submitted a task after its end`;
  }
  return undefined;
}

/** 2. No counter passes its budget; questions leave all counters as they were. */
function countersKeepTheirBudget({ before, input, change, world }: Observed): string | undefined {
  for (const run of change.runs) {
    const budget = run.budgetLabel ?? world.project.policy.retryBudget;
    for (const [name, spent] of Object.entries(run.cycles))
      if (spent > budget) return `${refOf(run)} spent ${spent} of ${budget} ${name} cycles`;
    const old = before.run(run.issue, run.run);
    if (!old || isDeepStrictEqual(old.cycles, run.cycles)) continue;
    const asked = input.type === "human-answered" ? old.questions.find((question) => question.id === input.question) : undefined;
    // "Go on" counts tests as passed: what the review then finds is no matter of the question.
    if (asked && asked.purpose !== "plan-approval" && input.type === "human-answered" && !input.answers.includes("Go on"))
      return `${refOf(run)} spent a cycle on a ${asked.purpose} question`;
    if (input.type === "reports-received" && input.reports.every(({ body }) => body.type === "ask" || body.type === "parked"))
      return `${refOf(run)} spent a cycle on asking`;
    if (input.type === "reports-received" && input.reports.every(({ body }) => body.type === "task-failed"))
      return `${refOf(run)} spent a cycle on a broken session`;
  }
  return undefined;
}

/** 3. A run has at most one live session, an issue at most one live run and one open pull request. */
function oneOfEach({ world }: Observed): string | undefined {
  const { project, github } = world;
  for (const issue of world.issues) {
    if (project.activeRuns().filter((run) => run.issue === issue).length > 1) return `#${issue} has two live runs`;
    if (github.openPulls(issue).length > 1) return `#${issue} has two open pull requests`;
  }
  for (const run of project.activeRuns()) {
    const { wait, session } = run;
    const awaited = wait.for === "slot" || wait.for === "session" ? wait.task : null;
    if (session.task !== awaited) return `${refOf(run)} waits for ${wait.for} with the session's task ${session.task}`;
  }
  const sessions = project.tasks.filter((task) => isSession(task) && !hasEnded(task));
  for (const task of sessions) {
    const ref = task.run ?? "";
    if (sessions.some((other) => other !== task && other.run === ref)) return `${ref} has two live sessions`;
    const run = project.runs.find((one) => refOf(one) === ref);
    if (!run || run.session.task !== task.id) return `the session task ${task.id} belongs to no run's session`;
  }
  return undefined;
}

/** 4. An answer reaches only the question it was given for, at most once; a second answer is recorded as late. */
function answersFitTheirQuestion({ before, input, change, world }: Observed): string | undefined {
  for (const run of change.runs)
    for (const old of before.run(run.issue, run.run)?.questions ?? []) {
      const now = run.questions.find(({ id }) => id === old.id);
      if (!now) return `question ${old.id} vanished`;
      if (old.answer && !isDeepStrictEqual(old.answer, now.answer)) return `question ${old.id} was answered twice`;
      if (old.status !== "with-architect" && now.status === "with-architect") return `question ${old.id} went back to the architect`;
      if (!isOpen(old) && isOpen(now)) return `question ${old.id} was opened again`;
      const settled = change.outboxAdd.filter(
        (effect) => effect.kind === "settle-notice" && effect.question === old.id && effect.state !== "applied",
      );
      if (settled.length !== (old.status === "with-human" && !isOpen(now) ? 1 : 0))
        return `people were told ${settled.length} times that question ${old.id} is settled`;
      if (
        old.answer &&
        input.type === "human-answered" &&
        input.question === old.id &&
        now.late.length !== Math.min(20, old.late.length + 1)
      )
        return `a late answer to ${old.id} was not kept`;
    }
  for (const effect of change.outboxAdd) {
    if (effect.kind !== "tell-session" || effect.command.type !== "answer") continue;
    const { questionId, askId, answers } = effect.command;
    const question = world.project.runs.flatMap((run) => run.questions).find(({ id }) => id === questionId);
    if (!question || question.asker?.askId !== askId || question.asker.task !== effect.task)
      return `an answer went to an asking that is not its own`;
    if (!isDeepStrictEqual(question.answer?.answers, answers)) return `another answer than the given one was told`;
  }
  for (const [asking, given] of world.runner.answers) if (given.size > 1) return `${asking} was answered in two ways`;
  return undefined;
}

/** 5. A non-terminal run always awaits something that can still happen. */
function somethingIsAwaited({ world }: Observed): string | undefined {
  const { project } = world;
  for (const run of project.activeRuns()) {
    const why = stuck(run, world);
    if (why !== undefined) return `${refOf(run)} (${run.phase}, ${JSON.stringify(run.wait)}, holds ${JSON.stringify(run.holds)}): ${why}`;
  }
  return undefined;
}

function stuck(run: Run, { project }: SimulatedWorld): string | undefined {
  const open = (id: string) => run.questions.some((question) => question.id === id && isOpen(question));
  for (const question of run.questions) {
    if (question.status !== "with-architect") continue;
    const task = question.task && project.task(question.task);
    if (!task || hasEnded(task)) return `question ${question.id} is with an architect that has ended`;
  }
  for (const hold of run.holds) {
    if (hold.kind === "quota" && run.timers.quota === undefined) return "the quota hold has no timer";
    if (hold.kind === "day" && run.timers.day === undefined) return "the day's hold has no timer";
    if (hold.kind === "mesh-day" && run.timers["mesh-day"] === undefined) return "the mesh-day hold has no timer";
    if ((hold.kind === "question" || hold.kind === "budget") && !open(hold.question)) return `held by the closed question ${hold.question}`;
    if (hold.kind === "effect" && !run.questions.some((question) => question.effect === hold.effect && isOpen(question)))
      return "held by an effect that nobody is asked about";
  }
  if (run.questions.some(({ status }) => status === "with-human") && run.timers.reminder === undefined)
    return "nobody is reminded of its question";
  const { wait } = run;
  const decides = run.questions.some((question) => isOpen(question) && question.purpose === "decision");
  switch (wait.for) {
    case "turn":
      return isHalted(run) || project.activeRuns().filter(takesTurn).length >= project.policy.maxActiveRuns
        ? undefined
        : "there is room, and it has no turn";
    case "guidance":
    case "plan-review":
    case "test-evaluation":
    case "slot":
    case "session": {
      const task = project.task(wait.task);
      return (task && !hasEnded(task)) || (decides && wait.for !== "session") ? undefined : "its task has ended";
    }
    case "plan-approval":
      return open(wait.question) ? undefined : "the question is closed";
    case "pull-request":
      return project.effect(wait.effect) || decides ? undefined : "the effect is gone";
    case "merge":
      return wait.effect === null || project.effect(wait.effect) || decides ? undefined : "the effect is gone";
    case "deployment":
    case "smoke-test":
      return (wait.effect && project.effect(wait.effect)) || run.timers.deployment !== undefined ? undefined : "neither check nor timer";
    case "start":
      return run.holds.length > 0 || run.timers.start !== undefined ? undefined : "nothing starts it";
    case "nothing":
      return run.questions.some(isOpen) ? undefined : "nothing is awaited";
    case "checks":
      return undefined;
  }
}

/** 6. When nothing is pending and not paused, the last card move asked for equals `column(phase)`. */
function cardFollowsPhase({ world }: Observed): string | undefined {
  for (const run of world.project.runs) {
    const role = columnOf(run.phase);
    if (role === null || run.column.pending !== null || isPaused(run)) continue;
    if (run.column.asked !== role) return `${refOf(run)} in ${run.phase} has asked for ${run.column.asked}`;
  }
  return undefined;
}

const idempotent: readonly ProjectInput["type"][] = [
  "card-observed",
  "card-gone",
  "comment-observed",
  "pull-request-observed",
  "branch-observed",
  "tasks-submitted",
  "reports-received",
  "attempt-ended",
  "contact-lost",
  "contact-regained",
  "effect-done",
  "time-passed",
  "handover-declined",
  "project-configured",
  "mesh-state-changed",
];

/** 8. Applying any input twice equals applying it once: by its id, and for facts of the world under any id. */
function twiceIsOnce({ input, change, world }: Observed): string | undefined {
  const { project } = world;
  if (!leftNoTrace(change)) {
    const events = project.events.length;
    project.apply(input);
    if (project.events.length !== events) return `the id ${input.id} was applied twice`;
  }
  if (!idempotent.includes(input.type)) return undefined;
  const again = project.consider({ ...input, id: `${input.id}-again` });
  if (again.outboxAdd.length > 0) return `${input.type} again asks for ${again.outboxAdd.map(({ kind }) => kind).join()}`;
  const moved = again.runs.find((run) => !isDeepStrictEqual(run, project.run(run.issue, run.run)));
  if (moved) return `${input.type} again changes ${refOf(moved)}`;
  const task = again.tasks.find((one) => !isDeepStrictEqual(one, project.task(one.id)));
  return task ? `${input.type} again changes ${task.id}` : undefined;
}

/** 9. Inputs of an older run or attempt change nothing but the journal. */
function staleChangesNothing({ before, input, change }: Observed): string | undefined {
  const changes = change.runs.length + change.outboxAdd.length + change.tasks.length;
  if (input.type === "reports-received") {
    const live = input.reports.some(({ body }) => {
      const task = before.tasks.find((one) => one.id === body.taskId);
      return (
        body.type === "command-received" || (task && liveAttempt(task)?.number === body.attempt && liveAttempt(task)?.agent === input.agent)
      );
    });
    return !live && changes > 0 ? "reports of an older attempt changed something" : undefined;
  }
  if (input.type === "effect-done" && !before.effect(input.effect)) return changes > 0 ? "a finished effect changed something" : undefined;
  if (input.type === "pull-request-observed" || input.type === "branch-observed") {
    const branch = input.type === "branch-observed" ? input.branch : input.pull.branch;
    const latest = before.runs.findLast((run) => run.branch.split(".")[0] === branch.split(".")[0]);
    return latest && latest.branch !== branch && changes > 0 ? `${branch} of an older run changed something` : undefined;
  }
  return undefined;
}

const keepsBack: ReadonlySet<Run["holds"][number]["kind"]> = new Set(["stopped", "paused", "budget", "quota", "mesh-day", "day"]);

/** 10. No session starts while the mesh is stopped, while paused, out of budget, parked for quota, or over the concurrency limits. */
function nothingStartsWhileHeld({ before, change, world }: Observed): string | undefined {
  const { project } = world;
  for (const run of project.activeRuns()) {
    if (run.wait.for !== "slot") continue;
    const held = run.holds.find(({ kind }) => keepsBack.has(kind));
    if (held) return `${refOf(run)} waits for a slot under the hold ${held.kind}`;
    const { perIssueUsd } = project.policy.budget;
    if (run.spend.usd + run.spend.earlierUsd >= perIssueUsd + run.spend.allowedMore) return `${refOf(run)} waits for a slot without money`;
  }
  const stopped = project.configuration?.meshState?.stopped ?? null;
  for (const run of project.activeRuns())
    if (run.holds.some(({ kind }) => kind === "stopped") !== (stopped !== null)) return `${refOf(run)} does not stand as the mesh does`;
  const begun = change.runs.some((run) => run.wait.for === "guidance" && before.run(run.issue, run.run)?.wait.for !== "guidance");
  if (begun && stopped !== null) return "a run got its turn while the mesh stands still";
  if (begun && project.activeRuns().filter(takesTurn).length > project.policy.maxActiveRuns) return "a run got its turn over maxActiveRuns";
  for (const [agent, live] of project.busy()) if (agent === "laptop" && live > 2) return "an agent has more attempts than slots";
  return undefined;
}

/** The invariants that hold after each input, by their numbers in docs/state-machines.md. */
export const checks: Readonly<Record<number, Check>> = {
  1: terminalRunsAreSilent,
  2: countersKeepTheirBudget,
  3: oneOfEach,
  4: answersFitTheirQuestion,
  5: somethingIsAwaited,
  6: cardFollowsPhase,
  8: twiceIsOnce,
  9: staleChangesNothing,
  10: nothingStartsWhileHeld,
};

/** 7. Replaying the journaled inputs from an empty state gives the stored state and the same events. */
export function replayDiffers(project: InMemoryProject): string | undefined {
  const replayed = new InMemoryProject();
  for (const input of project.inputs) replayed.apply(input);
  if (!isDeepStrictEqual(plain(replayed.events), plain(project.events))) return "the events differ";
  return isDeepStrictEqual(plain(replayed.stored), plain(project.stored)) ? undefined : "the state differs";
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
