import { and, desc, eq } from "drizzle-orm";
import * as z from "zod";
import type { Database } from "../database.ts";
import { agentTaskHistory as history } from "../schema/tasks.ts";
import { beyond, cursorAfter, during, listPage, momentParam, ofProject, pageParams, projectParam, type ListPage } from "./list-page.ts";

export const agentHistoryFilter = z.strictObject({
  ...pageParams,
  agent: z.string().max(100),
  capability: z.string().max(100).optional(),
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  /** `1`: only what succeeded, `0`: only what did not. */
  ok: z
    .enum(["0", "1"])
    .transform((text) => text === "1")
    .optional(),
  /** Ended at this moment or later. */
  since: momentParam.optional(),
  /** Ended before this moment. */
  until: momentParam.optional(),
});

/** What an attempt of an agent came to. */
export type AgentResult = typeof history.$inferSelect;

/** The ended attempts of one agent that say something of it, newest first; those that it declined or that were cancelled are not among them. */
export async function listAgentHistory(db: Database, filter: z.output<typeof agentHistoryFilter>): Promise<ListPage<AgentResult>> {
  const { agent, capability, project, ok, since, until, cursor, limit } = filter;
  const rows = await db
    .select()
    .from(history)
    .where(
      and(
        eq(history.agent, agent),
        capability ? eq(history.capability, capability) : undefined,
        project ? ofProject(history.project, project) : undefined,
        ok === undefined ? undefined : eq(history.ok, ok),
        during(history.endedAt, since, until),
        cursor ? beyond(cursor, [history.endedAt, history.task, history.attempt]) : undefined,
      ),
    )
    .orderBy(desc(history.endedAt), desc(history.task), desc(history.attempt))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.endedAt, row.task, row.attempt),
    (row) => row,
  );
}
