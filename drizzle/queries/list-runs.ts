import { and, desc, eq, isNotNull, isNull } from "drizzle-orm";
import * as z from "zod";
import type { RunView } from "../../core/project/views.ts";
import type { Database } from "../database.ts";
import { issueRuns as runs } from "../schema/runs.ts";
import { beyond, cursorAfter, during, listPage, momentParam, ofProject, pageParams, projectParam, type ListPage } from "./list-page.ts";

export const runFilter = z.strictObject({
  ...pageParams,
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  issue: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  phase: z.string().max(40).toUpperCase().optional(),
  active: z.enum(["0", "1"]).optional(),
  /** Of the run's start. */
  since: momentParam.optional(),
  until: momentParam.optional(),
});

/** Runs by their start, newest first. */
export async function listRuns(db: Database, filter: z.output<typeof runFilter>): Promise<ListPage<RunView>> {
  const { project, issue, phase, active, since, until, cursor, limit } = filter;
  const rows = await db
    .select()
    .from(runs)
    .where(
      and(
        project ? ofProject(runs.project, project) : undefined,
        issue ? eq(runs.issue, issue) : undefined,
        phase ? eq(runs.phase, phase) : undefined,
        active === undefined ? undefined : active === "1" ? isNull(runs.endedAt) : isNotNull(runs.endedAt),
        during(runs.startedAt, since, until),
        cursor ? beyond(cursor, [runs.startedAt, runs.project, runs.issue, runs.run]) : undefined,
      ),
    )
    .orderBy(desc(runs.startedAt), desc(runs.project), desc(runs.issue), desc(runs.run))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.startedAt, row.project, row.issue, row.run),
    (row) => row.view,
  );
}

/** One run, or null when the read model has not seen it. `project` is a key or `owner/name`. */
export async function findRun(db: Database, project: string, issue: number, run: number): Promise<RunView | null> {
  const rows = await db
    .select({ view: runs.view })
    .from(runs)
    .where(and(ofProject(runs.project, project), eq(runs.issue, issue), eq(runs.run, run)))
    .limit(1);
  return rows[0]?.view ?? null;
}
