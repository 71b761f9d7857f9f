import { meshProject } from "../../core/ids.ts";
import { defaultPolicy, parsePolicy } from "../../core/policy.ts";
import type { Policy } from "../../core/policy.ts";
import { dayMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { dropOldEvents, dropOldOnboardings, oldEventsByDefault, oldPartitions } from "../../drizzle/old-rows.ts";
import { orchestrator, pool, settings } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { pruneBackups } from "../backup/list-backups.ts";
import type { Clients } from "../clients.ts";
import { deletePolls } from "./poll-memory.ts";
import { attempt } from "./report.ts";
import type { CleanedUp, OldObjects, ScheduledFailure } from "../../core/cleaned-up.ts";

/** The policy that holds mesh-wide. */
export async function meshPolicy(env: Env): Promise<Policy> {
  const policy = parsePolicy(await settings(env).get());
  return policy.ok ? policy.value : defaultPolicy;
}

/** Removes what the mesh-wide policy calls too old. Each part in its own try; doing it again removes nothing more. */
export async function cleanUp(env: Env, clients: Clients, dryRun: boolean): Promise<CleanedUp> {
  const { retention, backups } = await meshPolicy(env);
  const failures: ScheduledFailure[] = [];
  const nothing: OldObjects = { objects: 0, bytes: 0 };
  const at = now();
  const objects = (what: string, prefix: string, days: number | null) =>
    days === null ? nothing : attempt(what, failures, () => oldObjects(env, prefix, at - days * dayMs, dryRun), nothing);
  const events = retention.eventsMonths;
  return {
    dryRun,
    backups: await attempt("backups", failures, () => pruneBackups(env, backups.keepDays, dryRun), []),
    ...(events === null
      ? { partitions: [], events: 0 }
      : await attempt("events", failures, () => oldEvents(clients, monthsBefore(at, events), dryRun), { partitions: [], events: 0 })),
    journal: await objects("journal", "journal/", retention.journalDays),
    recordings: await objects("recordings", "recordings/", retention.recordingsDays),
    polls: await attempt(
      "polls",
      failures,
      () => deletePolls(env, async () => new Set((await pool(env).projects()).map(({ key }) => key)), dryRun),
      0,
    ),
    onboardings: await attempt("onboardings", failures, () => oldOnboardings(env, clients, retention.onboardingsDays, at, dryRun), 0),
    failures,
  };
}

/** The beginning of the month that lies so many months before the one of `at` (UTC). */
function monthsBefore(at: Moment, months: number): Moment {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months);
}

async function oldEvents(clients: Clients, before: Moment, dryRun: boolean): Promise<Pick<CleanedUp, "partitions" | "events">> {
  const db = clients.openDatabase();
  const partitions = await oldPartitions(db, before);
  return { partitions, events: dryRun ? await oldEventsByDefault(db, before) : await dropOldEvents(db, partitions, before) };
}

async function oldOnboardings(env: Env, clients: Clients, days: number | null, at: Moment, dryRun: boolean): Promise<number> {
  if (days === null) return 0;
  const before = at - days * dayMs;
  if (!dryRun) await dropOldOnboardings(clients.openDatabase(), before);
  return orchestrator(env, meshProject).forgetOnboardings(before, dryRun);
}

async function oldObjects(env: Env, prefix: string, before: Moment, dryRun: boolean): Promise<OldObjects> {
  let [objects, bytes, cursor]: [number, number, string | undefined] = [0, 0, undefined];
  for (;;) {
    const page: R2Objects = await env.ARCHIVE.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    const old = page.objects.filter(({ uploaded }) => uploaded.getTime() < before);
    objects += old.length;
    bytes += old.reduce((sum, { size }) => sum + size, 0);
    if (!dryRun && old.length > 0) await env.ARCHIVE.delete(old.map(({ key }) => key));
    if (!page.truncated) return { objects, bytes };
    cursor = page.cursor;
  }
}
