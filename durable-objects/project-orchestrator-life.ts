import type { ProjectInput } from "../core/inputs.ts";
import type { CountedSql } from "./counted-sql.ts";

/**
 * What of a deleted project must not be used again should it be registered once more: GitHub still has branches and comments with its runs' numbers,
 * and, where its history was kept, read model and archive go on from where they stand. Stored. Fields are only added, as optional.
 */
export interface FormerLife {
  readonly runs: number;
  readonly seq: number;
  readonly place: number;
}

const tablesEmptied = `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'
  AND name NOT LIKE 'sqlite^_%' ESCAPE '^' AND name NOT LIKE '^_cf^_%' ESCAPE '^'`;

/** The life before this one; null when this is the first. */
export function formerLife(sql: CountedSql): FormerLife | null {
  const row = sql.first<{ json: string }>("SELECT json FROM meta WHERE key = 'former-life'");
  return row === undefined ? null : (JSON.parse(row.json) as FormerLife);
}

/** Deletes everything, and keeps what must not be used again. To be called in one transaction. */
export function endLife(sql: CountedSql, { seq, place }: Pick<FormerLife, "seq" | "place">): void {
  const highest = sql.first<{ run: number | null }>("SELECT MAX(run) AS run FROM runs")?.run ?? 0;
  const runs = Math.max(highest, formerLife(sql)?.runs ?? 0);
  for (const { name } of sql.all<{ name: string }>(tablesEmptied)) sql.all(`DELETE FROM ${name}`);
  sql.all("INSERT INTO meta (key, json) VALUES ('former-life', ?)", JSON.stringify({ runs, seq, place } satisfies FormerLife));
}

/** The input as the project takes it: a deleted one takes nothing but its registration, with which it lives again. */
export function admitted(input: ProjectInput, former: FormerLife | null, isConfigured: boolean): ProjectInput | null {
  if (former === null || isConfigured) return input;
  return input.type === "project-configured" ? { ...input, formerRuns: former.runs } : null;
}
