import * as z from "zod";
import type { JournalEvent } from "../core/events.ts";
import type { WhyChosen } from "../core/pool/why-chosen.ts";
import type { TaskView } from "../core/project/views.ts";
import type { AttemptStatus, TaskError, TaskStatus } from "../core/task/state.ts";
import type { agentTaskHistory, orchestratorTasks, taskAttempts } from "./schema/tasks.ts";

type TaskRow = typeof orchestratorTasks.$inferInsert;
type AttemptRow = typeof taskAttempts.$inferInsert;
type HistoryRow = typeof agentTaskHistory.$inferInsert;

/** `new` rows are whole; a `changed` row says only what is new, for a row written by an earlier page. */
export interface TaskRows {
  readonly newTasks: readonly TaskRow[];
  readonly changedTasks: readonly (Partial<TaskRow> & { id: string })[];
  readonly newAttempts: readonly AttemptRow[];
  readonly changedAttempts: readonly (Partial<AttemptRow> & { task: string; number: number })[];
  readonly history: readonly HistoryRow[];
}

/** Only what the mapping itself walks through; everything else is for Postgres to refuse. */
const taskView = z.looseObject({ id: z.string(), attempts: z.array(z.looseObject({ number: z.number() })) });
const attemptFacts = z.looseObject({
  capability: z.string(),
  attempt: z.number(),
  score: z.number().optional(),
  status: z.string().optional(),
});
const endFacts = z.looseObject({ status: z.string() });

/** Attempts that say something of their agent; declined and cancelled ones do not. */
const telling = new Set<string>(["completed", "failed", "timed-out", "lost"]);

/** Collects what one project's task events come to, in the journal's order. */
export function createTaskRows(): { add(event: JournalEvent): string | undefined; rows(): TaskRows } {
  const tasks = rowsByKey<TaskRow, { id: string }>();
  const attempts = rowsByKey<AttemptRow, { task: string; number: number }>();
  const history: HistoryRow[] = [];

  function submitted(event: JournalEvent): string | undefined {
    const view = event.data["view"] ?? event.data["task"] ?? event.data;
    const parsed = taskView.safeParse(view);
    if (!parsed.success) return `malformed task view: ${z.prettifyError(parsed.error)}`;
    const { attempts: tried, payload: _payload, result: _result, ...row } = view as TaskView;
    tasks.make(row.id, row);
    for (const attempt of tried) attempts.make(`${row.id} ${attempt.number}`, { ...attempt, task: row.id, project: row.project });
    return undefined;
  }

  function attempted(event: JournalEvent, task: string): string | undefined {
    const parsed = attemptFacts.safeParse(event.data);
    if (!parsed.success) return `malformed attempt: ${z.prettifyError(parsed.error)}`;
    const { capability, attempt: number, score = 0, status = "failed" } = parsed.data;
    const key = `${task} ${number}`;
    const { at, project, agent = "" } = event;
    const error = event.data["error"] as TaskError | undefined;
    const why = event.data["why"] as WhyChosen | undefined;
    switch (event.type) {
      case "task-dispatched":
        attempts.make(key, {
          task,
          number,
          project,
          agent,
          score,
          status: "dispatched" satisfies AttemptStatus,
          dispatchedAt: at,
          ...(why ? { why } : {}),
        });
        tasks.change(task, { id: task, status: "dispatched" satisfies TaskStatus });
        return undefined;
      case "task-started":
        attempts.change(key, { task, number, status: "running" satisfies AttemptStatus, startedAt: at });
        tasks.change(task, { id: task, status: "running" satisfies TaskStatus });
        return undefined;
      default:
        attempts.change(key, { task, number, status, endedAt: at, error });
        tasks.change(task, { id: task, status: "pending" satisfies TaskStatus });
        if (telling.has(status))
          history.push({ agent, task, attempt: number, project, capability, ok: status === "completed", status, endedAt: at });
        return undefined;
    }
  }

  function ended(event: JournalEvent, task: string): string | undefined {
    const parsed = endFacts.safeParse(event.data);
    if (!parsed.success) return `malformed end of a task: ${z.prettifyError(parsed.error)}`;
    tasks.change(task, { id: task, status: parsed.data.status, endedAt: event.at, error: event.data["error"] as TaskError | undefined });
    return undefined;
  }

  return {
    /** Why the event cannot be used, if so. */
    add(event) {
      if (event.type === "task-submitted") return submitted(event);
      if (event.task === undefined) return "names no task";
      return event.type === "task-ended" ? ended(event, event.task) : attempted(event, event.task);
    },
    rows: () => ({
      newTasks: tasks.made(),
      changedTasks: tasks.changed(),
      newAttempts: attempts.made(),
      changedAttempts: attempts.changed(),
      history,
    }),
  };
}

/** Folds changes into rows made in the same page and keeps the others apart. */
function rowsByKey<Row extends Key, Key extends object>() {
  const made = new Map<string, Row>();
  const changed = new Map<string, Partial<Row> & Key>();
  return {
    make: (key: string, row: Row) => void made.set(key, row),
    change: (key: string, change: Partial<Row> & Key) => {
      const row = made.get(key);
      if (row) made.set(key, { ...row, ...change });
      else changed.set(key, { ...changed.get(key), ...change });
    },
    made: () => [...made.values()],
    changed: () => [...changed.values()],
  };
}
