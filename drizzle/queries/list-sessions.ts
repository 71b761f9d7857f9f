import { and, desc, eq, isNotNull, isNull, type InferSelectModel } from "drizzle-orm";
import * as z from "zod";
import type { AgentId, ProjectKey, ProjectName } from "../../core/ids.ts";
import { runOf } from "../../core/lifecycle/run-ids.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import type { SessionState, SessionView } from "../../core/sessions/views.ts";
import type { Database } from "../database.ts";
import { implementationSessions as sessions, sessionCheckpoints as checkpoints } from "../schema/runs.ts";
import { beyond, cursorAfter, listPage, ofProject, pageParams, projectParam, type ListPage, withProject } from "./list-page.ts";

export const sessionFilter = withProject(
  z.strictObject({
    ...pageParams,
    /** Key or `owner/name`. */
    project: projectParam.optional(),
    issue: z.coerce.number().int().positive().max(2_147_483_647).optional(),
    run: z.coerce.number().int().positive().max(2_147_483_647).optional(),
    agent: z.string().min(1).max(64).optional(),
    /** 1: only those that have not ended. */
    open: z.enum(["0", "1"]).optional(),
  }),
);

/** Sessions by their start, newest first. */
export async function listSessions(db: Database, filter: z.output<typeof sessionFilter>): Promise<ListPage<SessionView>> {
  const { project, issue, run, agent, open, cursor, limit } = filter;
  const rows = await db
    .select()
    .from(sessions)
    .where(
      and(
        project ? ofProject(sessions.project, project) : undefined,
        issue ? eq(sessions.issue, issue) : undefined,
        run ? eq(sessions.run, run) : undefined,
        agent ? eq(sessions.agent, agent) : undefined,
        open === undefined ? undefined : open === "1" ? isNull(sessions.endedAt) : isNotNull(sessions.endedAt),
        cursor ? beyond(cursor, [sessions.startedAt, sessions.id]) : undefined,
      ),
    )
    .orderBy(desc(sessions.startedAt), desc(sessions.id))
    .limit(limit + 1);
  return listPage(rows, limit, (row) => cursorAfter(row.startedAt, row.id), viewOf);
}

/** One session, or null when the read model has not seen it. */
export async function findSession(db: Database, id: string): Promise<SessionView | null> {
  const [row] = await db.select().from(sessions).where(eq(sessions.id, id)).limit(1);
  return row === undefined ? null : viewOf(row);
}

/** Ids of all sessions of a project. */
export async function sessionsOf(db: Database, project: ProjectKey): Promise<string[]> {
  return (await db.select({ id: sessions.id }).from(sessions).where(eq(sessions.project, project))).map(({ id }) => id);
}

export const checkpointFilter = z.strictObject({ ...pageParams, id: z.string().min(3).max(200) });

export type Checkpoint = Pick<InferSelectModel<typeof checkpoints>, "seq" | "at" | "task" | "agent"> & Readonly<Record<string, unknown>>;

/** What a session's worktree looked like, newest first. */
export async function listCheckpoints(
  db: Database,
  { id, cursor, limit }: z.output<typeof checkpointFilter>,
): Promise<ListPage<Checkpoint>> {
  const of = runOf(id);
  if (of === undefined) return { items: [], cursor: null };
  const rows = await db
    .select()
    .from(checkpoints)
    .where(
      and(
        eq(checkpoints.project, of.project),
        eq(checkpoints.issue, of.issue),
        eq(checkpoints.run, of.run),
        cursor ? beyond(cursor, [checkpoints.at, checkpoints.seq]) : undefined,
      ),
    )
    .orderBy(desc(checkpoints.at), desc(checkpoints.seq))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.at, row.seq),
    ({ seq, at, task, agent, data }) => ({ ...data, seq, at, task, agent }),
  );
}

function viewOf({ seenAt, ...row }: InferSelectModel<typeof sessions>): SessionView {
  return {
    ...row,
    project: row.project as ProjectKey,
    name: row.name as ProjectName,
    agent: row.agent as AgentId | null,
    state: row.state as SessionState,
    lastSeenAt: seenAt,
    ...terminalSize,
  };
}
