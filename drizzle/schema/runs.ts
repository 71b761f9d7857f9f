import { sql } from "drizzle-orm";
import { bigint, boolean, doublePrecision, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { QuestionView, RunView } from "../../core/project/views.ts";
import { moment } from "./column-types.ts";

/** One pass of an issue through the board, as it was last seen. */
export const issueRuns = pgTable(
  "issue_runs",
  {
    project: text("project").notNull(),
    issue: integer("issue").notNull(),
    run: integer("run").notNull(),
    name: text("name").notNull(),
    id: text("id").notNull(),
    title: text("title").notNull(),
    phase: text("phase").notNull(),
    awaiting: text("awaiting").notNull(),
    branch: text("branch").notNull(),
    pullRequest: integer("pull_request"),
    merged: boolean("merged").notNull(),
    openQuestions: integer("open_questions").notNull(),
    usd: doublePrecision("usd").notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
    startedAt: moment("started_at").notNull(),
    phaseSince: moment("phase_since").notNull(),
    endedAt: moment("ended_at"),
    endedBecause: text("ended_because"),
    /** The whole RunView. */
    view: jsonb("view").$type<RunView>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.project, t.issue, t.run] }),
    index("issue_runs_name").on(t.name, t.issue, t.run),
    index("issue_runs_started").on(t.startedAt, t.project, t.issue, t.run),
    index("issue_runs_project").on(t.project, t.startedAt, t.issue, t.run),
    index("issue_runs_phase").on(t.phase, t.startedAt),
    index("issue_runs_active")
      .on(t.startedAt, t.project, t.issue, t.run)
      .where(sql`${t.endedAt} is null`),
  ],
);

export const implementationSessions = pgTable(
  "implementation_sessions",
  {
    id: text("id").primaryKey(),
    project: text("project").notNull(),
    issue: integer("issue").notNull(),
    run: integer("run").notNull(),
    conversationId: text("conversation_id"),
    agent: text("agent"),
    /** When the run was last seen with this session. */
    seenAt: moment("seen_at").notNull(),
    name: text("name").notNull().default(""),
    driver: text("driver"),
    state: text("state").notNull().default("ended"),
    step: text("step"),
    startedAt: moment("started_at")
      .notNull()
      .default(sql`now()`),
    endedAt: moment("ended_at"),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull().default(0),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull().default(0),
    usd: doublePrecision("usd").notNull().default(0),
    /** What it had written when it was last seen; null: not known. */
    outputBytes: bigint("output_bytes", { mode: "number" }),
  },
  (t) => [
    index("implementation_sessions_run").on(t.project, t.issue, t.run),
    index("implementation_sessions_agent").on(t.agent, t.startedAt, t.id),
    index("implementation_sessions_started").on(t.startedAt, t.id),
    index("implementation_sessions_project").on(t.project, t.startedAt, t.id),
    index("implementation_sessions_open")
      .on(t.startedAt, t.id)
      .where(sql`${t.endedAt} is null`),
  ],
);

export const sessionQuestions = pgTable(
  "session_questions",
  {
    id: text("id").primaryKey(),
    project: text("project").notNull(),
    issue: integer("issue").notNull(),
    run: integer("run").notNull(),
    purpose: text("purpose").notNull(),
    status: text("status").notNull(),
    askedAt: moment("asked_at").notNull(),
    answeredAt: moment("answered_at"),
    answeredBy: text("answered_by"),
    answeredVia: text("answered_via"),
    appliedAt: moment("applied_at"),
    parked: boolean("parked").notNull(),
    /** The whole QuestionView. */
    view: jsonb("view").$type<QuestionView>().notNull(),
  },
  (t) => [
    index("session_questions_run").on(t.project, t.issue, t.run),
    index("session_questions_status").on(t.status, t.askedAt),
    index("session_questions_past")
      .on(t.askedAt, t.id)
      .where(sql`${t.status} in ('answered', 'withdrawn')`),
    index("session_questions_project").on(t.project, t.askedAt, t.id),
  ],
);

/** What a session's worktree looked like at a moment. */
export const sessionCheckpoints = pgTable(
  "session_checkpoints",
  {
    project: text("project").notNull(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    at: moment("at").notNull(),
    issue: integer("issue").notNull(),
    run: integer("run").notNull(),
    task: text("task"),
    agent: text("agent"),
    data: jsonb("data").$type<Readonly<Record<string, unknown>>>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.project, t.seq] }), index("session_checkpoints_run").on(t.project, t.issue, t.run, t.at)],
);
