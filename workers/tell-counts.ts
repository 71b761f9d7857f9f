import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { pool } from "../durable-objects/remote.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { giveBackWorkerCounts, takeWorkerCounts } from "../platform/worker-counts.ts";

const tellEveryMs = 5 * secondMs;
let toldAt: Moment = 0;

/**
 * Has what this isolate has counted told to the pool, at most every 5 s. An isolate that ends takes along what it counted since it last told, and
 * the next request of one that lives on tells the rest.
 */
export function tellCountsLater(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): void {
  if (Math.abs(now() - toldAt) < tellEveryMs) return;
  toldAt = now();
  ctx.waitUntil(tellCounts(env));
}

/** Tells them now. Never rejects: what could not be told is counted again. */
export async function tellCounts(env: Env): Promise<void> {
  const counts = takeWorkerCounts();
  try {
    await pool(env).countWorker({ ...counts });
  } catch (error) {
    giveBackWorkerCounts(counts);
    log("warn", "the Worker's counts were not told; they will be", { reason: "counts-not-told", error: errorText(error) });
  }
}
