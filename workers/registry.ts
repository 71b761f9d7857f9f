import { meshProject, parseProjectKey, parseProjectName } from "../core/ids.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { projectCalled } from "../core/project/registry-entry.ts";
import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { pool } from "../durable-objects/remote.ts";

const keptMs = 30 * secondMs;
const askedAgainMs = secondMs;
const refreshedByPool = new WeakMap<object, number>();
const knownByPool = new WeakMap<object, { profiles: readonly ProjectProfile[]; at: number }>();

/** Every onboarded project; what this isolate read in the last 30 s counts. */
export async function registeredProjects(env: Env, newerThanMs = keptMs): Promise<readonly ProjectProfile[]> {
  const known = knownByPool.get(env.POOL);
  if (known && now() - known.at < newerThanMs) return known.profiles;
  const at = now();
  const profiles = await pool(env).projects();
  registryRead(env, profiles, at);
  return profiles;
}

/** What was read of the registry at `at`, beside something else: this isolate need not read it again. */
export function registryRead(env: Env, profiles: readonly ProjectProfile[], at: Moment): void {
  knownByPool.set(env.POOL, { profiles, at });
}

/**
 * The registry for what comes all the time: whatever this isolate knows, however old, counts at once, and what is older than 30 s is read anew beside the
 * answer (`later` is the invocation's `waitUntil`). Only an isolate that knows nothing waits.
 */
export async function registryAtHand(env: Env, later: (work: Promise<unknown>) => void): Promise<readonly ProjectProfile[]> {
  const known = knownByPool.get(env.POOL);
  if (!known) return registeredProjects(env);
  if (now() - known.at >= keptMs && now() - (refreshedByPool.get(env.POOL) ?? 0) >= keptMs) {
    refreshedByPool.set(env.POOL, now());
    later(registeredProjects(env).catch((error: unknown) => log("warn", "registry not read", { error: errorText(error) })));
  }
  return known.profiles;
}

/** Makes this isolate read the registry anew. */
export function forgetRegistry(env: Env): void {
  knownByPool.delete(env.POOL);
}

/** The first project that fits. A miss in the isolate's memory is looked up again, so that a project just registered is found. */
export async function findProject(env: Env, fits: (profile: ProjectProfile) => boolean): Promise<ProjectProfile | undefined> {
  return (await registeredProjects(env)).find(fits) ?? (await registeredProjects(env, askedAgainMs)).find(fits);
}

/** By its name, or one it had before. */
export async function projectNamed(env: Env, name: ProjectName): Promise<ProjectProfile | undefined> {
  return projectCalled(await registeredProjects(env), name) ?? projectCalled(await registeredProjects(env, askedAgainMs), name);
}

/** Whether an orchestrator with that key has a right to exist, so that made-up ids wake no object. */
export async function isProject(env: Env, key: ProjectKey): Promise<boolean> {
  return key === meshProject || (await findProject(env, (profile) => profile.key === key)) !== undefined;
}

/** A project by `owner/name`, by key, or `mesh`. */
export async function projectKeyOf(env: Env, text: string): Promise<ProjectKey | undefined> {
  const name = parseProjectName(text);
  if (name) return (await projectNamed(env, name))?.key;
  const key = parseProjectKey(text);
  return key && (await isProject(env, key)) ? key : undefined;
}
