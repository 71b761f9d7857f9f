import { and, asc, eq, inArray, sql } from "drizzle-orm";
import * as z from "zod";
import type { EventType } from "../../core/events.ts";
import type { Database } from "../database.ts";
import { meshSixEvents as events } from "../schema/events.ts";
import { cursorAfter, listPage, ofProject, pageParams, projectParam, type ListPage } from "./list-page.ts";

const types = [
  "architect-consulted",
  "guidance-given",
  "question-asked",
  "question-sent-to-human",
  "question-answered",
  "question-answered-late",
  "question-applied",
  "question-parked",
  "question-withdrawn",
  "learning-noted",
] as const satisfies readonly EventType[];

export const consultationFilter = z.strictObject({
  ...pageParams,
  /** Key or `owner/name`. */
  project: projectParam,
  issue: z.coerce.number().int().positive().max(2_147_483_647),
});

export type Consultation = Pick<typeof events.$inferSelect, "project" | "seq" | "at" | "type" | "run" | "task" | "agent" | "data">;

/**
 * What the architect was asked about an issue, and each question with its answers, escalations and what was learned, in the order it happened:
 * unlike other lists, the oldest first. What the architect saw is told by hash and length only.
 */
export async function listConsultations(
  db: Database,
  { project, issue, cursor, limit }: z.output<typeof consultationFilter>,
): Promise<ListPage<Consultation>> {
  const { seq, at, type, run, task, agent, data } = events;
  const [since, sinceProject = "", sinceSeq = "0"] = cursor?.split("~") ?? [];
  const rows = await db
    .select({ project: events.project, seq, at, type, run, task, agent, data })
    .from(events)
    .where(
      and(
        ofProject(events.project, project),
        eq(events.issue, issue),
        inArray(type, [...types]),
        since === undefined
          ? undefined
          : sql`(${at}, ${events.project}, ${seq}) > (${new Date(Number(since)).toISOString()}::timestamptz, ${sinceProject}, ${sinceSeq}::bigint)`,
      ),
    )
    .orderBy(asc(at), asc(events.project), asc(seq))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.at, row.project, row.seq),
    (row) => row,
  );
}
