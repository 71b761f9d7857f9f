import { sql } from "drizzle-orm";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { JournalEvent } from "../core/events.ts";
import type { AgentId, ProjectKey, ProjectName } from "../core/ids.ts";
import { hourMs } from "../core/time.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { agent, eventOf, pageOf, runChanged, start, todo, todoName } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import type { Usage } from "../core/usage.ts";
import { readApi } from "./read-api.ts";

const solo = "R_solo" as ProjectKey;
const soloName = "solo/notes" as ProjectName;
let neon: Neon;
let db: Database;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
});
afterAll(() => neon.close());
beforeEach(async () => {
  for (const table of [
    "usage_hours",
    "mesh_six_events",
    "issue_runs",
    "projection_cursors",
    "projection_refusals",
    "implementation_sessions",
  ]) {
    await db.execute(sql`delete from ${sql.identifier(table)}`);
  }
});

async function get(query = ""): Promise<Usage> {
  const response = await readApi(db)(new Request(`https://mesh.test/usage${query}`));
  expect(response?.status).toBe(200);
  return (await response?.json()) as Usage;
}

/** `usage-counted`, at an hour after the start. */
function spent(
  seq: number,
  usd: number,
  more: { hour?: number; phase?: string; agent?: AgentId | null; issue?: number; run?: number } = {},
): JournalEvent {
  const { hour = 0, phase = "IMPLEMENTATION", agent: by = agent, issue = 1, run = 1 } = more;
  return eventOf(seq, "usage-counted", {
    issue,
    run,
    at: start + hour * hourMs + seq,
    ...(by === null ? {} : { agent: by }),
    data: { usd, inputTokens: usd * 10, outputTokens: usd * 2, phase, by: by === null ? "model" : "session" },
  });
}

test("by project, issue, agent, phase, day and hour; the dearest first, days and hours the newest first", async () => {
  const two = "runner.two" as AgentId;
  await projectPage(
    db,
    pageOf([
      runChanged(1),
      spent(2, 1, { phase: "PLANNING", agent: null }),
      spent(3, 2),
      spent(4, 4, { hour: 1 }),
      spent(5, 8, { hour: 24, agent: two, issue: 2 }),
    ]),
  );
  await projectPage(db, pageOf([{ ...spent(1, 0.5, { hour: 2 }), project: solo }], solo, soloName));
  const tokens = (usd: number) => ({ usd, inputTokens: usd * 10, outputTokens: usd * 2 });
  expect(await get()).toEqual({
    total: tokens(15.5),
    byProject: [
      { project: todo, name: todoName, ...tokens(15) },
      { project: solo, name: soloName, ...tokens(0.5) },
    ],
    byIssue: [
      { project: todo, name: todoName, issue: 2, title: null, ...tokens(8) },
      { project: todo, name: todoName, issue: 1, title: "Fix the list", ...tokens(7) },
      { project: solo, name: soloName, issue: 1, title: null, ...tokens(0.5) },
    ],
    byAgent: [
      { agent: two, ...tokens(8) },
      { agent, ...tokens(6.5) },
      { agent: null, ...tokens(1) },
    ],
    byPhase: [
      { phase: "IMPLEMENTATION", ...tokens(14.5) },
      { phase: "PLANNING", ...tokens(1) },
    ],
    byDay: [
      { day: "2026-11-24", ...tokens(8) },
      { day: "2026-11-23", ...tokens(7.5) },
    ],
    byHour: [
      { hour: start + 24 * hourMs, ...tokens(8) },
      { hour: start + 2 * hourMs, ...tokens(0.5) },
      { hour: start + hourMs, ...tokens(4) },
      { hour: start, ...tokens(3) },
    ],
  });
  expect((await get(`?project=${todoName}&issue=1`)).total.usd).toBe(7);
  expect((await get("?agent=runner.two")).byIssue).toMatchObject([{ issue: 2 }]);
  expect((await get("?phase=planning")).total.usd).toBe(1);
  expect((await get(`?since=${start + 30 * 60_000}&until=${start + hourMs}`)).total.usd).toBe(3);
  expect((await get(`?since=${start + hourMs}&until=${start + hourMs + 1}`)).total.usd).toBe(4);
});

test("days are those of the zone that is named", async () => {
  // Noon UTC on the 23rd is already the 24th in Auckland.
  await projectPage(db, pageOf([spent(1, 2)]));
  expect((await get("?zone=Pacific/Auckland")).byDay).toMatchObject([{ day: "2026-11-24", usd: 2 }]);
  expect((await get("?zone=America/Los_Angeles")).byDay).toMatchObject([{ day: "2026-11-23", usd: 2 }]);
  for (const zone of ["Nowhere/Land", "UTC'; drop table usage_hours; --", "../etc"]) {
    expect((await readApi(db)(new Request(`https://mesh.test/usage?zone=${encodeURIComponent(zone)}`)))?.status).toBe(400);
  }
});

test("a page that comes twice counts once, pages add up, and nothing spent is nothing", async () => {
  expect(await get()).toMatchObject({ total: { usd: 0 }, byDay: [], byIssue: [] });
  const page = pageOf([spent(1, 1), spent(2, 2)]);
  await projectPage(db, page);
  await projectPage(db, page);
  await projectPage(db, pageOf([spent(3, 4)]));
  expect((await get()).byIssue).toMatchObject([{ usd: 7, inputTokens: 70, outputTokens: 14 }]);
});

test("what is malformed is put aside", async () => {
  const projected = await projectPage(db, pageOf([eventOf(1, "usage-counted", { issue: 1, run: 1, data: { usd: "much" } }), spent(2, 1)]));
  expect(projected.refused).toMatchObject([{ seq: 1, type: "usage-counted" }]);
  expect((await get()).total.usd).toBe(1);
});

test("what runs had cost before there were such events is taken from their views, once, earlier runs of the issue not again", async () => {
  await projectPage(
    db,
    pageOf([
      runChanged(1, { usd: 0, phase: "PLANNING" }),
      runChanged(2, { usd: 1, inputTokens: 10, phase: "IMPLEMENTATION" }),
      runChanged(3, { usd: 3, inputTokens: 25, phase: "FAILED" }),
      runChanged(4, { run: 2, usd: 3, phase: "PLANNING" }),
      runChanged(5, { run: 2, usd: 4.5, inputTokens: 5, phase: "PLANNING" }),
    ]),
  );
  const migration = readFileSync(new URL("migrations/0009_usage_hours.sql", import.meta.url), "utf8");
  const fill = migration.split("--> statement-breakpoint").at(-1) ?? "";
  for (let time = 0; time < 2; time += 1) await db.execute(sql.raw(fill));
  expect(await get()).toMatchObject({
    total: { usd: 4.5, inputTokens: 30 },
    byPhase: [
      { phase: "PLANNING", usd: 2.5, inputTokens: 15 },
      { phase: "IMPLEMENTATION", usd: 2, inputTokens: 15 },
    ],
    byAgent: [{ agent: null, usd: 4.5 }],
  });
});
