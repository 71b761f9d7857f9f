import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { JournalEntry, JournalEvent } from "../core/events.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "../drizzle/database.ts";
import { eventOf, pageOf, profileOf, questionOf, runChanged, taskOf, todo } from "../drizzle/journal.fixture.ts";
import { migrate } from "../drizzle/migrate.ts";
import { cursorOf, projectPage } from "../drizzle/project-page.ts";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { runMesh, type Ran } from "./testing/run-mesh.ts";

const notes = "R_notes" as ProjectKey;
let neon: Neon;
let db: Database;
let mesh: MadeUpMesh;
let folder: string;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  mesh = await startMadeUpMesh();
  db = openDatabase(neon);
});
afterAll(async () => {
  await mesh.close();
  await neon.close();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mesh-six-replay-"));
  mesh.asked.length = 0;
  await migrate(neon.url, neon.fetchEndpoint);
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.batch([
    db.execute(sql`drop schema public cascade`),
    db.execute(sql`drop schema drizzle cascade`),
    db.execute(sql`create schema public`),
  ]);
});

/** A life of two projects: configured, renamed, runs, questions, tasks, and more events than go into one page. */
const renamed = "acme/renamed" as ProjectName;
const journal: Record<string, JournalEvent[]> = {
  [todo]: [
    eventOf(1, "project-configured", { data: { profile: profileOf() } }),
    runChanged(2),
    eventOf(3, "task-submitted", { task: taskOf().id, data: { task: taskOf() } }),
    runChanged(4, { phase: "IMPLEMENTATION", questions: [questionOf()] }),
    eventOf(5, "checkpoint-taken", { issue: 1, run: 1, data: { diffStat: "1 file" } }),
    ...Array.from({ length: 1_200 }, (_, n) => eventOf(6 + n, "card-filtered", { issue: n, data: { reason: "label" } })),
    eventOf(1_206, "project-configured", { data: { profile: profileOf({ name: renamed }) } }),
    runChanged(1_207, { phase: "ACCEPTED", name: renamed, endedAt: 5 }),
  ],
  [notes]: [
    eventOf(1, "project-configured", { project: notes, data: { profile: profileOf({ key: notes, name: "solo/notes" as ProjectName }) } }),
  ],
};

/** As the orchestrator commits: a few events an entry. */
function entriesOf(events: readonly JournalEvent[]): JournalEntry[] {
  return Array.from({ length: Math.ceil(events.length / 7) }, (_, n) => {
    const own = events.slice(n * 7, n * 7 + 7);
    return { seq: own[0]?.seq ?? 0, at: own[0]?.at ?? 0, inputs: [{ type: "whatever" }], events: own };
  });
}
const lines = (entries: readonly JournalEntry[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
const place = (n: number) => String(n).padStart(16, "0");

/** The archive as objects; the second begins a little before the first one ends, as after a crash between writing and remembering it. */
function objectsOf(project: string): Map<string, string> {
  const entries = entriesOf(journal[project] ?? []);
  const middle = Math.ceil(entries.length / 2);
  return new Map([
    [place(0), lines(entries.slice(0, middle))],
    [place(2_000_000), lines(entries.slice(Math.max(0, middle - 3)))],
  ]);
}

/** Every row of every table, but when cursors were moved. */
async function readModel(): Promise<Record<string, unknown[]>> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'mesh_six_events_%' order by 1`,
  );
  const all: Record<string, unknown[]> = {};
  for (const { name } of rows) {
    const found = await db.execute<{ row: Record<string, unknown> }>(
      sql.raw(`select to_jsonb(t) - 'updated_at' as row from "${name}" t order by (to_jsonb(t) - 'updated_at')::text`),
    );
    all[name] = found.rows.map(({ row }) => row);
  }
  return all;
}

/** What the Worker makes of the journals while they happen. */
async function followed(): Promise<Record<string, unknown[]>> {
  for (const [project, name, events] of [
    [todo, renamed, journal[todo] ?? []],
    [notes, "solo/notes" as ProjectName, journal[notes] ?? []],
  ] as const)
    for (let at = 0; at < events.length; at += 200) await projectPage(db, pageOf(events.slice(at, at + 200), project, name));
  return readModel();
}

async function emptied(): Promise<void> {
  await db.batch([
    db.execute(sql`drop schema public cascade`),
    db.execute(sql`drop schema drizzle cascade`),
    db.execute(sql`create schema public`),
  ]);
}

function replay(...args: string[]): Promise<Ran> {
  return runMesh(["db", "replay", "--url", neon.url, "--fetch-endpoint", neon.fetchEndpoint, ...args], {
    env: { MESH_URL: mesh.url, MESH_TOKEN: mesh.token },
  });
}

function download(project: string): void {
  mkdirSync(join(folder, project));
  for (const [name, text] of objectsOf(project)) writeFileSync(join(folder, project, `${name}.jsonl`), text);
}

test("an empty database filled from downloaded files equals the one that followed, and a second time nothing is written", async () => {
  const original = await followed();
  expect(original["mesh_six_events"]).toHaveLength(1_208);
  await emptied();
  for (const project of [todo, notes]) download(project);
  const first = await replay("--from", folder, "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toEqual({
    items: [
      { project: notes, from: 0, upTo: 1, refused: 0 },
      { project: todo, from: 0, upTo: 1_207, refused: 0 },
    ],
  });
  expect(await readModel()).toEqual(original);
  const again = await replay("--from", folder, "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({
    items: [
      { from: 1, upTo: 1 },
      { from: 1_207, upTo: 1_207 },
    ],
  });
  expect(await readModel()).toEqual(original);
});

test("through the mesh: the archive first, then what is not archived yet", async () => {
  const original = await followed();
  await emptied();
  const events = journal[todo] ?? [];
  const archived = entriesOf(events.slice(0, 700));
  const half = Math.ceil(archived.length / 2);
  const jsonl = (text: string) => (_asked: unknown, response: { writeHead(status: number): { end(text: string): void } }) =>
    void response.writeHead(200).end(text);
  mesh.on(`GET /ops/archive/${todo}/${place(0)}`, jsonl(lines(archived.slice(0, half))));
  mesh.on(`GET /ops/archive/${todo}/${place(9)}`, jsonl(lines(archived.slice(half))));
  mesh.on("GET /ops/archive", ({ path }) => {
    const second = path.includes("cursor=more");
    const item = { project: todo, place: place(second ? 0 : 9), bytes: 1, archivedAt: 1 };
    return { status: 200, body: { items: [item], cursor: second ? null : "more" } };
  });
  mesh.on("GET /projects", {
    items: [profileOf({ name: renamed }), profileOf({ key: notes, name: "solo/notes" as ProjectName })],
    cursor: null,
  });
  mesh.on(`GET /projects/${renamed}/journal`, ({ path }) => {
    const after = Number(new URL(path, mesh.url).searchParams.get("after"));
    const next = events.filter(({ seq }) => seq > after).slice(0, 400);
    return {
      status: 200,
      body: { project: todo, name: renamed, events: next, upTo: next.at(-1)?.seq ?? after, more: (next.at(-1)?.seq ?? 0) < 1_207 },
    };
  });
  mesh.on("GET /projects/solo/notes/journal", { project: notes, name: "solo/notes", events: journal[notes], upTo: 1, more: false });
  const { code, stderr } = await replay();
  expect(code, stderr).toBe(0);
  expect(await readModel()).toEqual(original);
});

test("a gap between an older database and the journal is filled, and an archive that begins too late says so", async () => {
  const original = await followed();
  await emptied();
  await migrate(neon.url, neon.fetchEndpoint);
  const events = journal[todo] ?? [];
  await projectPage(db, pageOf(events.slice(0, 300), todo));
  await expect(projectPage(db, pageOf(events.slice(900), todo, renamed))).rejects.toThrow(
    `events 301 to 900 of ${todo} are missing from the read model`,
  );
  for (const project of [todo, notes]) download(project);
  expect((await replay("--from", folder)).code).toBe(0);
  expect(await readModel()).toEqual(original);
  await emptied();
  rmSync(join(folder, todo, `${place(0)}.jsonl`));
  const late = await replay("--from", folder);
  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(new RegExp(`events 1 to \\d+ of ${todo} are missing from the read model`));
  expect(await cursorOf(db, todo)).toBe(0);
});

test("a folder without an archive is refused before the database is touched", async () => {
  await emptied();
  const nothing = await replay("--from", folder);
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain("holds no archive");
  expect((await replay("--from", join(folder, "none"))).code).toBe(2);
  const { rows } = await db.execute(sql`select 1 from pg_tables where schemaname = 'public'`);
  expect(rows).toEqual([]);
  await migrate(neon.url, neon.fetchEndpoint);
});
