import type { Effect, EffectResult } from "../effects.ts";
import type { Applied, InputOf } from "../inputs.ts";
import { isActive } from "../lifecycle/is-active.ts";
import type { Run } from "../lifecycle/state.ts";
import { backoffMs } from "../task/backoff.ts";
import { worthAnotherTry } from "./outbox.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

/** An effect was carried out: it leaves the outbox and its run hears the result. */
export function finish(set: WorkingSet, { effect: id, result }: InputOf<"effect-done">): Applied {
  const entry = set.effect(id);
  if (entry === undefined) return { status: "ignored", reason: "stale" };
  effectDone(set, entry.effect, result);
  return { status: "applied" };
}

export function effectDone(set: WorkingSet, effect: Effect, result: EffectResult): void {
  set.finishEffect(effect);
  const run = runOfEffect(set, effect);
  if (run === undefined) return;
  settleLastMove(set, run, effect);
  tellRun(set, run, { id: set.input.id, at: set.at, type: "effect-done", effect, result });
}

/** An ended run hears nothing more; that its last move has come to its end still tells a person's move from ours. */
function settleLastMove(set: WorkingSet, run: Run, effect: Effect): void {
  if (isActive(run) || run.column.pending !== effect.id) return;
  set.putRun({ ...run, column: { ...run.column, pending: null, settledAt: set.at } });
}

/** Tried again after the time the outside named, else after the backoff; given up when that cannot help, or has not for too often. */
export function fail(set: WorkingSet, input: InputOf<"effect-failed">): Applied {
  const entry = set.effect(input.effect);
  if (entry === undefined) return { status: "ignored", reason: "stale" };
  const { effect } = entry;
  const { code, message } = input;
  const tries = entry.tries + 1;
  if (worthAnotherTry(effect, tries, input)) {
    const backoff = set.at + backoffMs(tries, set.policy.backoff);
    set.retryEffect(effect, tries, Math.max(backoff, input.retryAt ?? 0), code, message);
    tellDelay(set, effect, message);
    return { status: "applied" };
  }
  set.giveUpEffect(effect, code, message);
  const run = runOfEffect(set, effect);
  if (run === undefined) return { status: "applied" };
  settleLastMove(set, run, effect);
  tellRun(set, run, { id: set.input.id, at: set.at, type: "effect-gave-up", effect, code, message });
  return { status: "applied" };
}

/** That people were not told of a question yet is seen with its run. */
function tellDelay(set: WorkingSet, effect: Effect, message: string): void {
  const run = effect.kind === "ask-human" ? runOfEffect(set, effect) : undefined;
  if (run !== undefined) tellRun(set, run, { id: set.input.id, at: set.at, type: "effect-delayed", effect, message });
}

function runOfEffect(set: WorkingSet, effect: Effect): Run | undefined {
  return effect.issue === null || effect.run === null ? undefined : set.run(effect.issue, effect.run);
}
