import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./column-types.ts";

/** What was done with a project's credentials, by whom, as its Vault recorded it; never a value. */
export const credentialHistory = pgTable(
  "credential_history",
  {
    project: text("project").notNull(),
    /** The Vault's own number, not the journal's. */
    seq: bigint("seq", { mode: "number" }).notNull(),
    at: moment("at").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    action: text("action").notNull(),
    by: text("by").notNull(),
    detail: text("detail").notNull(),
  },
  (t) => [primaryKey({ columns: [t.project, t.seq] }), index("credential_history_at").on(t.at, t.project, t.seq)],
);
