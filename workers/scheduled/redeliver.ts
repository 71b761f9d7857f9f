import type { GitHub, HookRef } from "../../clients/github/github.ts";
import { hourMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";

/** What is older, the board's poll has long brought. */
const lookBackMs = 6 * hourMs;
const mostAtOnce = 50;

/**
 * Has GitHub repeat what never arrived, oldest first. A repeat that fails again is asked for again by the next reconcile; one that arrives twice
 * does no harm, since a webhook only says where to look. How many.
 */
export async function redeliver(github: GitHub, hook: HookRef): Promise<number> {
  const failed = await github.failedDeliveries(hook, now() - lookBackMs);
  const chosen = failed.slice(0, mostAtOnce);
  for (const delivery of chosen) await github.redeliver(hook, delivery.id);
  return chosen.length;
}
