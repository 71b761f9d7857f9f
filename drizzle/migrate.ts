import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { sql } from "drizzle-orm";
import { fileURLToPath } from "node:url";
import { openDatabase, type Database } from "./database.ts";
import journal from "./migrations/meta/_journal.json" with { type: "json" };
import * as events from "./schema/events.ts";
import * as learnings from "./schema/learnings.ts";
import * as onboardings from "./schema/onboardings.ts";
import * as projects from "./schema/projects.ts";
import * as runs from "./schema/runs.ts";
import * as tasks from "./schema/tasks.ts";
import * as usage from "./schema/usage.ts";

const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));
/** Any number that nothing else locks; held while one migration is applied. */
const migrationLock = 6_020_816;

/**
 * Applies what is pending, each migration in one transaction with its record, and answers how many that were. Two at once do no harm:
 * the second finds nothing to do. The records are those of drizzle's own migrator.
 */
export async function migrate(url: string, fetchEndpoint?: string): Promise<number> {
  const db = openDatabase({ url, fetchEndpoint });
  await db.batch([
    db.execute(sql`select pg_advisory_xact_lock(${migrationLock})`),
    db.execute(sql`create schema if not exists drizzle`),
    db.execute(sql`create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`),
    db.execute(sql`create unique index if not exists migrations_once on drizzle.__drizzle_migrations (created_at)`),
  ]);
  const applied = new Set((await appliedMigrations(db)).map(({ createdAt }) => createdAt));
  let count = 0;
  for (const { hash, folderMillis, sql: statements } of readMigrationFiles({ migrationsFolder })) {
    if (applied.has(folderMillis)) continue;
    count += await applyOnce(db, hash, folderMillis, statements);
  }
  return count;
}

export interface MigrationState {
  /** Names of migrations that were not applied yet. */
  readonly pending: readonly string[];
  /** Where the database is not what the migrations made, one sentence each. */
  readonly drift: readonly string[];
}

/** Compares the database with the migrations and with the tables of `schema/`; changes nothing. */
export async function check(url: string, fetchEndpoint?: string): Promise<MigrationState> {
  const db = openDatabase({ url, fetchEndpoint });
  const files = readMigrationFiles({ migrationsFolder });
  const applied = new Map((await appliedMigrations(db)).map(({ createdAt, hash }) => [createdAt, hash]));
  const pending = files.filter(({ folderMillis }) => !applied.has(folderMillis));
  const known = new Map(files.map(({ folderMillis, hash }) => [folderMillis, hash]));
  const tags = new Map(journal.entries.map(({ when, tag }) => [when, tag]));
  const changed = [...applied].flatMap(([at, hash]) => {
    if (!known.has(at)) return [`a migration of ${new Date(at).toISOString()} was applied that is not in this version`];
    return known.get(at) === hash ? [] : [`${tags.get(at) ?? at} was changed after it was applied`];
  });
  return {
    pending: pending.map(({ folderMillis }) => tags.get(folderMillis) ?? String(folderMillis)),
    drift: pending.length > 0 ? changed : [...changed, ...(await columnDrift(db))],
  };
}

async function applyOnce(db: Database, hash: string, createdAt: number, statements: readonly string[]): Promise<number> {
  try {
    await db.batch([
      db.execute(sql`select pg_advisory_xact_lock(${migrationLock})`),
      db.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${createdAt})`),
      ...statements.filter((statement) => statement.trim() !== "").map((statement) => db.execute(sql.raw(statement))),
    ]);
    return 1;
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code === "23505" && constraint === "migrations_once") return 0;
    throw error;
  }
}

async function appliedMigrations(db: Database): Promise<{ createdAt: number; hash: string }[]> {
  const { rows: found } = await db.execute<{ there: boolean }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') is not null as there`,
  );
  if (!found[0]?.there) return [];
  const { rows } = await db.execute<{ created_at: string; hash: string }>(
    sql`select created_at, hash from drizzle.__drizzle_migrations order by created_at`,
  );
  return rows.map(({ created_at, hash }) => ({ createdAt: Number(created_at), hash }));
}

async function columnDrift(db: Database): Promise<string[]> {
  const { rows } = await db.execute<{ place: string; type: string; required: boolean }>(sql`
    select c.relname || '.' || a.attname as place, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`);
  const there = new Map(rows.map((row) => [row.place, row]));
  return Object.values({ ...events, ...learnings, ...onboardings, ...projects, ...runs, ...tasks, ...usage })
    .filter((table) => table instanceof PgTable)
    .flatMap((table) => {
      const { name, columns } = getTableConfig(table);
      return columns.flatMap((column) => {
        const place = `${name}.${column.name}`;
        const found = there.get(place);
        const type = column.getSQLType().replace("timestamp (3)", "timestamp(3)");
        if (!found) return [`${place} is missing`];
        if (found.type !== type) return [`${place} is ${found.type}, not ${type}`];
        return found.required === column.notNull ? [] : [`${place} is ${found.required ? "required" : "optional"} against the schema`];
      });
    });
}
