import { isNotice } from "../effects.ts";
import type { Effect } from "../effects.ts";
import type { EffectId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { OutboxEntry } from "./lookup.ts";

/**
 * An effect is given up after this many failures, this many while the service is away (with the default backoff about 90 minutes), or
 * this many when it is what people are told (about a day: nobody else tells them).
 */
const mostTries = { ofItself: 8, ofAnOutage: 24, ofANotice: 300 } as const;
/** The outside service's own trouble, which passes. */
const outages: ReadonlySet<string> = new Set(["unavailable", "unreachable", "timeout", "rate-limited", "quota"]);
/** Faults of settings, which somebody mends. */
const mendable: ReadonlySet<string> = new Set(["authentication", "configuration", "unexpected-answer"]);

/** Whether an effect that has failed so often is tried again after a failure of this code. `retryable` = what the outside service's client says. */
export function worthAnotherTry(effect: Effect, tries: number, failure: { readonly code: string; readonly retryable: boolean }): boolean {
  const { code, retryable } = failure;
  // The mesh's own sum: nobody is asked about it, and what is not reported is missing from it.
  if (effect.kind === "report-spend") return true;
  if (isNotice(effect)) return (retryable || mendable.has(code)) && tries < mostTries.ofANotice;
  return retryable && tries < (outages.has(code) ? mostTries.ofAnOutage : mostTries.ofItself);
}

/**
 * The effects that may be carried out now, in the order they were decided: of those with one `orderKey` only the first unfinished. An
 * effect that waits out a failure holds back those behind it.
 */
export function outboxReady(entries: Iterable<OutboxEntry>, at: Moment): OutboxEntry[] {
  const taken = new Set<string>();
  const ready: OutboxEntry[] = [];
  for (const entry of entries) {
    if (taken.has(entry.effect.orderKey)) continue;
    taken.add(entry.effect.orderKey);
    if (entry.notBefore <= at) ready.push(entry);
  }
  return ready;
}

/** Of several entries the earliest moment after `at` at which one becomes ready by time alone. */
export function nextOutboxTimer(entries: Iterable<OutboxEntry>, at: Moment): { readonly id: EffectId; readonly at: Moment } | undefined {
  const taken = new Set<string>();
  let next: { id: EffectId; at: Moment } | undefined;
  for (const { effect, notBefore } of entries) {
    if (taken.has(effect.orderKey)) continue;
    taken.add(effect.orderKey);
    if (notBefore > at && (next === undefined || notBefore < next.at)) next = { id: effect.id, at: notBefore };
  }
  return next;
}
