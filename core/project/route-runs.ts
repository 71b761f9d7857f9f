import { parseBranch } from "../ids.ts";
import type { Applied, CardObservation, InputOf } from "../inputs.ts";
import { roleOf } from "../lifecycle/columns.ts";
import { isActive } from "../lifecycle/is-active.ts";
import { runOf } from "../lifecycle/run-ids.ts";
import { filterCard, startRun } from "../lifecycle/start-run.ts";
import type { Run } from "../lifecycle/state.ts";
import { nextRunTimer } from "../lifecycle/timers.ts";
import { stopRuns } from "./mesh-state.ts";
import { contextOf, take, tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

const applied: Applied = { status: "applied" };

/** The card goes to the issue's run; without one, or when a person brings an ended one back to Todo, a new run starts if it may. */
export function observeCard(set: WorkingSet, input: InputOf<"card-observed">): Applied {
  if (set.configuration === null) return ignoredAs("not-configured");
  if (set.configuration.closed) return ignoredAs("project-closed");
  const { card } = input;
  const before = set.run(card.issue);
  if (before === undefined) return consider(set, card, undefined);
  const movedToTodo = isMoveToTodo(set, before, card);
  const reason = isActive(before) ? tellRun(set, before, input) : "run-ended";
  const after = set.run(card.issue) ?? before;
  if (isActive(after)) return outcome(reason);
  if (movedToTodo) return consider(set, card, after);
  if (!isActive(before) && card.column !== before.card.column) {
    set.putRun({ ...before, card });
    return applied;
  }
  return outcome(reason);
}

/** A person brought the card to Todo: it was elsewhere when last seen or asked, and was read after our own last move. */
function isMoveToTodo(set: WorkingSet, run: Run, card: CardObservation): boolean {
  if (roleOf(card.column, set.policy) !== "todo") return false;
  if (run.column.pending !== null || card.observedAt < run.column.settledAt) return false;
  if (!isActive(run) && run.endedAt !== undefined && card.observedAt < run.endedAt) return false;
  return run.column.asked !== "todo" || roleOf(run.card.column, set.policy) !== "todo";
}

function consider(set: WorkingSet, card: CardObservation, earlier: Run | undefined): Applied {
  const filtered = set.lookup.filtered(card.issue);
  if (roleOf(card.column, set.policy) !== "todo") {
    set.unfilter(card.issue);
    return ignoredAs("not-in-todo");
  }
  const reason = filterCard(card, set.policy);
  if (reason !== null) {
    if (filtered?.reason !== reason) {
      set.filter({ issue: card.issue, reason, title: card.title, at: set.at });
      set.emit({ type: "card-filtered", issue: card.issue, data: { reason, title: card.title } });
    }
    return { status: "ignored", reason: "filtered", detail: reason };
  }
  set.unfilter(card.issue);
  return begin(set, card, earlier);
}

function begin(set: WorkingSet, card: CardObservation, earlier: Run | undefined): Applied {
  const context = contextOf(set, earlier === undefined ? 0 : earlier.spend.usd + earlier.spend.earlierUsd);
  if (context === undefined) return ignoredAs("not-configured");
  if (set.configuration?.closed) return refusedAs("project-closed");
  const number = Math.max(earlier?.run ?? 0, set.configuration?.formerRuns ?? 0) + 1;
  const started = startRun(card, number, context, set.at, earlier);
  take(set, started);
  stopRuns(set, [started.state]);
  return applied;
}

export function loseCard(set: WorkingSet, input: InputOf<"card-gone">): Applied {
  set.unfilter(input.issue);
  return toActive(set, input.issue, (run) => tellRun(set, run, input));
}

export function observeComment(set: WorkingSet, input: InputOf<"comment-observed">): Applied {
  return toActive(set, input.issue, (run) => tellRun(set, run, input));
}

export function observePull(set: WorkingSet, input: InputOf<"pull-request-observed">): Applied {
  return toBranch(set, input.pull.branch, (run) => tellRun(set, run, input));
}

export function observeBranch(set: WorkingSet, input: InputOf<"branch-observed">): Applied {
  return toBranch(set, input.branch, (run) => tellRun(set, run, input));
}

/** An ended run is started anew by `retry`; everything else goes to the active one. */
export function command(set: WorkingSet, input: InputOf<"operator-commanded">): Applied {
  const run = set.run(input.issue);
  if (run === undefined) return refusedAs("unknown-run");
  if (isActive(run)) {
    const reason = tellRun(set, run, input);
    return reason === null ? applied : refusedAs(reason);
  }
  if (input.command !== "retry") return refusedAs("run-ended");
  const data = { command: input.command, by: input.by, reason: input.reason };
  set.emit({ type: "operator-commanded", issue: run.issue, run: run.run, data });
  return begin(set, run.card, run);
}

/** A second answer is kept with its question and says what was answered before. */
export function answer(set: WorkingSet, input: InputOf<"human-answered">): Applied {
  const made = runOf(input.question);
  const run = made && set.run(made.issue, made.run);
  const question = run?.questions.find(({ id }) => id === input.question);
  if (run === undefined || question === undefined) return refusedAs("unknown-question");
  const reason = tellRun(set, run, input);
  if (question.status === "answered")
    return { status: "ignored", reason: "already-answered", detail: question.answer?.answers.join("\n") ?? "" };
  if (question.status === "withdrawn") return { status: "ignored", reason: "withdrawn", detail: question.withdrawnBecause ?? "" };
  return outcome(reason);
}

export function passRunTime(set: WorkingSet): void {
  const due = [...set.lookup.activeRuns()].filter((run) => (nextRunTimer(run) ?? Number.POSITIVE_INFINITY) <= set.at);
  for (const run of due) tellRun(set, set.run(run.issue, run.run) ?? run, { id: set.input.id, at: set.at, type: "time-passed" });
}

function toActive(set: WorkingSet, issue: number, tell: (run: Run) => string | null): Applied {
  const run = set.run(issue);
  if (run === undefined || !isActive(run)) return ignoredAs("no-active-run");
  return outcome(tell(run));
}

/** The branch names the run; one of an older run is stale. */
function toBranch(set: WorkingSet, branch: string, tell: (run: Run) => string | null): Applied {
  const named = parseBranch(branch);
  const run = named && set.run(named.issue);
  if (named === undefined || run === undefined) return ignoredAs("not-of-a-run");
  if (run.run !== named.run || !isActive(run)) return ignoredAs("stale");
  return outcome(tell(run));
}

function outcome(reason: string | null): Applied {
  return reason === null ? applied : ignoredAs(reason);
}

function ignoredAs(reason: string): Applied {
  return { status: "ignored", reason };
}

function refusedAs(reason: string): Applied {
  return { status: "refused", reason };
}
