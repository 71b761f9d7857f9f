import { hourMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import type { Commits } from "./project-orchestrator-commit.ts";
import { dayOf } from "./project-orchestrator-tables.ts";

const everyMs = 6 * hourMs;

/** When a project deletes what is older than its retention and known elsewhere. */
export class Retention {
  readonly #commits: Commits;
  readonly #storage: DurableObjectStorage;
  #at: Moment = 0;

  constructor(commits: Commits, storage: DurableObjectStorage) {
    this.#commits = commits;
    this.#storage = storage;
  }

  /** When there is next something to delete; undefined when nothing is kept. */
  get dueAt(): Moment | undefined {
    return this.#at > 0 ? this.#at : undefined;
  }

  /** Looks anew what is the oldest. */
  look(): void {
    this.#at = this.#oldestAt();
  }

  /** After a commit: what it wrote may be the first. */
  lookOnce(): void {
    if (this.#at === 0) this.look();
  }

  /** Deletes what is due. */
  ring(at: Moment): void {
    if (this.#at === 0 || at < this.#at) return;
    const { store, journal, marks } = this.#commits;
    const before = at - store.policy.retention.finishedMs;
    this.#storage.transactionSync(() => {
      store.forget(dayOf(before), before);
      journal.forget(marks.projected, marks.archived, before);
    });
    this.#at = Math.max(at + everyMs, this.#oldestAt());
  }

  #oldestAt(): Moment {
    const { store, journal } = this.#commits;
    const oldest = Math.min((store.oldestDay() ?? Number.POSITIVE_INFINITY) * 24 * hourMs, journal.oldest() ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(oldest) ? oldest + store.policy.retention.finishedMs : 0;
  }
}
