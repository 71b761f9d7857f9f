import type { Effect } from "../core/effects.ts";
import type { EffectId } from "../core/ids.ts";
import type { OutboxEntry, ProjectChange } from "../core/project/lookup.ts";
import { outboxReady } from "../core/project/outbox.ts";
import { readOutboxEntry } from "../core/snapshot.ts";
import { minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import type { CountedSql } from "./counted-sql.ts";

/** An effect that was sent and not heard of is sent again; each time after twice as long, at most this. */
const mostOverdueMs = 10 * minuteMs;

/** An entry with what only the sender cares for; the core's decisions do not depend on it. */
interface Sent extends OutboxEntry {
  readonly sends: number;
  /** When it is looked at again; null while it waits behind another. */
  readonly nextAt: Moment | null;
  /** A consumer has taken it; its lease ends at `nextAt`. */
  readonly claimed: boolean;
}

interface OutboxRow extends Record<string, SqlStorageValue> {
  id: string;
  n: number;
  tries: number;
  not_before: number;
  sends: number;
  next_at: number | null;
  claimed: number;
  effect: string;
}

/**
 * Effects decided and not yet done. A row is written when the effect is decided and goes when its result has come; the next sending is
 * written along with it, before it happens, so that a queue message is never the only record of anything.
 */
export class Outbox {
  readonly #sql: CountedSql;
  #entries = new Map<EffectId, Sent>();
  #new = new Set<EffectId>();
  #dirty = new Set<EffectId>();
  #gone = new Set<EffectId>();
  #lastN = 0;

  constructor(sql: CountedSql) {
    this.#sql = sql;
  }

  load(): void {
    const rows = this.#sql.all<OutboxRow>("SELECT * FROM outbox ORDER BY n");
    this.#entries = new Map();
    this.#new = new Set();
    this.#dirty = new Set();
    this.#gone = new Set();
    for (const row of rows) {
      const entry = readOutboxEntry(`{"effect":${row.effect},"n":${row.n},"tries":${row.tries},"notBefore":${row.not_before}}`);
      if (!entry.ok) continue;
      const id = row.id as EffectId;
      this.#entries.set(id, { ...entry.value, sends: row.sends, nextAt: row.next_at, claimed: row.claimed === 1 });
    }
    this.#lastN = rows.at(-1)?.n ?? 0;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: EffectId): OutboxEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): Iterable<OutboxEntry> {
    return this.#entries.values();
  }

  /** Unfinished commands to one attempt's agent. */
  *tellsTo(agent: string): Iterable<Extract<Effect, { kind: "tell-session" }>> {
    for (const { effect } of this.#entries.values()) if (effect.kind === "tell-session" && effect.agent === agent) yield effect;
  }

  take(change: ProjectChange): void {
    for (const effect of change.outboxAdd) {
      this.#lastN += 1;
      this.#new.add(effect.id);
      this.#set({ effect, n: this.#lastN, tries: 0, notBefore: 0, sends: 0, nextAt: null, claimed: false });
    }
    for (const { id, tries, at } of change.outboxRetry) {
      const entry = this.#entries.get(id);
      if (entry) this.#set({ ...entry, tries, notBefore: at, nextAt: at, claimed: false });
    }
    for (const id of change.outboxRemove) {
      this.#entries.delete(id);
      this.#dirty.delete(id);
      if (!this.#new.delete(id)) this.#gone.add(id);
    }
  }

  /**
   * The effects to be sent now: those whose turn has come, and those overdue that no consumer has taken. They count as sent, so that the
   * commit that decided them also holds when they are looked at again, first after `overdueMs`. Call it in the transaction, send after it.
   */
  release(at: Moment, overdueMs: number): Effect[] {
    const due: Effect[] = [];
    for (const ready of outboxReady(this.#entries.values(), at)) {
      const entry = this.#entries.get(ready.effect.id);
      if (entry === undefined || entry.claimed || (entry.nextAt !== null && entry.nextAt > at)) continue;
      due.push(entry.effect);
      this.#set({ ...entry, sends: entry.sends + 1, nextAt: at + Math.min(overdueMs * 2 ** Math.min(entry.sends, 10), mostOverdueMs) });
    }
    return due;
  }

  /** Taken by consumers whose lease is over: they died with it. */
  leasesOver(at: Moment): Effect[] {
    return [...this.#entries.values()]
      .filter(({ claimed, nextAt }) => claimed && nextAt !== null && nextAt <= at)
      .map(({ effect }) => effect);
  }

  /** Gives the effect to one consumer for the time of the lease; null when it is finished, taken, or waits. */
  claim(id: EffectId, leaseMs: number, at: Moment): Effect | null {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.notBefore > at) return null;
    if (entry.claimed && entry.nextAt !== null && entry.nextAt > at) return null;
    if (!outboxReady(this.#entries.values(), at).some(({ effect }) => effect.id === id)) return null;
    this.#set({ ...entry, claimed: true, nextAt: at + leaseMs });
    return entry.effect;
  }

  /** When an entry is next to be looked at; an unsent one is due at once. */
  nextAt(): Moment | undefined {
    let next: Moment | undefined;
    for (const { nextAt } of this.#entries.values()) if (nextAt !== null && (next === undefined || nextAt < next)) next = nextAt;
    return next;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0 || this.#gone.size > 0;
  }

  flush(): void {
    if (this.#dirty.size > 0) {
      const rows = [...this.#dirty].flatMap((id) => {
        const entry = this.#entries.get(id);
        if (entry === undefined) return [];
        const effect = this.#new.has(id) ? JSON.stringify(entry.effect) : null;
        return [[id, entry.n, entry.tries, entry.notBefore, entry.sends, entry.nextAt, entry.claimed ? 1 : 0, effect]];
      });
      this.#sql.many(
        `INSERT INTO outbox (id, n, tries, not_before, sends, next_at, claimed, effect)
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7 FROM json_each(?) WHERE true
         ON CONFLICT (id) DO UPDATE SET tries = excluded.tries, not_before = excluded.not_before, sends = excluded.sends,
           next_at = excluded.next_at, claimed = excluded.claimed`,
        rows,
      );
    }
    if (this.#gone.size > 0) {
      this.#sql.all("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify([...this.#gone]));
    }
    this.#new.clear();
    this.#dirty.clear();
    this.#gone.clear();
  }

  #set(entry: Sent): void {
    this.#entries.set(entry.effect.id, entry);
    this.#dirty.add(entry.effect.id);
  }
}
