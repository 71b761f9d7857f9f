import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../drizzle/database.ts";
import { sql } from "drizzle-orm";
import type { SecretSearch } from "./secret-search.ts";

/** What in a local mesh's folder holds secrets by its nature: what the mesh was started with, and what the stand-in of GitHub keeps for itself. */
const exempt = /^(secrets\.json$|github\/|wrangler\/worker\/(\.dev\.vars|wrangler\.toml)$)/;
const longest = 64 * 1_048_576;

/**
 * Looks for secrets in a stopped local mesh's folder: every row of every SQLite file (Durable Objects, R2's index, workflows), and the bytes of every
 * file: R2's, the database's, logs, worktrees and homes of agents. Answers how many files there were.
 */
export function lookThroughFolder(search: SecretSearch, folder: string): { readonly files: number; readonly databases: number } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => entry.isFile() && !isExempt(relative(folder, path)) && statSync(path).size <= longest)
    .map(({ path }) => path);
  // Whoever opens a database tidies up what lies beside it, so the bytes come first.
  for (const path of files) search.lookAtBytes(relative(folder, path), readFileSync(path));
  const databases = files.filter((path) => path.endsWith(".sqlite"));
  for (const path of databases) lookThroughSqlite(search, path, relative(folder, path));
  return { files: files.length, databases: databases.length };
}

function isExempt(name: string): boolean {
  return exempt.test(name) || /(^|\/)node_modules\//.test(name);
}

function lookThroughSqlite(search: SecretSearch, path: string, name: string): void {
  const database = new DatabaseSync(path);
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    for (const table of tables) {
      const rows = database.prepare(`SELECT * FROM "${table.name}"`);
      rows.setReadBigInts(true);
      for (const row of rows.iterate()) search.lookInto(`${name} ${table.name}`, row);
    }
  } finally {
    database.close();
  }
}

/** Looks for secrets in every row of every table of the read model, while it still answers. Answers how many rows there were. */
export async function lookThroughReadModel(
  search: SecretSearch,
  neon: { readonly url: string; readonly fetchEndpoint: string },
): Promise<number> {
  const db = openDatabase(neon);
  const { rows: tables } = await db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  let count = 0;
  for (const { name } of tables) {
    const { rows } = await db.execute<{ row: string }>(sql.raw(`select row_to_json(t)::text as row from "${name}" t`));
    for (const { row } of rows) search.look(`table ${name}`, row);
    count += rows.length;
  }
  return count;
}
