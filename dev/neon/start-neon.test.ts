import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig, NeonDbError, Pool, type NeonQueryFunction } from "@neondatabase/serverless";
import { desc, eq, sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzleHttp } from "drizzle-orm/neon-http";
import { migrate } from "drizzle-orm/neon-http/migrator";
import { drizzle as drizzleWs } from "drizzle-orm/neon-serverless";
import * as pg from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Neon, startNeon } from "./start-neon.ts";

const bytea = pg.customType<{ data: Buffer }>({ dataType: () => "bytea" });
const things = pg.pgTable(
  "things",
  {
    id: pg.bigserial("id", { mode: "bigint" }).primaryKey(),
    big: pg.bigint("big", { mode: "bigint" }),
    num: pg.bigint("num", { mode: "number" }),
    meta: pg.jsonb("meta").$type<unknown>(),
    at: pg.timestamp("at", { withTimezone: true }),
    atText: pg.timestamp("at_text", { withTimezone: true, mode: "string" }),
    tags: pg.text("tags").array(),
    ints: pg.integer("ints").array(),
    blob: bytea("blob"),
    ok: pg.boolean("ok"),
    price: pg.numeric("price"),
    day: pg.date("day"),
    u: pg.uuid("u"),
    f: pg.doublePrecision("f"),
    name: pg.text("name").notNull(),
  },
  (t) => [pg.uniqueIndex("things_name").on(t.name)],
);

const MIGRATION = `CREATE TABLE things (id bigserial primary key, big bigint, num bigint, meta jsonb, at timestamptz, at_text timestamptz,
  tags text[], ints int[], blob bytea, ok boolean, price numeric, day date, u uuid, f float8, name text not null);
--> statement-breakpoint
CREATE UNIQUE INDEX things_name ON things(name);`;

let server: Neon;
let sql: NeonQueryFunction<false, false>;
let db: ReturnType<typeof drizzleHttp<{ things: typeof things }>>;

beforeAll(async () => {
  server = await startNeon({ memory: true });
  neonConfig.fetchEndpoint = () => server.fetchEndpoint;
  neonConfig.wsProxy = () => server.wsProxy;
  neonConfig.useSecureWebSocket = false;
  neonConfig.webSocketConstructor = WebSocket;
  sql = neon(server.url);
  db = drizzleHttp(sql, { schema: { things } });
  const folder = mkdtempSync(join(tmpdir(), "neon-migrations-"));
  mkdirSync(join(folder, "meta"));
  writeFileSync(join(folder, "0000_init.sql"), MIGRATION);
  const journal = {
    version: "7",
    dialect: "postgresql",
    entries: [{ idx: 0, version: "7", when: 1, tag: "0000_init", breakpoints: true }],
  };
  writeFileSync(join(folder, "meta/_journal.json"), JSON.stringify(journal));
  await migrate(db, { migrationsFolder: folder });
  await migrate(db, { migrationsFolder: folder });
  rmSync(folder, { recursive: true });
});
afterAll(() => server.close());

const post = (path: string, body: unknown) =>
  fetch(server.fetchEndpoint.replace("/sql", path), { method: "POST", body: JSON.stringify(body) });

test("drizzle's migrator runs over HTTP and only once", async () => {
  expect(await sql`select count(*)::int as n from drizzle.__drizzle_migrations`).toEqual([{ n: 1 }]);
});

test("every column type survives the round trip through drizzle", async () => {
  const row = {
    name: 'a "quoted" \\ näme \u{1F600}',
    big: 9223372036854775807n,
    num: 9007199254740991,
    meta: { a: [1, { b: 'x"y' }], n: null, s: "it's" },
    at: new Date("2026-11-23T01:02:03.456Z"),
    atText: "2026-11-23 01:02:03.456789+00",
    tags: ["x", "y,z", 'q"q', "back\\slash", "{}", "NULL", ""],
    ints: [1, -2, 3],
    blob: Buffer.from([0, 1, 255, 92, 120]),
    ok: true,
    price: "12345678901234567890.0123456789",
    day: "2026-11-23",
    u: "0189d3c0-0000-7000-8000-000000000001",
    f: 0.1,
  };
  const [inserted] = await db.insert(things).values(row).returning({ id: things.id });
  const [got] = await db.select().from(things).where(eq(things.name, row.name));
  expect({ ...got, blob: Buffer.from(got?.blob ?? []) }).toEqual({ id: inserted?.id, ...row });
});

test("JSON scalars, empty arrays and NULL stay what they are", async () => {
  await db.insert(things).values([
    { name: "j1", meta: [1, 2] },
    { name: "j2", meta: "str" },
    { name: "j3", meta: 5 },
    { name: "j4", tags: [], meta: null },
  ]);
  const rows = await db
    .select({ meta: things.meta, tags: things.tags })
    .from(things)
    .where(drizzleSql`${things.name} like 'j%'`)
    .orderBy(things.name);
  expect(rows.map((r) => r.meta)).toEqual([[1, 2], "str", 5, null]);
  expect(rows[3]?.tags).toEqual([]);
});

test("the raw driver gets types, command and row count", async () => {
  expect(await sql`select ${1}::int as a, ${"x"} || 'y' as b`).toEqual([{ a: 1, b: "xy" }]);
  const full = await sql.query(`select 1::int8 as big, array[1,2] as arr, '{"k":1}'::jsonb as j`, [], { fullResults: true });
  expect(full.fields.map((f) => f.dataTypeID)).toEqual([20, 1007, 3802]);
  expect({ command: full.command, rowCount: full.rowCount, rows: full.rows }).toEqual({
    command: "SELECT",
    rowCount: 1,
    rows: [{ big: "1", arr: [1, 2], j: { k: 1 } }],
  });
  const ddl = await sql.query("create table t2(i int)", [], { fullResults: true });
  expect([ddl.command, ddl.rowCount]).toEqual(["CREATE", null]);
});

test("errors carry code, constraint, table, detail and position", async () => {
  await db.insert(things).values({ name: "twice" });
  const duplicate = await sql`insert into things(name) values('twice')`.catch((e: unknown) => e);
  expect(duplicate).toBeInstanceOf(NeonDbError);
  expect(duplicate).toMatchObject({
    code: "23505",
    constraint: "things_name",
    table: "things",
    detail: "Key (name)=(twice) already exists.",
  });
  await expect(db.insert(things).values({ name: "twice" })).rejects.toMatchObject({ cause: { code: "23505", constraint: "things_name" } });
  await expect(sql`selec 1`).rejects.toMatchObject({ code: "42601", position: "1" });
  await expect(sql`select 1; select 2`).rejects.toMatchObject({ code: "42601" });
  await expect(neon("postgres://mesh:wrong@db.localtest/mesh")`select 1`).rejects.toMatchObject({ code: "28P01" });
});

test("a batch is one transaction", async () => {
  const [inserted, read] = await db.batch([
    db.insert(things).values({ name: "b1" }).returning({ id: things.id }),
    db.select({ id: things.id }).from(things).orderBy(desc(things.id)).limit(1),
  ]);
  expect(read).toEqual(inserted);
  await expect(db.batch([db.insert(things).values({ name: "b2" }), db.insert(things).values({ name: "b1" })])).rejects.toThrow();
  expect(await db.select().from(things).where(eq(things.name, "b2"))).toEqual([]);
});

test("isolation level and read-only hold, and a stray BEGIN does not leak", async () => {
  const setting = sql`select current_setting('transaction_isolation') as i, current_setting('transaction_read_only') as r`;
  expect(await sql.transaction([setting], { isolationLevel: "Serializable", readOnly: true })).toEqual([[{ i: "serializable", r: "on" }]]);
  await expect(sql.transaction([sql`insert into things(name) values('ro')`], { readOnly: true })).rejects.toMatchObject({ code: "25006" });
  await sql`begin`;
  await sql`create table leak(i int)`;
  expect(await sql`select count(*)::int as n from leak`).toEqual([{ n: 0 }]);
});

test("a hundred queries at once each get their own answer", async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => sql`select ${i}::int as i`));
  expect(answers.map((rows) => rows[0]?.i)).toEqual([...Array(100).keys()]);
});

test("interactive transactions over WebSocket commit and roll back while HTTP waits its turn", async () => {
  const pool = new Pool({ connectionString: server.url });
  const wsDb = drizzleWs(pool, { schema: { things } });
  const waiting = sql`select 1 as one`;
  await wsDb.transaction(async (tx) => {
    const [row] = await tx.insert(things).values({ name: "w1" }).returning();
    await tx
      .update(things)
      .set({ ok: true })
      .where(eq(things.id, row?.id ?? 0n));
  });
  expect(await waiting).toEqual([{ one: 1 }]);
  const failing = wsDb.transaction(async (tx) => {
    await tx.insert(things).values({ name: "w2" });
    throw new Error("boom");
  });
  await expect(failing).rejects.toThrow("boom");
  const names = await wsDb
    .select({ name: things.name, ok: things.ok })
    .from(things)
    .where(drizzleSql`${things.name} like 'w%'`);
  expect(names).toEqual([{ name: "w1", ok: true }]);
  await pool.end();
});

test("statements are counted without the BEGIN and COMMIT of a batch", async () => {
  server.resetCounts();
  await sql`select 1`;
  await sql.transaction([sql`select 2`, sql`update things set ok = true where name = 'none'`]);
  await sql`selec`.catch(() => undefined);
  const counts = await (await fetch(server.fetchEndpoint.replace("/sql", "/__counts"))).json();
  expect(counts).toEqual({ requests: 3, statements: 4, batches: 1, errors: 1, byCommand: { SELECT: 2, UPDATE: 1, SELEC: 1 } });
  expect(server.statements).toBe(4);
});

test("it fails as told and comes back", async () => {
  await post("/__faults", { status: 500, times: 1, body: "internal" });
  await expect(sql`select 1`).rejects.toThrow("HTTP status 500");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  server.setDown(true);
  await expect(sql`select 1`).rejects.toThrow("HTTP status 503");
  server.setDown(false);
  await post("/__faults", { drop: true });
  await expect(sql`select 1`).rejects.toThrow("fetch failed");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  expect((await post("/__faults", { nonsense: true })).status).toBe(400);
});

test("data in a directory is there after a restart", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "neon-data-"));
  const query = async (target: Neon, text: string) => {
    const headers = { "neon-connection-string": target.url, "neon-raw-text-output": "true" };
    const response = await fetch(target.fetchEndpoint, { method: "POST", headers, body: JSON.stringify({ query: text }) });
    return (await response.json()) as { rows: unknown[] };
  };
  const first = await startNeon({ dataDir });
  await query(first, "create table kept(i int)");
  await query(first, "insert into kept values (7)");
  await first.close();
  const second = await startNeon({ dataDir });
  expect((await query(second, "select i from kept")).rows).toEqual([{ i: "7" }]);
  await second.close();
  rmSync(dataDir, { recursive: true });
});
