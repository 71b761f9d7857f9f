import { sql, type SQL } from "drizzle-orm";
import * as z from "zod";
import type { JournalEvent } from "../core/events.ts";
import { storableJson } from "./many-rows.ts";
import { learnings } from "./schema/learnings.ts";

type LearningRow = Omit<typeof learnings.$inferInsert, "id" | "words">;

/** How often a page of the journal has a learning shown to the architect. */
interface Use {
  readonly id: number;
  readonly times: number;
  readonly at: number;
}

export interface LearningRows {
  readonly learnings: readonly LearningRow[];
  readonly uses: readonly Use[];
}

const noted = z.looseObject({
  text: z.string().min(1).max(2_000),
  scope: z.enum(["repository", "mesh"]),
  source: z.looseObject({ question: z.string().min(1), by: z.string() }),
  overruled: z.boolean().default(false),
});
const consulted = z.looseObject({ learnings: z.array(z.number().int()).max(100).default([]) });

/** Collects what one project's events say of learnings: those that are new, and those that were used. */
export function createLearningRows(): { add(event: JournalEvent): string | undefined; rows(): LearningRows } {
  const made = new Map<string, LearningRow>();
  const used = new Map<number, Use>();
  return {
    /** Why the event cannot be used, if so. */
    add({ type, data, project, issue, at }) {
      if (type === "architect-consulted") {
        const parsed = consulted.safeParse(data);
        if (!parsed.success) return `malformed consultation: ${z.prettifyError(parsed.error)}`;
        for (const id of parsed.data.learnings) used.set(id, { id, times: (used.get(id)?.times ?? 0) + 1, at });
        return undefined;
      }
      const parsed = noted.safeParse(data);
      if (!parsed.success) return `malformed learning: ${z.prettifyError(parsed.error)}`;
      const { text, scope, source, overruled } = parsed.data;
      made.set(source.question, {
        project: scope === "mesh" ? null : project,
        text,
        question: source.question,
        sourceProject: project,
        sourceIssue: issue,
        by: source.by,
        overruled,
        createdAt: at,
        usedCount: 0,
      });
      return undefined;
    },
    rows: () => ({ learnings: [...made.values()], uses: [...used.values()] }),
  };
}

/** One statement that adds to the counts; an id nobody has is passed by. */
export function countUses(uses: readonly Use[]): SQL {
  const rows = uses.map(({ id, times, at }) => ({ id, times, at: new Date(at).toISOString() }));
  return sql`update ${learnings} set used_count = ${learnings.usedCount} + r.times, last_used_at = greatest(${learnings.lastUsedAt}, r.at)
    from jsonb_to_recordset(${storableJson(rows)}::jsonb) as r(id bigint, times integer, at timestamptz) where ${learnings.id} = r.id`;
}
