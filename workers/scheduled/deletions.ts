import type { Departure } from "../../core/pool/departure.ts";
import type { Clients } from "../clients.ts";
import { continueDeletion } from "../projects/delete-project.ts";
import { attempt } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";

/** Goes on with these deletions, which were not finished, each in its own try; answers how many are not finished yet. */
export async function continueDeletions(
  env: Env,
  clients: Clients,
  departures: readonly Departure[],
  failures: ScheduledFailure[],
): Promise<number> {
  let left = 0;
  for (const departure of departures) {
    const what = `deletion of ${departure.profile.name}`;
    const deletion = await attempt(what, failures, () => continueDeletion(env, clients, departure), undefined);
    if (deletion?.waitsFor !== null) left += 1;
  }
  return left;
}
