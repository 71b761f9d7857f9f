import { and, desc, eq, notInArray } from "drizzle-orm";
import * as z from "zod";
import type { Database } from "../database.ts";
import { meshSixEvents as events } from "../schema/events.ts";
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

/** Which events, whether as a list or as a file. */
export const eventParams = {
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  trace: z.string().max(300).optional(),
  task: z.string().max(300).optional(),
  agent: z.string().max(100).optional(),
  type: z.string().max(100).optional(),
  /** Types left out, with commas between: `run-changed` comes with every change of a run. */
  without: z
    .string()
    .max(1_000)
    .transform((types) => types.split(","))
    .optional(),
  issue: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  since: momentParam.optional(),
  /** Exclusive. */
  until: momentParam.optional(),
};

export const eventFilter = withProject(z.strictObject({ ...pageParams, ...eventParams }));

export type EventRow = typeof events.$inferSelect;

/** Journal events of all projects. */
export async function listEvents(db: Database, filter: z.output<typeof eventFilter>): Promise<ListPage<EventRow>> {
  const { project, trace, task, agent, type, without, issue, since, until, cursor, limit } = filter;
  const rows = await db
    .select()
    .from(events)
    .where(
      and(
        project ? ofProject(events.project, project) : undefined,
        trace ? eq(events.trace, trace) : undefined,
        task ? eq(events.task, task) : undefined,
        agent ? eq(events.agent, agent) : undefined,
        type ? eq(events.type, type) : undefined,
        without ? notInArray(events.type, without) : undefined,
        issue ? eq(events.issue, issue) : undefined,
        during(events.at, since, until),
        cursor ? beyond(cursor, [events.at, events.project, events.seq]) : undefined,
      ),
    )
    .orderBy(desc(events.at), desc(events.project), desc(events.seq))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.at, row.project, row.seq),
    (row) => row,
  );
}
