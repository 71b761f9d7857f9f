import { and, desc, eq, sql } from "drizzle-orm";
import * as z from "zod";
import type { QuestionView } from "../../core/project/views.ts";
import type { Database } from "../database.ts";
import { issueRuns as runs, sessionQuestions as questions } from "../schema/runs.ts";
import { beyond, cursorAfter, listPage, ofProject, pageParams, projectParam, type ListPage } from "./list-page.ts";

export const questionFilter = z.strictObject({
  ...pageParams,
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  /** One question, also while it is open. */
  id: z.string().min(3).max(200).optional(),
});

/** A question with the issue it belongs to. */
export interface PastQuestion extends QuestionView {
  /** `owner/name#12.1`. */
  readonly run: string;
  /** `owner/name`. */
  readonly project: string;
  readonly issue: number;
  readonly title: string;
  /** The issue's page. */
  readonly url: string;
}

/** Questions that were answered or withdrawn, by when they were asked, newest first. */
export async function listQuestions(db: Database, filter: z.output<typeof questionFilter>): Promise<ListPage<PastQuestion>> {
  const { project, id, cursor, limit } = filter;
  const rows = await db
    .select({ id: questions.id, askedAt: questions.askedAt, question: questions.view, run: runs.view })
    .from(questions)
    .innerJoin(runs, and(eq(runs.project, questions.project), eq(runs.issue, questions.issue), eq(runs.run, questions.run)))
    .where(
      and(
        // As the index has it, to the word.
        id === undefined ? sql`${questions.status} in ('answered', 'withdrawn')` : eq(questions.id, id),
        project ? ofProject(questions.project, project) : undefined,
        cursor ? beyond(cursor, [questions.askedAt, questions.id]) : undefined,
      ),
    )
    .orderBy(desc(questions.askedAt), desc(questions.id))
    .limit(limit + 1);
  return listPage(
    rows,
    limit,
    (row) => cursorAfter(row.askedAt, row.id),
    ({ question, run }) => ({ ...question, run: run.id, project: run.name, issue: run.issue, title: run.title, url: run.url }),
  );
}
