import { ClientError } from "../clients/client-error.ts";
import type { Diagnosis, Probe } from "../core/diagnosis.ts";
import { meshProject } from "../core/ids.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { meshVersion } from "../core/version.ts";
import { freshness } from "../drizzle/queries/freshness.ts";
import { orchestrator } from "../durable-objects/remote.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import type { Clients } from "./clients.ts";
import { registeredProjects } from "./registry.ts";
import { restMemory } from "./scheduled/rest-memory.ts";

/** GitHub is asked for so many projects at most; they share few credentials. */
const mostProbes = 20;

/** Asks GitHub and the database, and looks at journals and cron; changes nothing. What does not answer is part of the answer. */
export async function diagnose(env: Env, clients: Clients): Promise<Diagnosis> {
  const profiles = await registeredProjects(env, 0);
  const keys: readonly { key: ProjectKey; name: ProjectName | "mesh" }[] = [{ key: meshProject, name: "mesh" }, ...profiles];
  const [followed, github, memory, views] = await Promise.all([
    readFollowed(clients),
    Promise.all(profiles.slice(0, mostProbes).map((profile) => probeGitHub(clients, profile))),
    restMemory(env),
    Promise.all(keys.map(({ key }) => orchestrator(env, key).view())),
  ]);
  return {
    at: now(),
    version: meshVersion,
    reconciledAt: memory.reconciledAt || null,
    database: followed.probe,
    github,
    projects: keys.map(({ key, name }, index) => ({
      name,
      seq: views[index]?.seq ?? 0,
      projected: followed.cursors ? (followed.cursors.get(key) ?? 0) : null,
      outbox: views[index]?.outbox ?? 0,
    })),
  };
}

async function readFollowed(clients: Clients): Promise<{ probe: Probe; cursors: ReadonlyMap<string, number> | null }> {
  try {
    const { projects } = await freshness(clients.openDatabase());
    return { probe: { ok: true, detail: "answers" }, cursors: new Map(projects.map(({ project, seq }) => [project, seq])) };
  } catch (error) {
    log("warn", "the database did not answer a diagnosis", { error: errorText(error) });
    const code = error instanceof Error ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
    const detail = code === "42P01" ? "tables of this version are missing" : "does not answer";
    return { probe: { ok: false, detail }, cursors: null };
  }
}

async function probeGitHub(clients: Clients, profile: ProjectProfile): Promise<Probe & { project: ProjectName }> {
  try {
    const { left } = await clients.github.pointsLeft(profile);
    return { project: profile.name, ok: true, detail: `answers, ${left} points left this hour` };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { project: profile.name, ok: false, detail: error.message };
  }
}
