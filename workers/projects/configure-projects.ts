import type { ProjectProfile } from "../../core/inputs.ts";
import { orchestrator, pool, settings } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { randomId } from "../../platform/random-id.ts";
import { registerBuiltInOnce } from "../agents/register-built-in.ts";
import { forgetRegistry, registeredProjects } from "../registry.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";

/** Enters a project in the registry and tells its orchestrator; the same for a changed one. */
export async function configureProject(env: Env, profile: ProjectProfile): Promise<void> {
  await registerBuiltInOnce(env);
  await pool(env).projectRegistered(profile);
  forgetRegistry(env);
  await tell(env, profile);
  await forgetRest(env);
}

/** Tells every orchestrator the settings as they are now; those that know them ignore it. */
export async function configureProjects(env: Env): Promise<void> {
  await Promise.all((await registeredProjects(env, 0)).map((profile) => tell(env, profile)));
  await forgetRest(env);
}

async function tell(env: Env, profile: ProjectProfile): Promise<void> {
  const meshOverrides = await settings(env).get();
  await orchestrator(env, profile.key).apply({
    id: `configure.${randomId()}`,
    at: now(),
    type: "project-configured",
    profile,
    meshOverrides,
  });
}
