import { meshProject, parseProjectKey, parseProjectName } from "../core/ids.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { secondMs } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { pool } from "../durable-objects/remote.ts";

const keptMs = 30 * secondMs;
const askedAgainMs = secondMs;
const knownByPool = new WeakMap<object, { profiles: readonly ProjectProfile[]; at: number }>();

/** Every onboarded project; what this isolate read in the last 30 s counts. */
export async function registeredProjects(env: Env, newerThanMs = keptMs): Promise<readonly ProjectProfile[]> {
  const known = knownByPool.get(env.POOL);
  if (known && now() - known.at < newerThanMs) return known.profiles;
  const at = now();
  const profiles = await pool(env).projects();
  knownByPool.set(env.POOL, { profiles, at });
  return profiles;
}

/** Makes this isolate read the registry anew. */
export function forgetRegistry(env: Env): void {
  knownByPool.delete(env.POOL);
}

/** The first project that fits. A miss in the isolate's memory is looked up again, so that a project just registered is found. */
export async function findProject(env: Env, fits: (profile: ProjectProfile) => boolean): Promise<ProjectProfile | undefined> {
  return (await registeredProjects(env)).find(fits) ?? (await registeredProjects(env, askedAgainMs)).find(fits);
}

export function projectNamed(env: Env, name: ProjectName): Promise<ProjectProfile | undefined> {
  return findProject(env, (profile) => profile.name === name);
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
