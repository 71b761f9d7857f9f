import type { Effect } from "../../core/effects.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { settings } from "../../durable-objects/remote.ts";
import { configureProjects } from "../projects/configure-projects.ts";
import type { Performed } from "./perform-effect.ts";

/**
 * Adds what a project has cost today to the mesh's sum. When that reaches the cap every project is told, once for each cap; who could not be told
 * learns it by the next reconcile. Repeating it counts nothing twice, and tells what was not told yet.
 */
export async function reportSpend(
  env: Env,
  { key }: ProjectProfile,
  { id, day, usd, life }: Extract<Effect, { kind: "report-spend" }>,
): Promise<Performed> {
  const result = { kind: "done" } as const;
  const { spent, at, announce, untoldCapUsd } = await settings(env).noteSpend({ project: key, life, day, usd });
  if (spent === null) return { observed: [], result };
  if (untoldCapUsd !== null) {
    await configureProjects(env);
    await settings(env).noteDayTold(day, untoldCapUsd);
  }
  return { observed: [{ id: `${id}:mesh-day`, at, type: "mesh-day-spent", spend: spent, announce }], result };
}
