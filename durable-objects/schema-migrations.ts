import { now } from "../platform/clock.ts";

/**
 * Brings an object's tables up to date: runs the steps that have not run yet, each once, all in one transaction. `steps` is append-only:
 * a step that was ever deployed is never changed or removed. Each may hold several statements.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS migrations (step INTEGER PRIMARY KEY, at INTEGER NOT NULL)");
    const done = storage.sql.exec<{ done: number }>("SELECT COALESCE(MAX(step), 0) AS done FROM migrations").one().done;
    for (const [index, step] of steps.entries()) {
      if (index < done) continue;
      storage.sql.exec(step);
      storage.sql.exec("INSERT INTO migrations (step, at) VALUES (?, ?)", index + 1, now());
    }
  });
}
