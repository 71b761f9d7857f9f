import { ClientError } from "../clients/client-error.ts";
import type { RateReading } from "../clients/github/github-transport.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { PointsLeft } from "../core/points-left.ts";
import type { Clients } from "./clients.ts";
import { registeredProjects } from "./registry.ts";

/** GitHub is asked for so many credentials at most. */
const mostAsked = 20;

/** Asks GitHub once for each credential that boards are read with; projects that share one are told together. The fewest points come first. */
export async function pointsLeft(env: Env, { github }: Pick<Clients, "github">): Promise<readonly PointsLeft[]> {
  const sharing = Map.groupBy(await registeredProjects(env, 0), credentialOf);
  const readings = await Promise.all(
    [...sharing.values()].slice(0, mostAsked).map(async (profiles) => ({ profiles, reading: await readingOf(github, profiles) })),
  );
  const byLane = Map.groupBy(readings, ({ reading }, index) => ("lane" in reading ? reading.lane : `failed ${index}`));
  const items = [...byLane.values()].map((same): PointsLeft => {
    const projects = same.flatMap(({ profiles }) => profiles.map(({ name }) => name)).toSorted();
    const reading = same[0]?.reading ?? { detail: "" };
    if ("detail" in reading) return { projects, detail: reading.detail };
    return { projects, left: reading.left, limit: reading.limit, resetAt: reading.resetAt };
  });
  return items.toSorted((one, other) => leftOf(one) - leftOf(other));
}

async function readingOf(
  github: Clients["github"],
  [profile]: readonly ProjectProfile[],
): Promise<RateReading | { readonly detail: string }> {
  if (profile === undefined) return { detail: "" };
  try {
    return await github.pointsLeft(profile);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { detail: error.message };
  }
}

/** Users' boards are read with another credential than those of organizations. */
function credentialOf({ board, credential }: ProjectProfile): string {
  return JSON.stringify([board?.ownerKind === "user", credential]);
}

/** One that does not tell is looked at first. */
function leftOf(points: PointsLeft): number {
  return "left" in points ? points.left : -1;
}
