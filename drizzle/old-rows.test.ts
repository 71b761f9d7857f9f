import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { ensurePartitions } from "./ensure-partitions.ts";
import { migrate } from "./migrate.ts";
import { dropOldEvents, dropOldOnboardings, oldEventsByDefault, oldPartitions } from "./old-rows.ts";

let neon: Neon;
let db: Database;
const [january, march] = [Date.UTC(2026, 0), Date.UTC(2026, 2)];

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
  await ensurePartitions(db, january);
  for (const [seq, at] of ["2025-11-30T23:00:00Z", "2026-01-05T00:00:00Z", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"].entries())
    await db.execute(sql`insert into mesh_six_events (project, seq, at, type, trace, input_id, data)
      values ('R_1', ${seq + 1}, ${at}::timestamptz, 'guidance-given', '1.1', 'in', '{}')`);
});
afterAll(() => neon.close());

const seqs = async () =>
  (await db.execute<{ seq: string }>(sql`select seq from mesh_six_events order by seq`)).rows.map(({ seq }) => Number(seq));

test("whole months that are old enough go, with what lies in no month; others stay", async () => {
  expect(await oldPartitions(db, march)).toEqual(["mesh_six_events_2026_01", "mesh_six_events_2026_02"]);
  expect(await oldEventsByDefault(db, march)).toBe(1);
  expect(await seqs()).toEqual([1, 2, 3, 4]);
  expect(await dropOldEvents(db, await oldPartitions(db, march), march)).toBe(1);
  expect(await seqs()).toEqual([4]);
  expect([await oldPartitions(db, march), await dropOldEvents(db, [], march)]).toEqual([[], 0]);
  // The month is made again when someone restores events into it.
  expect(await ensurePartitions(db, january)).toBeGreaterThan(0);
});

test("finished onboardings that are old go; running ones stay, however old", async () => {
  for (const [id, status, at] of [
    ["o1", "completed", january],
    ["o2", "failed", march],
    ["o3", "waiting_auth", january],
  ] as const)
    await db.execute(sql`insert into onboarding_runs (id, repo_owner, repo_name, status, completed_activities, created_at, updated_at, view)
      values (${id}, 'a', 'b', ${status}, '{}', ${new Date(at).toISOString()}::timestamptz, ${new Date(at).toISOString()}::timestamptz, '{}')`);
  await dropOldOnboardings(db, march);
  const left = await db.execute<{ id: string }>(sql`select id from onboarding_runs order by id`);
  expect(left.rows.map(({ id }) => id)).toEqual(["o2", "o3"]);
});
