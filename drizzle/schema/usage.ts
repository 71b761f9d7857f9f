import { bigint, doublePrecision, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./column-types.ts";

/**
 * What runs have cost, by hour (UTC), phase and agent: a sum of `usage-counted` events that stays when those go. `by` and `agent`: a session's agent, or
 * `model` and an empty agent where the mesh itself asked a model.
 */
export const usageHours = pgTable(
  "usage_hours",
  {
    project: text("project").notNull(),
    issue: integer("issue").notNull(),
    run: integer("run").notNull(),
    hour: moment("hour").notNull(),
    phase: text("phase").notNull(),
    by: text("by").notNull(),
    agent: text("agent").notNull(),
    usd: doublePrecision("usd").notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.project, t.issue, t.run, t.hour, t.phase, t.by, t.agent] }),
    index("usage_hours_hour").on(t.hour),
    index("usage_hours_project").on(t.project, t.hour),
    index("usage_hours_agent").on(t.agent, t.hour),
  ],
);
