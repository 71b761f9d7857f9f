import { dayMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";

/**
 * The tables of one project. What has ended is kept by the day it ended on, and what is active under day 0: one key finds the active, the
 * old go by a range, and no index is written beside it. Append-only; see schema-migrations.ts.
 */
export const orchestratorSteps = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE tasks (
     day INTEGER NOT NULL, id TEXT NOT NULL, ended_day INTEGER NOT NULL, json TEXT NOT NULL, payload TEXT NOT NULL,
     PRIMARY KEY (day, id)
   ) WITHOUT ROWID;
   CREATE TABLE runs (
     issue INTEGER NOT NULL, run INTEGER NOT NULL, active INTEGER NOT NULL, ended_at INTEGER, json TEXT NOT NULL, costs TEXT,
     PRIMARY KEY (issue, run)
   ) WITHOUT ROWID;
   CREATE INDEX runs_active ON runs (issue) WHERE active = 1;
   CREATE INDEX runs_ended ON runs (ended_at) WHERE active = 0;
   CREATE TABLE outbox (
     id TEXT PRIMARY KEY, n INTEGER NOT NULL, tries INTEGER NOT NULL, not_before INTEGER NOT NULL, sends INTEGER NOT NULL, next_at INTEGER,
     claimed INTEGER NOT NULL, effect TEXT
   ) WITHOUT ROWID;
   CREATE TABLE inputs (
     day INTEGER NOT NULL, id TEXT NOT NULL, outcome TEXT NOT NULL,
     PRIMARY KEY (day, id)
   ) WITHOUT ROWID;
   CREATE TABLE agents_seen (
     agent TEXT NOT NULL, journal TEXT NOT NULL, seq INTEGER NOT NULL, day INTEGER NOT NULL,
     PRIMARY KEY (agent, journal)
   ) WITHOUT ROWID;
   CREATE TABLE filtered (issue INTEGER PRIMARY KEY, json TEXT NOT NULL);
   CREATE TABLE journal (
     place INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, at INTEGER NOT NULL, inputs TEXT NOT NULL, events TEXT NOT NULL, ledger TEXT
   );`,
] as const;

/** The day a moment lies in, from 1; 0 is kept for what is active. */
export function dayOf(at: Moment): number {
  return Math.floor(at / dayMs) + 1;
}

/** One value bound to a statement is at most 2 MB; texts go in by portions of about this many characters. */
const portionChars = 400_000;

type Value = string | number | null;

/** SQL with its rows counted: every statement's reads and writes are what the platform bills. */
export class CountedSql {
  written = 0;
  read = 0;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Runs one statement and answers its rows. */
  all<R extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]): R[] {
    const cursor = this.#sql.exec<R>(query, ...values);
    const rows = cursor.toArray();
    this.written += cursor.rowsWritten;
    this.read += cursor.rowsRead;
    return rows;
  }

  /** The first row, if any. */
  first<R extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]): R | undefined {
    return this.all<R>(query, ...values)[0];
  }

  /** The days a table has rows of, found by steps through its key and not by reading every row. */
  daysOf(table: "tasks" | "inputs"): number[] {
    const days: number[] = [];
    for (let day = -1; ;) {
      const next = this.first<{ day: number | null }>(`SELECT MIN(day) AS day FROM ${table} WHERE day > ?`, day)?.day ?? null;
      if (next === null) return days;
      days.push(next);
      day = next;
    }
  }

  /** Runs `statement` over many rows, given to it as one JSON array of arrays (`json_each(?)`). */
  many(statement: string, rows: readonly (readonly Value[])[]): void {
    let portion: string[] = [];
    let chars = 0;
    for (const row of rows) {
      const text = JSON.stringify(row);
      if (chars > 0 && chars + text.length > portionChars) {
        this.all(statement, `[${portion.join(",")}]`);
        portion = [];
        chars = 0;
      }
      portion.push(text);
      chars += text.length;
    }
    if (portion.length > 0) this.all(statement, `[${portion.join(",")}]`);
  }
}
