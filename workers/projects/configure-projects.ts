import type { ProjectName } from "../../core/ids.ts";
import type { ProjectInput, ProjectProfile } from "../../core/inputs.ts";
import { orchestrator, pool, settings } from "../../durable-objects/remote.ts";
import type { MeshSettings } from "../../durable-objects/settings.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import { randomId } from "../../platform/random-id.ts";
import { registerBuiltInOnce } from "../agents/register-built-in.ts";
import { forgetRegistry, registeredProjects } from "../registry.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";

/** The project is on its way out, and can be registered again when it is gone: after a minute, mostly. */
export class ProjectBeingDeleted extends Error {
  override name = "ProjectBeingDeleted";
  constructor(project: ProjectName) {
    super(`${project} is being deleted. Try again in a minute; GET /ops/state says what is waited for.`);
  }
}

/** Enters a project in the registry and tells its orchestrator; the same for a changed one. Answers the entry as it is now. Throws ProjectBeingDeleted. */
export async function configureProject(env: Env, given: ProjectProfile): Promise<ProjectProfile> {
  await registerBuiltInOnce(env);
  const profile = await pool(env).projectRegistered(given);
  if (profile === null) throw new ProjectBeingDeleted(given.name);
  forgetRegistry(env);
  await tell(env, profile);
  await forgetRest(env);
  return profile;
}

/**
 * Tells every orchestrator the settings as they are now; those that know them ignore it. Answers the projects that could not be told: they learn
 * it by the next reconcile.
 */
export async function configureProjects(env: Env): Promise<ProjectName[]> {
  const profiles = await registeredProjects(env, 0);
  await forgetRest(env);
  const told = await Promise.all(profiles.map((profile) => tellOrLog(env, profile)));
  return profiles.flatMap(({ name }, index) => (told[index] ? [] : [name]));
}

async function tellOrLog(env: Env, profile: ProjectProfile): Promise<boolean> {
  try {
    await tell(env, profile);
    return true;
  } catch (error) {
    log("warn", "a project was not told the settings", { project: profile.key, reason: "settings-not-told", error: errorText(error) });
    return false;
  }
}

async function tell(env: Env, profile: ProjectProfile): Promise<void> {
  await orchestrator(env, profile.key).applyAll(settingsInputs(profile, await settings(env).all()));
}

/** What an orchestrator is told of its own and the mesh-wide settings: in one commit, so that a project made while the mesh stands still begins nothing. */
export function settingsInputs(profile: ProjectProfile, { overrides, meshState, spent }: MeshSettings): ProjectInput[] {
  const at = now();
  return [
    { id: `configure.${randomId()}`, at, type: "project-configured", profile, meshOverrides: overrides },
    { id: `mesh.${meshState.n}.${randomId()}`, at, type: "mesh-state-changed", state: meshState },
    ...(spent === null
      ? []
      : [{ id: `mesh-day.${spent.day}.${randomId()}`, at, type: "mesh-day-spent", spend: spent, announce: false } as const]),
  ];
}
