import { PGlite } from "@electric-sql/pglite";

/** How much the database was asked for since the counters were last reset. */
export interface StatementCounts {
  /** HTTP requests to `/sql` plus rounds over WebSocket. */
  requests: number;
  /** SQL statements, without the BEGIN and COMMIT that Neon adds around a batch. */
  statements: number;
  batches: number;
  errors: number;
  /** Statements by their first word, upper case. */
  byCommand: Record<string, number>;
}

const none = (): StatementCounts => ({ requests: 0, statements: 0, batches: 0, errors: 0, byCommand: {} });

/** One PGlite with a turn to hold it: there is a single backend, so a transaction keeps everyone else waiting. */
export class Backend {
  readonly db: PGlite;
  counts: StatementCounts = none();
  #tail: Promise<void> = Promise.resolve();

  constructor(db: PGlite) {
    this.db = db;
  }

  static async open(dataDir: string | undefined): Promise<Backend> {
    const db = await PGlite.create(dataDir === undefined ? {} : { dataDir });
    await db.waitReady;
    return new Backend(db);
  }

  /** Resolves with the release function once it is the caller's turn. */
  async turn(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#tail;
    this.#tail = before.then(() => promise);
    await before;
    return resolve;
  }

  countStatement(sql: string): void {
    const command = /^\s*(?:--[^\n]*\n\s*)*([a-z]+)/i.exec(sql)?.[1]?.toUpperCase() ?? "OTHER";
    this.counts.statements += 1;
    this.counts.byCommand[command] = (this.counts.byCommand[command] ?? 0) + 1;
  }

  resetCounts(): void {
    this.counts = none();
  }

  /** Ends an open transaction, whatever its state. */
  async rollback(): Promise<void> {
    if (this.db.closed) return;
    await this.db.exec("ROLLBACK");
  }
}
