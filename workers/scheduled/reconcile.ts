import { checkTimeLimits } from "../../clients/http-check/http-check.ts";
import { meshProject } from "../../core/ids.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { dayMs, hourMs, minuteMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { ensurePartitions } from "../../drizzle/ensure-partitions.ts";
import { cursorOf } from "../../drizzle/project-page.ts";
import type { DueHealthCheck } from "../../durable-objects/agent-pool-outlook.ts";
import type { Outlook } from "../../durable-objects/project-orchestrator-views.ts";
import { orchestrator, pool, settings } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { builtInAgents } from "../agents/built-in-agents.ts";
import type { Clients } from "../clients.ts";
import { watchOnboardings } from "../onboarding/watchdog.ts";
import { pokeProjection } from "../queues/projections.ts";
import { registryRead } from "../registry.ts";
import { archiveJournal } from "./archive-journal.ts";
import { refreshCredentials } from "./credential-refresh.ts";
import { nightly } from "./nightly.ts";
import { reconcileProject, toleranceMs } from "./reconcile-project.ts";
import { redeliverShared } from "./redeliver-shared.ts";
import { continueDeletions } from "./deletions.ts";
import { attempt } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";
import type { ReconcileReport } from "./report.ts";
import { rememberRest, restMemory } from "./rest-memory.ts";
import type { RestMemory } from "./rest-memory.ts";

/** An idle mesh is looked at this often, at least. */
const restMostMs = 5 * minuteMs;

/** One reconcile: what was known when it began, and what is known at its end. */
interface Round {
  readonly env: Env;
  readonly clients: Clients;
  readonly which: "due" | "now";
  readonly at: Moment;
  readonly known: RestMemory;
  readonly failures: ScheduledFailure[];
}

/**
 * Brings back what may have been lost: reads boards, pull requests and branches again, has failed webhook deliveries repeated, probes agents'
 * dependencies, pokes read models that lag, makes the next months' partitions, renews credentials ahead of their end. `due`: what its interval says, and nothing at all while nothing is
 * due; `now`: everything. One failing project or card stops no other.
 */
export async function reconcile(env: Env, clients: Clients, which: "due" | "now"): Promise<ReconcileReport> {
  const at = now();
  const failures: ScheduledFailure[] = [];
  const known = await restMemory(env);
  const isDue = (until: Moment | undefined): boolean => which === "now" || at >= (until ?? 0) - toleranceMs;
  if (!isDue(known.until)) return nothingDone(failures);
  const round: Round = { env, clients, which, at, known, failures };
  const mesh = await attempt("registry", failures, () => pool(env).outlook(builtInAgents), undefined);
  const profiles = mesh?.projects ?? [];
  if (mesh !== undefined) registryRead(env, profiles, at);
  const looked = profiles.filter(({ key }) => isDue(known.projects[key]));
  const keys = [...(isDue(known.projects[meshProject]) ? [meshProject] : []), ...looked.map(({ key }) => key)];
  const meshSettings = looked.length > 0 ? await attempt("settings", failures, () => settings(env).all(), undefined) : undefined;
  // One call answers for both who reads the project and who looks how far its journal is.
  const outlooks = new Map(looked.map(({ key }) => [key, orchestrator(env, key).outlook()]));
  for (const asked of outlooks.values()) asked.catch(() => {});
  const vaults = [meshProject, ...profiles.map(({ key }) => key)];
  const renewing = { env, clients, which, known: known.credentials, failures };
  const [healthChecks, redelivered, projections, archive, partitionsAt, nightlyAt, leaving, credentials, onboardings, projects] =
    await Promise.all([
      attempt("health-checks", failures, () => probeHealth(env, clients, mesh?.healthChecksDue ?? []), 0),
      redeliverShared(clients, profiles, which, failures),
      attempt("projections", failures, () => pokeStale(round, keys, outlooks), { poked: null, projected: known.projected }),
      attempt("archive", failures, () => archiveDue(round, keys), { archived: 0, archivedAt: known.archivedAt }),
      attempt("partitions", failures, () => makePartitions(round), known.partitionsAt),
      attempt("nightly", failures, () => nightly(env, clients, at, known.nightlyAt, failures), known.nightlyAt),
      attempt("deletions", failures, () => continueDeletions(env, clients, mesh?.departures ?? [], failures), 1),
      attempt("credential-refresh", failures, () => refreshCredentials(renewing, vaults), { refreshed: 0, nextAt: known.credentials }),
      attempt("onboardings", failures, () => watchDue(round), { restarted: 0, lookAt: known.onboardingsAt }),
      Promise.all(looked.map((profile) => reconcileProject(env, clients, profile, which, meshSettings, outlooks.get(profile.key)))),
    ]);
  const rests = new Map(keys.map((key) => [key, at + restMostMs]));
  for (const [index, { key }] of looked.entries()) rests.set(key, projects[index]?.restsUntil ?? at);
  for (const key of projections.poked ?? keys) rests.set(key, at);
  const present = [meshProject, ...profiles.map(({ key }) => key)];
  const until = Object.fromEntries(present.map((key) => [key, rests.get(key) ?? known.projects[key] ?? at]));
  const healthAt =
    healthChecks > 0 ? await attempt("health-checks", failures, () => pool(env).nextHealthCheckAt(), at) : mesh?.nextHealthCheckAt;
  const remembered: RestMemory = {
    version: 1,
    until:
      failures.length > 0 || leaving > 0
        ? at
        : Math.min(
            at + restMostMs,
            onboardings.lookAt,
            healthAt ?? Number.POSITIVE_INFINITY,
            ...Object.values(until),
            ...Object.values(credentials.nextAt),
          ),
    projects: until,
    projected: only(present, projections.projected),
    onboardingsAt: onboardings.lookAt,
    archivedAt: only(present, archive.archivedAt),
    partitionsAt,
    nightlyAt,
    reconciledAt: at,
    credentials: credentials.nextAt,
  };
  await rememberRest(env, remembered, known.as);
  const reports = projects.map(({ report }) => report);
  return {
    projects: reports,
    healthChecks,
    redelivered,
    poked: projections.poked?.length ?? 0,
    archived: archive.archived,
    leaving,
    refreshed: credentials.refreshed,
    resumed: onboardings.restarted,
    failures,
  };
}

function nothingDone(failures: readonly ScheduledFailure[]): ReconcileReport {
  return { projects: [], healthChecks: 0, redelivered: 0, poked: 0, archived: 0, leaving: 0, refreshed: 0, resumed: 0, failures };
}

/** Nothing is remembered of a project that is gone: its journal may begin anew. */
function only(keys: readonly ProjectKey[], known: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(keys.flatMap((key) => (known[key] === undefined ? [] : [[key, known[key]]])));
}

async function probeHealth(env: Env, clients: Clients, due: readonly DueHealthCheck[]): Promise<number> {
  if (due.length === 0) return 0;
  const results = await Promise.all(
    due.map(async ({ agent, name, url }) => {
      const ok = await clients.httpCheck.check({ url, timeLimitMs: checkTimeLimits.health }).then(
        (result) => result.healthy,
        () => false,
      );
      return { agent, name, ok, at: now() };
    }),
  );
  await pool(env).healthProbed(results);
  return results.length;
}

/** The database is asked only about journals that have grown since it was seen to have all of them. */
async function pokeStale(
  { env, clients, known }: Round,
  keys: readonly ProjectKey[],
  outlooks: ReadonlyMap<ProjectKey, Promise<Outlook>>,
): Promise<{ poked: ProjectKey[] | null; projected: RestMemory["projected"] }> {
  const ends = await Promise.all(
    keys.map(async (key) => ({ key, seq: (await (outlooks.get(key) ?? orchestrator(env, key).outlook())).seq })),
  );
  const grown = ends.filter(({ key, seq }) => seq > (known.projected[key] ?? 0));
  const db = clients.openDatabase();
  const cursors = await Promise.all(grown.map(async ({ key, seq }) => ({ key, seq, cursor: await cursorOf(db, key) })));
  const poked = cursors.filter(({ seq, cursor }) => seq > cursor).map(({ key }) => key);
  for (const key of poked) await pokeProjection(env, key);
  return { poked, projected: { ...known.projected, ...Object.fromEntries(cursors.map(({ key, cursor }) => [key, cursor])) } };
}

/** Once an hour: nothing is deleted from an orchestrator before it is archived, and retention is counted in days. */
async function archiveDue(
  { env, at, known }: Round,
  keys: readonly ProjectKey[],
): Promise<{ archived: number; archivedAt: RestMemory["archivedAt"] }> {
  let archived = 0;
  const archivedAt = { ...known.archivedAt };
  for (const key of keys) {
    if (at - (archivedAt[key] ?? 0) < hourMs) continue;
    archived += await archiveJournal(env, key);
    archivedAt[key] = at;
  }
  return { archived, archivedAt };
}

/** Only an active onboarding is looked at before the mesh is looked at anyway; one that begins has everything looked at anew. */
async function watchDue({ env, which, at, known }: Round): Promise<{ restarted: number; lookAt: Moment }> {
  if (which === "due" && at < known.onboardingsAt) return { restarted: 0, lookAt: known.onboardingsAt };
  const { restarted, nextAt } = await watchOnboardings(env);
  return { restarted, lookAt: Math.min(nextAt ?? Number.POSITIVE_INFINITY, at + restMostMs) };
}

/** Once a day: events of a month that has no partition yet would go to the default one. Answers when it was done last. */
async function makePartitions({ clients, which, at, known }: Round): Promise<Moment> {
  if (which === "due" && at - known.partitionsAt < dayMs) return known.partitionsAt;
  await ensurePartitions(clients.openDatabase(), at);
  return at;
}
