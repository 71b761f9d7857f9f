import { sql } from "drizzle-orm";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { ensurePartitions } from "./ensure-partitions.ts";
import { check, migrate } from "./migrate.ts";
import journal from "./migrations/meta/_journal.json" with { type: "json" };

const all = journal.entries.map(({ tag }) => tag);
let neon: Neon;
let db: Database;
const count = async (query: string) => Number((await db.execute<{ n: string }>(sql.raw(`select count(*) as n from ${query}`))).rows[0]?.n);
const partitions = async () =>
  (
    await db.execute<{ name: string }>(
      sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'mesh_six_events'::regclass order by 1`,
    )
  ).rows.map(({ name }) => name);

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  db = openDatabase(neon);
});
afterAll(() => neon.close());
beforeEach(async () => {
  await db.batch([
    db.execute(sql`drop schema if exists drizzle cascade`),
    db.execute(sql`drop schema public cascade`),
    db.execute(sql`create schema public`),
  ]);
});

test("an empty database gets every table, and a second time nothing", async () => {
  expect(await check(neon.url, neon.fetchEndpoint)).toEqual({
    pending: all,
    drift: [],
  });
  expect(await migrate(neon.url, neon.fetchEndpoint)).toBe(all.length);
  expect(await migrate(neon.url, neon.fetchEndpoint)).toBe(0);
  expect(await check(neon.url, neon.fetchEndpoint)).toEqual({ pending: [], drift: [] });
});

test("two at once apply each migration once", async () => {
  const counts = await Promise.all([migrate(neon.url, neon.fetchEndpoint), migrate(neon.url, neon.fetchEndpoint)]);
  expect(counts[0] + counts[1]).toBe(all.length);
  expect(await count("drizzle.__drizzle_migrations")).toBe(all.length);
});

test("a filled database keeps its rows when later migrations come", async () => {
  const [first] = readMigrationFiles({ migrationsFolder: new URL("./migrations", import.meta.url).pathname });
  for (const statement of first?.sql ?? []) await db.execute(sql.raw(statement));
  await db.execute(sql`create schema drizzle`);
  await db.execute(sql`create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`);
  await db.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${first?.hash}, ${first?.folderMillis})`);
  await db.execute(sql`insert into projection_cursors (project, seq, updated_at) values ('R_1', 7, now())`);
  expect(await migrate(neon.url, neon.fetchEndpoint)).toBe(all.length - 1);
  await db.execute(sql`select advance_cursor('R_1', null, 7, 9, null)`);
  expect((await db.execute(sql`select seq::int from projection_cursors`)).rows).toEqual([{ seq: 9 }]);
});

test("check names what was changed behind the migrations' back", async () => {
  await migrate(neon.url, neon.fetchEndpoint);
  await db.execute(sql`alter table issue_runs drop column title`);
  await db.execute(sql`alter table issue_runs alter column usd type numeric`);
  await db.execute(sql`alter table repo_registry alter column name drop not null`);
  await db.execute(sql`update drizzle.__drizzle_migrations set hash = 'other' where id = 2`);
  expect((await check(neon.url, neon.fetchEndpoint)).drift.toSorted()).toEqual([
    "0001_functions was changed after it was applied",
    "issue_runs.title is missing",
    "issue_runs.usd is numeric, not double precision",
    "repo_registry.name is optional against the schema",
  ]);
});

test("partitions of this month and the next two, across the year's end; rows in the default partition move over", async () => {
  await migrate(neon.url, neon.fetchEndpoint);
  await db.execute(sql`insert into mesh_six_events (project, seq, at, type, trace, input_id, data) values
    ('p', 1, '2026-12-31T23:59:59.999Z', 'run-started', '1.1', 'a', '{}'), ('p', 2, '2027-01-01T00:00:00Z', 'run-started', '1.1', 'b', '{}'), ('p', 3, '2020-01-01T00:00:00Z', 'run-started', '1.1', 'c', '{}')`);
  expect(await ensurePartitions(db, Date.UTC(2026, 10, 30, 23))).toBe(3);
  expect(await ensurePartitions(db, Date.UTC(2026, 10, 30, 23))).toBe(0);
  expect(await ensurePartitions(db, Date.UTC(2026, 11, 1))).toBe(1);
  expect(await partitions()).toEqual([
    "mesh_six_events_2026_11",
    "mesh_six_events_2026_12",
    "mesh_six_events_2027_01",
    "mesh_six_events_2027_02",
    "mesh_six_events_default",
  ]);
  expect(await count("mesh_six_events_2026_12")).toBe(1);
  expect(await count("mesh_six_events_2027_01")).toBe(1);
  expect(await count("mesh_six_events_default")).toBe(1);
  expect(await check(neon.url, neon.fetchEndpoint)).toEqual({ pending: [], drift: [] });
});
