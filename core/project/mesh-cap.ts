import type { MeshDay } from "../lifecycle/mesh-day.ts";
import type { Configuration } from "./lookup.ts";

/** What all projects together may cost on one day; a project's own settings do not change it. */
export function meshCapUsd({ meshOverrides }: Configuration): number | null {
  return meshOverrides.budget?.meshPerDayUsd ?? null;
}

export function meshDayOf(configuration: Configuration): MeshDay | undefined {
  const capUsd = meshCapUsd(configuration);
  const { meshSpent } = configuration;
  return capUsd === null || meshSpent === undefined ? undefined : { ...meshSpent, capUsd };
}
