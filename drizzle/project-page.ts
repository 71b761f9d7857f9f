import { sql, type SQL } from "drizzle-orm";
import type { JournalEvent, JournalPage } from "../core/events.ts";
import type { Database } from "./database.ts";
import { eventRows, refusalOf, type EventRows } from "./event-rows.ts";
import { countUses } from "./learning-rows.ts";
import { credentialHistory } from "./schema/credentials.ts";
import { meshSixEvents } from "./schema/events.ts";
import { learnings } from "./schema/learnings.ts";
import { onboardingRuns } from "./schema/onboardings.ts";
import { projectionRefusals, repoRegistry } from "./schema/projects.ts";
import { implementationSessions, issueRuns, sessionCheckpoints, sessionQuestions } from "./schema/runs.ts";
import { agentTaskHistory, orchestratorTasks, taskAttempts } from "./schema/tasks.ts";
import { changeAll, upsertAll } from "./many-rows.ts";
import { addUsage } from "./usage-rows.ts";

/** What became of a page. */
export interface Projected {
  /** Where the read model stands now: pull from here. */
  readonly upTo: number;
  /** False: another consumer was first, and nothing, or only a part, was written. */
  readonly applied: boolean;
  /** Events put aside in `projection_refusals`. */
  readonly refused: readonly { readonly seq: number; readonly type: string; readonly reason: string }[];
}

/**
 * Writes one page of a project's journal: rows and cursor in one transaction, so each event is projected exactly once and in order,
 * whoever else is at it. An event Postgres refuses is put aside and the rest goes on. Throws when the database cannot be reached or
 * is not migrated; then nothing, or a whole prefix, is written. Throws a `JournalGap` when events before the page are missing.
 * `writtenBy` tells how many bytes a session has written, which no event says; null: not known, and what was known stays.
 */
export async function projectPage(db: Database, page: JournalPage, writtenBy: WrittenBy = async () => null): Promise<Projected> {
  const [first] = page.events;
  if (!first) return { upTo: page.upTo, applied: true, refused: [] };
  return projectEvents({ db, page, writtenBy }, page.events, { from: first.seq - 1, to: page.upTo });
}

/** The read model lacks events that the journal no longer has (an older database was restored): it must be filled from the archive. */
export class JournalGap extends Error {
  override name = "JournalGap";
  constructor(project: string, cursor: number, first: number) {
    super(`events ${cursor + 1} to ${first - 1} of ${project} are missing from the read model`);
  }
}

/** Where the read model stands in each project's journal; 0 for a project it has not seen. */
export async function cursorOf(db: Database, project: string): Promise<number> {
  const { rows } = await db.execute<{ seq: string }>(sql`select seq from projection_cursors where project = ${project}`);
  return Number(rows[0]?.seq ?? 0);
}

async function projectEvents(into: Into, events: readonly JournalEvent[], span: Span): Promise<Projected> {
  const { db, page, writtenBy } = into;
  const told = eventRows(events);
  const sessions = told.sessions.map(async (row) => ({ ...row, outputBytes: await writtenBy(row.id, row.endedAt !== null) }));
  const rows = { ...told, sessions: await Promise.all(sessions) };
  const failure = await write(db, page, events, rows, span);
  if (failure?.kind === "elsewhere" && failure.cursor < span.from) throw new JournalGap(page.project, failure.cursor, span.from + 1);
  if (!failure) return { upTo: span.to, applied: true, refused: rows.refusals.map(({ seq, type, reason }) => ({ seq, type, reason })) };
  if (failure.kind === "elsewhere") return { upTo: failure.cursor, applied: false, refused: [] };
  const [only] = events;
  if (only && events.length === 1) return putAside(db, page, only, failure.reason, span);
  const middle = Math.ceil(events.length / 2);
  const cut = events[middle - 1]?.seq ?? span.to;
  const before = await projectEvents(into, events.slice(0, middle), { from: span.from, to: cut });
  if (!before.applied) return before;
  const after = await projectEvents(into, events.slice(middle), { from: cut, to: span.to });
  return { ...after, refused: [...before.refused, ...after.refused] };
}

async function putAside(db: Database, page: JournalPage, event: JournalEvent, reason: string, span: Span): Promise<Projected> {
  const refusal = refusalOf(event, reason);
  const failure = await write(db, page, [], { ...eventRows([]), refusals: [refusal] }, span);
  if (failure?.kind === "elsewhere") return { upTo: failure.cursor, applied: false, refused: [] };
  if (failure) throw new Error(`event ${event.seq} of ${event.project} cannot even be put aside: ${failure.reason}`);
  return { upTo: span.to, applied: true, refused: [{ seq: event.seq, type: event.type, reason }] };
}

type WrittenBy = (session: string, hasEnded: boolean) => Promise<number | null>;
interface Into {
  readonly db: Database;
  readonly page: JournalPage;
  readonly writtenBy: WrittenBy;
}
interface Span {
  readonly from: number;
  readonly to: number;
}
type Failure = { readonly kind: "elsewhere"; readonly cursor: number } | { readonly kind: "refused"; readonly reason: string };

async function write(
  db: Database,
  page: JournalPage,
  events: readonly JournalEvent[],
  rows: EventRows,
  span: Span,
): Promise<Failure | undefined> {
  const lastAt = events.at(-1)?.at;
  const lastEventAt = lastAt === undefined ? null : new Date(lastAt).toISOString();
  const advance = sql`select advance_cursor(${page.project}, ${page.name}, ${span.from}::bigint, ${span.to}::bigint, ${lastEventAt}::timestamptz)`;
  try {
    await db.batch([db.execute(advance), ...insertsOf(rows).map((insert) => db.execute(insert))]);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

function insertsOf(rows: EventRows): SQL[] {
  return [
    rows.events.length > 0 && upsertAll(meshSixEvents, rows.events, "keep"),
    rows.projects.length > 0 && upsertAll(repoRegistry, rows.projects, "replace"),
    rows.newTasks.length > 0 && upsertAll(orchestratorTasks, rows.newTasks, "replace"),
    rows.changedTasks.length > 0 && changeAll(orchestratorTasks, rows.changedTasks),
    rows.newAttempts.length > 0 && upsertAll(taskAttempts, rows.newAttempts, "replace"),
    rows.changedAttempts.length > 0 && changeAll(taskAttempts, rows.changedAttempts),
    rows.history.length > 0 && upsertAll(agentTaskHistory, rows.history, "keep"),
    rows.runs.length > 0 && upsertAll(issueRuns, rows.runs, "replace"),
    rows.sessions.length > 0 && upsertAll(implementationSessions, rows.sessions, "replace", [implementationSessions.outputBytes]),
    rows.questions.length > 0 && upsertAll(sessionQuestions, rows.questions, "replace"),
    rows.checkpoints.length > 0 && upsertAll(sessionCheckpoints, rows.checkpoints, "keep"),
    rows.onboardings.length > 0 && upsertAll(onboardingRuns, rows.onboardings, "replace"),
    rows.learnings.length > 0 && upsertAll(learnings, rows.learnings, "keep"),
    rows.credentials.length > 0 && upsertAll(credentialHistory, rows.credentials, "replace"),
    rows.usage.length > 0 && addUsage(rows.usage),
    rows.uses.length > 0 && countUses(rows.uses),
    rows.refusals.length > 0 && upsertAll(projectionRefusals, rows.refusals, "keep"),
  ].filter((insert) => insert !== false);
}

/**
 * What Postgres said of the rows themselves: classes 21, 22, 23 and 54 of https://www.postgresql.org/docs/current/errcodes-appendix.html,
 * and a batch over Neon's size limit. Everything else is not the events' fault and is thrown on.
 */
function failureOf(error: unknown): Failure {
  const { code, detail, message } = (error instanceof Error && error.cause !== undefined ? error.cause : error) as {
    code?: string;
    detail?: string;
    message?: string;
  };
  if (code === "M6001") return { kind: "elsewhere", cursor: Number(detail) };
  if (code && /^(21|22|23|54)/.test(code)) return { kind: "refused", reason: `${code} ${message ?? ""}`.trim() };
  if (message && /HTTP status (413|507)/.test(message)) return { kind: "refused", reason: "too large for one request" };
  throw error;
}
