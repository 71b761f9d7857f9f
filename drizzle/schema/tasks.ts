import { boolean, doublePrecision, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { WhyChosen } from "../../core/pool/why-chosen.ts";
import type { TaskError } from "../../core/task/state.ts";
import { moment } from "./column-types.ts";

export const orchestratorTasks = pgTable(
  "orchestrator_tasks",
  {
    id: text("id").primaryKey(),
    project: text("project").notNull(),
    run: text("run"),
    capability: text("capability").notNull(),
    status: text("status").notNull(),
    priority: integer("priority").notNull(),
    timeoutSeconds: integer("timeout_seconds").notNull(),
    maxAttempts: integer("max_attempts").notNull(),
    submittedAt: moment("submitted_at").notNull(),
    endedAt: moment("ended_at"),
    error: jsonb("error").$type<TaskError>(),
  },
  (t) => [
    index("orchestrator_tasks_submitted").on(t.submittedAt, t.id),
    index("orchestrator_tasks_project").on(t.project, t.submittedAt, t.id),
    index("orchestrator_tasks_status").on(t.status, t.submittedAt, t.id),
    index("orchestrator_tasks_capability").on(t.capability, t.submittedAt, t.id),
  ],
);

export const taskAttempts = pgTable(
  "task_attempts",
  {
    task: text("task").notNull(),
    number: integer("number").notNull(),
    project: text("project").notNull(),
    agent: text("agent").notNull(),
    score: doublePrecision("score").notNull(),
    status: text("status").notNull(),
    dispatchedAt: moment("dispatched_at").notNull(),
    startedAt: moment("started_at"),
    endedAt: moment("ended_at"),
    error: jsonb("error").$type<TaskError>(),
    why: jsonb("why").$type<WhyChosen>(),
  },
  (t) => [primaryKey({ columns: [t.task, t.number] }), index("task_attempts_agent").on(t.agent, t.dispatchedAt)],
);

/** One row per ended attempt: what each agent came to at each capability. */
export const agentTaskHistory = pgTable(
  "agent_task_history",
  {
    agent: text("agent").notNull(),
    task: text("task").notNull(),
    attempt: integer("attempt").notNull(),
    project: text("project").notNull(),
    capability: text("capability").notNull(),
    ok: boolean("ok").notNull(),
    status: text("status").notNull(),
    endedAt: moment("ended_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.task, t.attempt] }),
    index("agent_task_history_agent").on(t.agent, t.capability, t.endedAt),
    index("agent_task_history_ended").on(t.agent, t.endedAt, t.task, t.attempt),
  ],
);
