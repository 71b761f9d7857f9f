import { asc, desc, sql } from "drizzle-orm";
import type { Moment } from "../../core/time.ts";
import type { Database } from "../database.ts";
import { projectionCursors, projectionRefusals } from "../schema/projects.ts";

/** How far the read model has followed, and what it had to leave out. */
export interface Freshness {
  /** When anything was last projected; null before the first event. */
  readonly asOf: Moment | null;
  /** Compare `seq` with the live `ProjectView.seq`. */
  readonly projects: readonly (typeof projectionCursors.$inferSelect)[];
  /** Events put aside: all of them counted, the newest 20 shown. */
  readonly refusals: { readonly count: number; readonly newest: readonly (typeof projectionRefusals.$inferSelect)[] };
}

export async function freshness(db: Database): Promise<Freshness> {
  const [projects, counted, newest] = await db.batch([
    db.select().from(projectionCursors).orderBy(asc(projectionCursors.name), asc(projectionCursors.project)),
    db.select({ count: sql<number>`count(*)::int` }).from(projectionRefusals),
    db.select().from(projectionRefusals).orderBy(desc(projectionRefusals.at)).limit(20),
  ]);
  return {
    asOf: projects.reduce<Moment | null>((latest, { updatedAt }) => Math.max(latest ?? 0, updatedAt), null),
    projects,
    refusals: { count: counted[0]?.count ?? 0, newest },
  };
}
