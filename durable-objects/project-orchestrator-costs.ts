import type { Moment } from "../core/time.ts";

/** What one issue has cost the orchestrator, as far as it can be told apart. */
export interface IssueCosts {
  readonly issue: number;
  readonly requests: number;
  readonly rowsWritten: number;
  readonly queueMessages: number;
}

/** What an orchestrator has cost so far, in the platform's units. */
export interface Costs {
  /** Calls of its methods and alarms. */
  readonly requests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly queueMessages: number;
  /** Time it was held in memory: from the first event to 10 s after the last, over all its wake-ups. */
  readonly activeMs: number;
  /** Issues with an active run. */
  readonly perIssue: readonly IssueCosts[];
}

/** As kept in the journal's newest row. Stored. Fields are only added, as optional. */
export interface StoredCosts {
  readonly requests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly queueMessages: number;
  readonly activeMs: number;
  readonly last: Moment;
}

/** The platform holds an object in memory this long after its last event. */
const lingerMs = 10_000;

/** Counts what an object costs. Kept with the commits, so that counting writes no row of its own. */
export class CostMeter {
  requests = 0;
  queueMessages = 0;
  #rowsBefore = { written: 0, read: 0 };
  #activeMs = 0;
  #since: Moment | null = null;
  #last: Moment = 0;

  restore(stored: StoredCosts | undefined): void {
    if (stored === undefined) return;
    this.requests = stored.requests;
    this.#rowsBefore = { written: stored.rowsWritten, read: stored.rowsRead };
    this.queueMessages = stored.queueMessages;
    this.#activeMs = stored.activeMs;
    this.#last = stored.last;
  }

  /** A call or an alarm has come. */
  request(at: Moment): void {
    this.requests += 1;
    if (this.#since !== null && at > this.#last + lingerMs) {
      this.#activeMs += this.#last + lingerMs - this.#since;
      this.#since = null;
    }
    this.#since ??= at;
    this.#last = at;
  }

  /** To be stored: a wake-up that has not ended counts up to now, with what it lingers. */
  stored(rows: { readonly written: number; readonly read: number }): StoredCosts {
    return {
      requests: this.requests,
      rowsWritten: this.#rowsBefore.written + rows.written,
      rowsRead: this.#rowsBefore.read + rows.read,
      queueMessages: this.queueMessages,
      activeMs: this.activeMs,
      last: this.#last,
    };
  }

  get activeMs(): number {
    return this.#activeMs + (this.#since === null ? 0 : this.#last + lingerMs - this.#since);
  }
}
