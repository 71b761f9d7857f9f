import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./column-types.ts";

/** Every onboarded repository, as last configured. */
export const repoRegistry = pgTable(
  "repo_registry",
  {
    project: text("project").primaryKey(),
    name: text("name").notNull(),
    repositoryUrl: text("repository_url").notNull(),
    cloneUrl: text("clone_url").notNull(),
    defaultBranch: text("default_branch").notNull(),
    boardId: text("board_id"),
    boardNumber: integer("board_number"),
    boardUrl: text("board_url"),
    boardOwner: text("board_owner"),
    observedBy: text("observed_by"),
    configuredAt: moment("configured_at").notNull(),
    /** What it was called before; each leads to it while no other project is called so. */
    formerNames: text("former_names").array(),
  },
  (t) => [index("repo_registry_name").on(t.name)],
);

/** How far each project's journal has been projected; moved only by the function `advance_cursor`. */
export const projectionCursors = pgTable("projection_cursors", {
  project: text("project").primaryKey(),
  name: text("name"),
  seq: bigint("seq", { mode: "number" }).notNull(),
  /** The moment of the last projected event. */
  lastEventAt: moment("last_event_at"),
  updatedAt: moment("updated_at").notNull(),
});

/** Events Postgres refused: put aside here so that the rest goes on. `event` is the JSON text as it came. */
export const projectionRefusals = pgTable(
  "projection_refusals",
  {
    project: text("project").notNull(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    at: moment("at").notNull(),
    type: text("type").notNull(),
    reason: text("reason").notNull(),
    event: text("event").notNull(),
  },
  (t) => [primaryKey({ columns: [t.project, t.seq] }), index("projection_refusals_at").on(t.at)],
);
