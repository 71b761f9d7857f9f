import { and, desc, eq, ilike, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import * as z from "zod";
import type { RunRow, RunView } from "../../core/project/views.ts";
import type { Database } from "../database.ts";
import { issueRuns as runs } from "../schema/runs.ts";
import {
  beyond,
  cursorAfter,
  during,
  listPage,
  momentParam,
  ofProject,
  pageParams,
  projectParam,
  type ListPage,
  withProject,
} from "./list-page.ts";

export const runFilter = withProject(
  z.strictObject({
    ...pageParams,
    /** Key or `owner/name`. */
    project: projectParam.optional(),
    issue: z.coerce.number().int().positive().max(2_147_483_647).optional(),
    phase: z.string().max(40).toUpperCase().optional(),
    active: z.enum(["0", "1"]).optional(),
    /** Of the run's start. */
    since: momentParam.optional(),
    until: momentParam.optional(),
    /** A part of the title, in any case. */
    title: z.string().max(200).optional(),
    /** `row`: only what a line of a list shows. */
    fields: z.enum(["row", "all"]).default("all"),
  }),
);

/** Runs by their start, newest first. */
export async function listRuns(db: Database, filter: z.output<typeof runFilter>): Promise<ListPage<RunView | RunRow>> {
  return filter.fields === "row" ? listRows(db, filter) : listViews(db, filter);
}

async function listViews(db: Database, filter: z.output<typeof runFilter>): Promise<ListPage<RunView>> {
  const rows = await db
    .select()
    .from(runs)
    .where(matching(filter))
    .orderBy(...newestFirst)
    .limit(filter.limit + 1);
  return listPage(rows, filter.limit, cursorOf, (row) => row.view);
}

async function listRows(db: Database, filter: z.output<typeof runFilter>): Promise<ListPage<RunRow>> {
  const { project, name, id, issue, run, title, phase, usd, startedAt, endedAt, endedBecause } = runs;
  const shown = { project, name, id, issue, run, title: sql<string>`left(${title}, ${longestTitle})`, phase, usd, startedAt, endedAt };
  const rows = await db
    .select({ ...shown, endedBecause: sql<string | null>`left(${endedBecause}, ${longestTitle})` })
    .from(runs)
    .where(matching(filter))
    .orderBy(...newestFirst)
    .limit(filter.limit + 1);
  return listPage(rows, filter.limit, cursorOf, (row) => row as RunRow);
}

const longestTitle = 300;
const newestFirst = [desc(runs.startedAt), desc(runs.project), desc(runs.issue), desc(runs.run)];

function cursorOf({ startedAt, project, issue, run }: Pick<typeof runs.$inferSelect, "startedAt" | "project" | "issue" | "run">): string {
  return cursorAfter(startedAt, project, issue, run);
}

function matching(filter: z.output<typeof runFilter>): SQL | undefined {
  const { project, issue, phase, active, since, until, title, cursor } = filter;
  return and(
    project ? ofProject(runs.project, project) : undefined,
    issue ? eq(runs.issue, issue) : undefined,
    phase ? eq(runs.phase, phase) : undefined,
    active === undefined ? undefined : active === "1" ? isNull(runs.endedAt) : isNotNull(runs.endedAt),
    during(runs.startedAt, since, until),
    title ? ilike(runs.title, `%${title.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`) : undefined,
    cursor ? beyond(cursor, [runs.startedAt, runs.project, runs.issue, runs.run]) : undefined,
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
