import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./column-types.ts";

/**
 * The journals of all projects. Partitioned by month of `at`, which drizzle-kit cannot express: the first migration was completed by
 * hand. Of `run-changed` only the figures are kept here; the view itself is in `issue_runs`.
 */
export const meshSixEvents = pgTable(
  "mesh_six_events",
  {
    project: text("project").notNull(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    at: moment("at").notNull(),
    type: text("type").notNull(),
    trace: text("trace").notNull(),
    issue: integer("issue"),
    run: integer("run"),
    task: text("task"),
    agent: text("agent"),
    inputId: text("input_id").notNull(),
    data: jsonb("data").$type<Readonly<Record<string, unknown>>>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.project, t.seq, t.at] }),
    index("mesh_six_events_at").on(t.at, t.project, t.seq),
    index("mesh_six_events_project").on(t.project, t.at, t.seq),
    index("mesh_six_events_trace").on(t.trace, t.at),
    index("mesh_six_events_issue").on(t.project, t.issue, t.at),
    index("mesh_six_events_task")
      .on(t.task, t.at)
      .where(sql`${t.task} is not null`),
    index("mesh_six_events_agent")
      .on(t.agent, t.at)
      .where(sql`${t.agent} is not null`),
    index("mesh_six_events_type").on(t.type, t.at),
  ],
);
