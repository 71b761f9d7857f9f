import { pool } from "../../durable-objects/remote.ts";
import type { Clients } from "../clients.ts";
import { continueDeletion } from "../projects/delete-project.ts";
import { attempt } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";

/** Goes on with deletions that were not finished, each in its own try; answers how many are not finished yet. */
export async function continueDeletions(env: Env, clients: Clients, failures: ScheduledFailure[]): Promise<number> {
  let left = 0;
  for (const departure of await pool(env).departures()) {
    const what = `deletion of ${departure.profile.name}`;
    const deletion = await attempt(what, failures, () => continueDeletion(env, clients, departure), undefined);
    if (deletion?.waitsFor !== null) left += 1;
  }
  return left;
}
