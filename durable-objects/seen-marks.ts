import type { AgentId } from "../core/ids.ts";
import type { ReportsSeen } from "../core/project/lookup.ts";
import type { CountedSql } from "./counted-sql.ts";

/** How far reports were seen, by agent and journal (`agent journal`). Stored in the ledger. */
export type RidingMarks = Readonly<Record<string, number>>;

/** A ledger carries so many; it is written with every commit. */
const mostRiding = 8;

/**
 * How far each agent's journal of reports was seen. The latest few ride on the ledger of the commit that has seen them, and cost no row; one that has to
 * make room for another is written to its own row, in that commit.
 */
export class SeenMarks {
  readonly #sql: CountedSql;
  #seen = new Map<string, number>();
  /** Not in a row, the one heard of longest ago first. */
  #riding = new Set<string>();

  constructor(sql: CountedSql) {
    this.#sql = sql;
  }

  /** Reads the rows; `resume` brings what the ledger carried. */
  load(): void {
    this.#riding = new Set();
    this.#seen = new Map(
      this.#sql
        .all<{ agent: string; journal: string; seq: number }>("SELECT agent, journal, seq FROM agents_seen")
        .map(({ agent, journal, seq }) => [`${agent} ${journal}`, seq]),
    );
  }

  resume(riding: RidingMarks): void {
    for (const [key, seq] of Object.entries(riding)) this.#set(key, seq);
  }

  of(agent: AgentId, journal: string): number {
    return this.#seen.get(`${agent} ${journal}`) ?? 0;
  }

  note({ agent, journal, seq }: ReportsSeen): void {
    this.#set(`${agent} ${journal}`, seq);
  }

  /** What the ledger has to carry. */
  get riding(): RidingMarks {
    return Object.fromEntries([...this.#riding].map((key) => [key, this.#seen.get(key) ?? 0]));
  }

  /** Writes the marks that are too many to ride. */
  flush(day: number): void {
    const leaving = [...this.#riding].slice(0, Math.max(0, this.#riding.size - mostRiding));
    for (const key of leaving) this.#riding.delete(key);
    this.#sql.many(
      `INSERT INTO agents_seen (agent, journal, seq, day) SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true
       ON CONFLICT (agent, journal) DO UPDATE SET seq = excluded.seq, day = excluded.day`,
      leaving.map((key) => [...key.split(" "), this.#seen.get(key) ?? 0, day]),
    );
  }

  #set(key: string, seq: number): void {
    this.#seen.set(key, seq);
    this.#riding.delete(key);
    this.#riding.add(key);
  }
}
