import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import * as z from "zod";
import type { AgentId, ProjectKey, TaskId } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import type { AttemptStatus, TaskStatus } from "../../core/task/state.ts";
import type { Database } from "../database.ts";
import { orchestratorTasks as tasks, taskAttempts as attempts } from "../schema/tasks.ts";
import { beyond, cursorAfter, during, listPage, momentParam, ofProject, pageParams, projectParam, type ListPage } from "./list-page.ts";

export const taskFilter = z.strictObject({
  ...pageParams,
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  status: z.enum(["pending", "dispatched", "running", "completed", "failed", "cancelled"]).optional(),
  capability: z.string().max(100).optional(),
  run: z.string().max(40).optional(),
  /** Some attempt of the task was this agent's. */
  agent: z.string().max(100).optional(),
  /** Submitted at this moment or later. */
  since: momentParam.optional(),
  /** Submitted before this moment. */
  until: momentParam.optional(),
});

/** Tasks with their attempts, by submission, newest first. Payload and result are only with the orchestrator. */
export async function listTasks(db: Database, filter: z.output<typeof taskFilter>): Promise<ListPage<TaskView>> {
  const { project, status, capability, run, agent, since, until, cursor, limit } = filter;
  const rows = await db
    .select()
    .from(tasks)
    .where(
      and(
        project ? ofProject(tasks.project, project) : undefined,
        status ? eq(tasks.status, status) : undefined,
        capability ? eq(tasks.capability, capability) : undefined,
        run ? eq(tasks.run, run) : undefined,
        agent ? sql`${tasks.id} in (select task from task_attempts where agent = ${agent})` : undefined,
        during(tasks.submittedAt, since, until),
        cursor ? beyond(cursor, [tasks.submittedAt, tasks.id]) : undefined,
      ),
    )
    .orderBy(desc(tasks.submittedAt), desc(tasks.id))
    .limit(limit + 1);
  const tried = await attemptsOf(
    db,
    rows.map(({ id }) => id),
  );
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.submittedAt, row.id),
    (row) => viewOf(row, tried),
  );
}

/** One task, or null when the read model has not seen it. */
export async function findTask(db: Database, id: string): Promise<TaskView | null> {
  const [rows, tried] = await db.batch([db.select().from(tasks).where(eq(tasks.id, id)), selectAttempts(db, [id])]);
  return rows[0] ? viewOf(rows[0], tried) : null;
}

type TaskRow = typeof tasks.$inferSelect;
type AttemptRow = typeof attempts.$inferSelect;

function selectAttempts(db: Database, ids: readonly string[]) {
  return db
    .select()
    .from(attempts)
    .where(inArray(attempts.task, [...ids]))
    .orderBy(asc(attempts.number));
}

async function attemptsOf(db: Database, ids: readonly string[]): Promise<AttemptRow[]> {
  return ids.length === 0 ? [] : selectAttempts(db, ids);
}

function viewOf(row: TaskRow, tried: readonly AttemptRow[]): TaskView {
  return {
    ...row,
    id: row.id as TaskId,
    project: row.project as ProjectKey,
    status: row.status as TaskStatus,
    attempts: tried
      .filter(({ task }) => task === row.id)
      .map(({ task: _task, project: _project, why, ...attempt }) => ({
        ...attempt,
        ...(why === null ? {} : { why }),
        agent: attempt.agent as AgentId,
        status: attempt.status as AttemptStatus,
      })),
  };
}
