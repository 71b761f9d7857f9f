import { sql } from "drizzle-orm";
import type { Moment } from "../core/time.ts";
import type { Database } from "./database.ts";

/** Makes the event partitions of the month of `at` and of the next two, in UTC; answers how many were missing. Safe to repeat. */
export async function ensurePartitions(db: Database, at: Moment): Promise<number> {
  const { rows } = await db.execute<{ made: number }>(
    sql`select ensure_event_partitions(${new Date(at).toISOString()}::timestamptz, 2) as made`,
  );
  return Number(rows[0]?.made ?? 0);
}
