import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { moment, tsvector } from "./column-types.ts";

/** What people's answers have taught the architect: one sentence each, of a repository or of the whole mesh. */
export const learnings = pgTable(
  "learnings",
  {
    /** Computed from the question it comes from, so that a read model filled anew has the same. 52 bits. */
    id: bigint("id", { mode: "number" })
      .primaryKey()
      .generatedAlwaysAs(sql`('x' || substr(md5(question), 1, 13))::bit(52)::bigint`),
    /** The repository it holds in; null = mesh-wide. */
    project: text("project"),
    text: text("text").notNull(),
    words: tsvector("words").generatedAlwaysAs(sql`to_tsvector('english'::regconfig, text)`),
    /** Where it comes from. */
    question: text("question").notNull().unique(),
    sourceProject: text("source_project").notNull(),
    sourceIssue: integer("source_issue"),
    by: text("by").notNull(),
    /** The person answered otherwise than the architect had guessed. */
    overruled: boolean("overruled").notNull(),
    createdAt: moment("created_at").notNull(),
    /** How often the architect was shown it. */
    usedCount: integer("used_count").notNull(),
    lastUsedAt: moment("last_used_at"),
  },
  (t) => [index("learnings_words").using("gin", t.words), index("learnings_project").on(t.project, t.createdAt)],
);
