import { env } from "cloudflare:workers";
import { neonConfig } from "@neondatabase/serverless";
import { afterAll, afterEach, expect, test } from "vitest";
import { dayMs, hourMs, minuteMs } from "../../core/time.ts";
import { createCursors } from "../../tests/support/cursor-database.ts";
import { clock, now } from "../../platform/clock.ts";
import { listBackups } from "../backup/list-backups.ts";
import { backupName, placeOf } from "../backup/manifest.ts";
import { createTestMesh } from "../test-mesh.ts";
import type { CleanedUp } from "../../core/cleaned-up.ts";
import { nextNight } from "./nightly.ts";
import { reconcile } from "./reconcile.ts";

const mesh = createTestMesh();
const away = neonConfig.fetchFunction;
neonConfig.fetchFunction = createCursors().answer;

afterEach(() => clock.reset());
afterAll(() => {
  neonConfig.fetchFunction = away;
});

const due = () => reconcile(mesh.env, mesh.clients, "due");
const backups = () => listBackups(env);
const cleanUp = async (dryRun: boolean) => (await mesh.send("POST", "/ops/cleanup", { dryRun })).json<CleanedUp>();
/** To a minute after the next night's hour. */
const intoTheNight = () => clock.shift(nextNight(now(), 2) + minuteMs - now());
const put = (key: string) => env.ARCHIVE.put(key, "{}");

test("the hour comes once a day", () => {
  const noon = Date.UTC(2026, 10, 27, 12);
  expect(nextNight(noon, 2)).toBe(Date.UTC(2026, 10, 28, 2));
  expect(nextNight(noon, 13)).toBe(Date.UTC(2026, 10, 27, 13));
  expect(nextNight(noon, 12)).toBe(Date.UTC(2026, 10, 28, 12));
});

test("each night one backup is made, whatever the crons; none of an empty mesh, none when it is switched off", async () => {
  await due();
  intoTheNight();
  await due();
  expect(await backups()).toEqual([]);
  await mesh.addProject("acme/nightly");
  await due();
  expect(await backups()).toEqual([]);
  for (let night = 1; night <= 2; night += 1) {
    intoTheNight();
    for (let minute = 0; minute < 3; minute += 1) {
      await due();
      clock.shift(minuteMs);
    }
    expect(await backups()).toHaveLength(night);
  }
  expect((await backups())[0]).toMatchObject({ by: "the night", projects: 1 });
  expect((await mesh.send("PATCH", "/settings", { backups: { enabled: false } })).status).toBe(200);
  await due();
  intoTheNight();
  await due();
  expect(await backups()).toHaveLength(2);
});

test("what is too old goes, at first only said; the newest backup stays, and what the policy keeps for ever", async () => {
  const kept = (await mesh.send("POST", "/ops/backup")).status;
  expect(kept).toBe(201);
  const newest = (await backups())[0]?.name ?? "";
  const brokenOff = backupName(now() - 2 * dayMs);
  const underway = backupName(now() - hourMs);
  const others = [
    placeOf(brokenOff, "pool.000000.jsonl"),
    placeOf(underway, "pool.000000.jsonl"),
    "polls/R_long_gone.json",
    "journal/R_x/0.jsonl",
    "recordings/R_x/1.cast",
  ];
  for (const key of others) await put(key);
  const said = await cleanUp(true);
  expect(said).toMatchObject({
    dryRun: true,
    backups: [brokenOff],
    polls: 1,
    journal: { objects: 0 },
    recordings: { objects: 0 },
    failures: [],
  });
  expect(await env.ARCHIVE.head(placeOf(brokenOff, "pool.000000.jsonl"))).not.toBeNull();
  expect(await cleanUp(false)).toEqual({ ...said, dryRun: false });
  expect(await cleanUp(false)).toMatchObject({ backups: [], polls: 0 });
  expect(await env.ARCHIVE.head(placeOf(underway, "pool.000000.jsonl"))).not.toBeNull();

  await mesh.send("PATCH", "/settings", { retention: { journalDays: 1, recordingsDays: 1 }, backups: { keepDays: 1 } });
  clock.shift(3 * dayMs);
  const { length: objects } = (await env.ARCHIVE.list({ prefix: "journal/" })).objects;
  expect(await cleanUp(true)).toMatchObject({ journal: { objects }, recordings: { objects: 1, bytes: 2 } });
  await cleanUp(false);
  expect([await env.ARCHIVE.head("journal/R_x/0.jsonl"), await env.ARCHIVE.head("recordings/R_x/1.cast")]).toEqual([null, null]);
  expect((await backups()).map(({ name }) => name)).toEqual([newest]);
});
