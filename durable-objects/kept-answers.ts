import { dayMs, minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";

/** What is known of a call that comes with a key: it is the first, or its answer, or why there is none to give. */
export type KeptCall =
  | { readonly known: "first" | "other-call" | "under-way" }
  | { readonly known: "answered"; readonly status: number; readonly answer: string | null };

const keptMs = dayMs;
/** Whoever made a call has died when it has not been answered by then. */
const answeredWithinMs = 10 * minuteMs;

/** Answers of calls that came with an `Idempotency-Key`, for a day. Bodies are kept as MACs, and no answer that holds a secret is. */
export class KeptAnswers {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS kept_answers (id TEXT PRIMARY KEY, said TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER, answer TEXT)",
    );
    this.#sql.exec("CREATE INDEX IF NOT EXISTS kept_answers_at ON kept_answers (at)");
  }

  /** A call begins; `said` are the MACs of what it asks, one for each signing key, the present one first. */
  begin(id: string, said: readonly string[], at: Moment): KeptCall {
    this.#sql.exec("DELETE FROM kept_answers WHERE at < ? OR (status IS NULL AND at < ?)", at - keptMs, at - answeredWithinMs);
    const [row] = this.#sql.exec<{ said: string; status: number | null; answer: string | null }>(
      "SELECT * FROM kept_answers WHERE id = ?",
      id,
    );
    if (row === undefined) {
      this.#sql.exec("INSERT INTO kept_answers (id, said, at) VALUES (?, ?, ?)", id, said[0], at);
      return { known: "first" };
    }
    if (!said.includes(row.said)) return { known: "other-call" };
    return row.status === null ? { known: "under-way" } : { known: "answered", status: row.status, answer: row.answer };
  }

  /** The call was answered so; null keeps only that it was. */
  keep(id: string, status: number, answer: string | null): void {
    this.#sql.exec("UPDATE kept_answers SET status = ?, answer = ? WHERE id = ?", status, answer, id);
  }

  /** The call changed nothing: it may be made again. */
  drop(id: string): void {
    this.#sql.exec("DELETE FROM kept_answers WHERE id = ?", id);
  }
}
