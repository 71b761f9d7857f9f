import type { OnboardingId } from "../core/ids.ts";
import { isOnboarding } from "../core/onboarding/state.ts";
import type { Onboarding } from "../core/onboarding/state.ts";
import { readOnboarding } from "../core/snapshot.ts";
import type { Moment } from "../core/time.ts";
import type { CountedSql } from "./counted-sql.ts";

type JsonRow = { json: string };

/** An active onboarding, and when its workflow was last heard of. */
export interface WatchedOnboarding {
  readonly id: OnboardingId;
  readonly attempt: number;
  /** What it said last, or when an input last changed it. */
  readonly heardAt: Moment;
  /** How much longer than usual it may be silent from then on. */
  readonly quietMs: number;
}

/**
 * The onboardings: active ones in memory, everything in rows, which stay (there is one to a repository, as a rule). Signs of life stand
 * beside the state: they are no inputs, and neither journaled nor replayed.
 */
export class OnboardingStore {
  readonly #sql: CountedSql;
  #active = new Map<OnboardingId, Onboarding>();
  #heard = new Map<OnboardingId, { readonly at: Moment; readonly quietMs: number }>();
  readonly #dirty = new Set<OnboardingId>();

  constructor(sql: CountedSql) {
    this.#sql = sql;
  }

  load(): void {
    this.#active = new Map();
    this.#heard = new Map();
    this.#dirty.clear();
    const rows = this.#sql.all<JsonRow & { heard_at: number; quiet_ms: number }>(
      "SELECT json, heard_at, quiet_ms FROM onboardings INDEXED BY onboardings_active WHERE active = 1",
    );
    for (const row of rows) {
      const onboarding = readOnboarding(row.json);
      if (!onboarding.ok) continue;
      this.#active.set(onboarding.value.id, onboarding.value);
      this.#heard.set(onboarding.value.id, { at: row.heard_at, quietMs: row.quiet_ms });
    }
  }

  /** @throws when it is stored in a shape this code does not know: nothing may be decided about it. */
  get(id: OnboardingId): Onboarding | undefined {
    const active = this.#active.get(id);
    if (active !== undefined) return active;
    const row = this.#sql.first<JsonRow>("SELECT json FROM onboardings WHERE id = ?", id);
    if (row === undefined) return undefined;
    const onboarding = readOnboarding(row.json);
    if (!onboarding.ok) throw new Error(`onboarding ${id} is stored in a shape this version cannot read: ${onboarding.error}`);
    return onboarding.value;
  }

  /** Deletes those that ended before this moment; answers how many there were. `dryRun`: only counts. */
  forget(before: Moment, dryRun: boolean): number {
    const ended = "active = 0 AND json ->> '$.updatedAt' < ?";
    const found = this.#sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM onboardings WHERE ${ended}`, before)?.n ?? 0;
    if (!dryRun && found > 0) this.#sql.all(`DELETE FROM onboardings WHERE ${ended}`, before);
    return found;
  }

  *active(): Iterable<Onboarding> {
    for (const onboarding of this.#active.values()) if (isOnboarding(onboarding)) yield onboarding;
  }

  newest(limit: number, before: OnboardingId | undefined): Onboarding[] {
    return this.#sql
      .all<JsonRow>("SELECT json FROM onboardings WHERE (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2", before ?? null, limit)
      .flatMap(({ json }) => {
        const onboarding = readOnboarding(json);
        return onboarding.ok ? [onboarding.value] : [];
      });
  }

  watched(): WatchedOnboarding[] {
    return [...this.active()].map(({ id, attempt, updatedAt }) => {
      const heard = this.#heard.get(id);
      return { id, attempt, heardAt: heard?.at ?? updatedAt, quietMs: heard?.quietMs ?? 0 };
    });
  }

  /** Notes a sign of life at once, in a row of its own; false when the attempt is over. */
  heard(id: OnboardingId, attempt: number, at: Moment, quietMs: number): boolean {
    const onboarding = this.#active.get(id);
    if (onboarding === undefined || !isOnboarding(onboarding) || onboarding.attempt !== attempt) return false;
    this.#heard.set(id, { at, quietMs });
    this.#sql.all("UPDATE onboardings SET heard_at = ?, quiet_ms = ? WHERE id = ?", at, quietMs, id);
    return true;
  }

  take(changed: readonly Onboarding[]): void {
    for (const onboarding of changed) {
      this.#active.set(onboarding.id, onboarding);
      this.#dirty.add(onboarding.id);
    }
  }

  flush(at: Moment): void {
    if (this.#dirty.size === 0) return;
    const rows = [...this.#dirty].flatMap((id) => {
      const onboarding = this.#active.get(id);
      if (onboarding === undefined) return [];
      this.#heard.set(id, { at, quietMs: 0 });
      return [[id, isOnboarding(onboarding) ? 1 : 0, JSON.stringify(onboarding), at]];
    });
    this.#sql.many(
      `INSERT INTO onboardings (id, active, json, heard_at, quiet_ms)
       SELECT value->>0, value->>1, value->>2, value->>3, 0 FROM json_each(?) WHERE true
       ON CONFLICT (id) DO UPDATE SET active = excluded.active, json = excluded.json, heard_at = excluded.heard_at, quiet_ms = 0`,
      rows,
    );
    this.#dirty.clear();
  }

  /** After the commit: what has ended leaves the memory. */
  settle(): void {
    for (const [id, onboarding] of this.#active) {
      if (isOnboarding(onboarding)) continue;
      this.#active.delete(id);
      this.#heard.delete(id);
    }
  }
}
