import { dayMs, hourMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { pool } from "../../durable-objects/remote.ts";
import { log } from "../../platform/log.ts";
import { makeBackup } from "../backup/make-backup.ts";
import type { Clients } from "../clients.ts";
import { cleanUp, meshPolicy } from "./clean-up.ts";
import { attempt } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";

const againAfterMs = hourMs;

/**
 * The backup and the clean-up of the night, when it is time; `due` is what this answered last, 0 when it is not known. Answers when to look again: the
 * next night, or an hour later when something failed.
 */
export async function nightly(env: Env, clients: Clients, at: Moment, due: Moment, failures: ScheduledFailure[]): Promise<Moment> {
  if (due > at) return due;
  const { backups } = await meshPolicy(env);
  const next = nextNight(at, backups.hourUtc);
  if (due === 0) return next;
  const failed: ScheduledFailure[] = [];
  if (backups.enabled && !(await pool(env).isEmpty())) {
    const made = await attempt("backup", failed, () => makeBackup(env, "the night"), undefined);
    if (made !== undefined) log("info", `backed up as ${made.name}`, { count: made.parts.length });
  }
  const cleaned = await attempt("clean-up", failed, () => cleanUp(env, clients, false), undefined);
  failed.push(...(cleaned?.failures ?? []));
  failures.push(...failed);
  return failed.length > 0 ? Math.min(next, at + againAfterMs) : next;
}

/** The next moment at which this hour (UTC) begins. */
export function nextNight(at: Moment, hourUtc: number): Moment {
  const today = Math.floor(at / dayMs) * dayMs + hourUtc * hourMs;
  return today > at ? today : today + dayMs;
}
