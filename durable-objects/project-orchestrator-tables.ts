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
  `CREATE TABLE onboardings (
     id TEXT PRIMARY KEY, active INTEGER NOT NULL, json TEXT NOT NULL, heard_at INTEGER NOT NULL, quiet_ms INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX onboardings_active ON onboardings (id) WHERE active = 1;`,
] as const;

/** The day a moment lies in, from 1; 0 is kept for what is active. */
export function dayOf(at: Moment): number {
  return Math.floor(at / dayMs) + 1;
}
