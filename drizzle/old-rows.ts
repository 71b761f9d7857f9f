import { and, inArray, lt, sql } from "drizzle-orm";
import type { Moment } from "../core/time.ts";
import type { Database } from "./database.ts";
import { onboardingRuns } from "./schema/onboardings.ts";

/** Partitions of events that hold nothing as late as this moment, which is the beginning of a month (UTC). */
export async function oldPartitions(db: Database, before: Moment): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'mesh_six_events'::regclass order by 1`,
  );
  const first = `mesh_six_events_${new Date(before).toISOString().slice(0, 7).replace("-", "_")}`;
  return rows.map(({ name }) => name).filter((name) => /^mesh_six_events_\d{4}_\d\d$/.test(name) && name < first);
}

/** Drops partitions as `oldPartitions` names them, and deletes what is as old from the default one; answers how many rows were there. */
export async function dropOldEvents(db: Database, partitions: readonly string[], before: Moment): Promise<number> {
  for (const name of partitions) await db.execute(sql`drop table if exists ${sql.identifier(name)}`);
  return countOf(db, sql`delete from mesh_six_events_default where at < ${new Date(before).toISOString()}::timestamptz`);
}

/** How many events the default partition has from before this moment. */
export async function oldEventsByDefault(db: Database, before: Moment): Promise<number> {
  const { rows } = await db.execute<{ n: string }>(
    sql`select count(*) as n from mesh_six_events_default where at < ${new Date(before).toISOString()}::timestamptz`,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Deletes onboardings that were finished before this moment. */
export async function dropOldOnboardings(db: Database, before: Moment): Promise<void> {
  await db.delete(onboardingRuns).where(and(inArray(onboardingRuns.status, ["completed", "failed"]), lt(onboardingRuns.updatedAt, before)));
}

async function countOf(db: Database, statement: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await db.execute<{ n: string }>(sql`with gone as (${statement} returning 1) select count(*) as n from gone`);
  return Number(rows[0]?.n ?? 0);
}
