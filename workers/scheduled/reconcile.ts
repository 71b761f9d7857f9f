import { failedWith } from "../../clients/client-error.ts";
import { checkTimeLimits } from "../../clients/http-check/http-check.ts";
import { meshProject } from "../../core/ids.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { hourMs, minuteMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import type { Database } from "../../drizzle/database.ts";
import { cursorOf } from "../../drizzle/project-page.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { builtInAgents } from "../agents/built-in-agents.ts";
import type { Clients } from "../clients.ts";
import { pokeProjection } from "../queues/projections.ts";
import { registeredProjects } from "../registry.ts";
import { archiveJournal } from "./archive-journal.ts";
import { reconcileProject } from "./reconcile-project.ts";
import { redeliver } from "./redeliver.ts";
import { attempt } from "./report.ts";
import type { Failure, ReconcileReport } from "./report.ts";

const deliveriesEveryMs = 5 * minuteMs;

/** What this isolate did when; another isolate may do it once more, which changes nothing. */
let appDeliveriesDue = 0;
let appHookMissingUntil = 0;
const archivedAt = new Map<ProjectKey, Moment>();

/**
 * Brings back what may have been lost: reads boards, pull requests and branches again, has failed webhook deliveries repeated, probes agents'
 * dependencies, pokes read models that lag. `due`: what its interval says; `now`: everything. One failing project or card stops no other.
 */
export async function reconcile(env: Env, clients: Clients, which: "due" | "now"): Promise<ReconcileReport> {
  const failures: Failure[] = [];
  await attempt("built-in-agents", failures, () => pool(env).registerBuiltIn(builtInAgents), undefined);
  const profiles = await attempt("registry", failures, () => registeredProjects(env, 0), []);
  const keys = [meshProject, ...profiles.map((profile) => profile.key)];
  const [healthChecks, redelivered, poked, archived, projects] = await Promise.all([
    attempt("health-checks", failures, () => probeHealth(env, clients), 0),
    attempt("app-deliveries", failures, () => redeliverApp(clients, which), 0),
    attempt("projections", failures, () => pokeStale(env, clients.openDatabase(), keys), 0),
    attempt("archive", failures, () => archive(env, keys), 0),
    Promise.all(profiles.map((profile) => reconcileProject(env, clients, profile, which))),
  ]);
  return { projects, healthChecks, redelivered, poked, archived, failures };
}

async function probeHealth(env: Env, clients: Clients): Promise<number> {
  const due = await pool(env).healthChecksDue();
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

/** GitHub answers 404 to an App that has no webhook, which is nothing to tell anyone; one may be given to it later. */
async function redeliverApp(clients: Clients, which: "due" | "now"): Promise<number> {
  const at = now();
  if (!clients.hasApp || at < appHookMissingUntil || (which === "due" && at < appDeliveriesDue)) return 0;
  try {
    const redelivered = await redeliver(clients.github, { kind: "app" });
    appDeliveriesDue = at + deliveriesEveryMs;
    return redelivered;
  } catch (error) {
    if (!failedWith(error, "not-found")) throw error;
    appHookMissingUntil = at + hourMs;
    return 0;
  }
}

async function pokeStale(env: Env, db: Database, projects: readonly ProjectKey[]): Promise<number> {
  const stale = await Promise.all(
    projects.map(async (project) => (await orchestrator(env, project).view()).seq > (await cursorOf(db, project))),
  );
  const behind = projects.filter((_, index) => stale[index]);
  for (const project of behind) await pokeProjection(env, project);
  return behind.length;
}

/** Once an hour: nothing is deleted from an orchestrator before it is archived, and retention is counted in days. */
async function archive(env: Env, projects: readonly ProjectKey[]): Promise<number> {
  let archived = 0;
  for (const project of projects) {
    if (now() - (archivedAt.get(project) ?? 0) < hourMs) continue;
    archived += await archiveJournal(env, project);
    archivedAt.set(project, now());
  }
  return archived;
}
