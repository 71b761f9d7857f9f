import * as z from "zod";
import type { Issue } from "../core/result.ts";
import { databaseFailure } from "./database-failure.ts";
import type { Database } from "./database.ts";
import { freshness } from "./queries/freshness.ts";
import { consultationFilter, listConsultations } from "./queries/list-consultations.ts";
import { exportEvents, exportFilter } from "./queries/export-events.ts";
import { eventFilter, listEvents } from "./queries/list-events.ts";
import { agentHistoryFilter, listAgentHistory } from "./queries/list-agent-history.ts";
import { listProjects } from "./queries/list-projects.ts";
import { listQuestions, questionFilter } from "./queries/list-questions.ts";
import { findRun, listRuns, runFilter } from "./queries/list-runs.ts";
import { checkpointFilter, findSession, listCheckpoints, listSessions, sessionFilter } from "./queries/list-sessions.ts";
import { findTask, listTasks, taskFilter } from "./queries/list-tasks.ts";
import { usage, usageFilter } from "./queries/usage.ts";

/** Answers a read, or null when the path is not one of its own. Whoever mounts it has already checked who is asking. */
export type ReadApi = (request: Request) => Promise<Response | null>;

type PathParts = Readonly<Record<string, string>>;
/** What goes out as JSON, or a whole response; null when there is no such row. */
type Answer = (db: Database, path: PathParts, query: unknown) => Promise<unknown>;

const project = String.raw`(?<owner>[A-Za-z0-9-]+)/(?<name>[A-Za-z0-9._-]+)`;
const issue = String.raw`(?<issue>[1-9]\d{0,8})`;

const routes: readonly (readonly [RegExp, Answer])[] = [
  [/^\/events$/, (db, _, query) => listEvents(db, eventFilter.parse(query))],
  [/^\/events\.jsonl$/, async (db, _, query) => download(await exportEvents(db, exportFilter.parse(query)))],
  [/^\/runs$/, (db, _, query) => listRuns(db, runFilter.parse(query))],
  [
    new RegExp(`^/runs/${project}/${issue}/history$`),
    (db, path, query) => listRuns(db, runFilter.parse({ ...asObject(query), ...ofIssue(path) })),
  ],
  [
    new RegExp(`^/runs/${project}/${issue}/events$`),
    (db, path, query) => listEvents(db, eventFilter.parse({ ...asObject(query), ...ofIssue(path) })),
  ],
  [/^\/questions\/history$/, (db, _, query) => listQuestions(db, questionFilter.parse(query))],
  [
    new RegExp(`^/runs/${project}/${issue}/consultations$`),
    (db, path, query) => listConsultations(db, consultationFilter.parse({ ...asObject(query), ...ofIssue(path) })),
  ],
  [/^\/tasks$/, (db, _, query) => listTasks(db, taskFilter.parse(query))],
  [/^\/sessions$/, (db, _, query) => listSessions(db, sessionFilter.parse(query))],
  [
    /^\/sessions\/(?<id>[^/]{3,200})\/checkpoints$/,
    (db, path, query) => listCheckpoints(db, checkpointFilter.parse({ ...asObject(query), id: path["id"] })),
  ],
  [/^\/read-model\/sessions\/(?<id>[^/]{3,200})$/, (db, path) => findSession(db, path["id"] ?? "")],
  [
    /^\/agents\/(?<agent>[a-z0-9][a-z0-9._-]{0,63})\/history$/,
    (db, path, query) => listAgentHistory(db, agentHistoryFilter.parse({ ...asObject(query), agent: path["agent"] })),
  ],
  [/^\/usage$/, (db, _, query) => usage(db, usageFilter.parse(query))],
  [/^\/read-model$/, (db) => freshness(db)],
  [/^\/read-model\/projects$/, async (db) => ({ items: await listProjects(db), cursor: null })],
  [/^\/read-model\/tasks\/(?<id>[^/]{3,200})$/, (db, path) => findTask(db, path["id"] ?? "")],
  [
    new RegExp(String.raw`^/read-model/runs/${project}/${issue}/(?<run>[1-9]\d{0,5})$`),
    (db, path) => findRun(db, `${path["owner"]}/${path["name"]}`, Number(path["issue"]), Number(path["run"])),
  ],
];

/**
 * The read model's HTTP interface: lists (`{items, cursor}`, newest first, 50 by default, 200 at most), single rows, usage and
 * freshness; events also as a stream of JSON lines. Bad parameters are answered 400, an absent row 404, a database that is away or not
 * migrated 503, all as RFC 9457 problems.
 */
export function readApi(db: Database): ReadApi {
  return async (request) => {
    const found = routeOf(request);
    if (!found) return null;
    const { answer, path } = found;
    return answered(() => answer(db, path, Object.fromEntries(new URL(request.url).searchParams)));
  };
}

/** Whether `readApi` answers this request: to be asked before who is asking is checked. */
export function isRead(request: Request): boolean {
  return routeOf(request) !== undefined;
}

function routeOf(request: Request): { answer: Answer; path: PathParts } | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const pathname = decoded(new URL(request.url).pathname);
  for (const [pattern, answer] of routes) {
    const match = pattern.exec(pathname);
    if (match) return { answer, path: match.groups ?? {} };
  }
  return undefined;
}

async function answered(answer: () => Promise<unknown>): Promise<Response> {
  try {
    const body = await answer();
    if (body instanceof Response) return body;
    return body === null
      ? problem(404, "not-found", "The read model has no such row.")
      : Response.json(body, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    if (error instanceof z.ZodError) {
      const issues = error.issues.map(({ path, message }): Issue => ({ path: path.join("."), message }));
      return problem(400, "bad-query", "The query is not understood.", issues);
    }
    return unavailable(error);
  }
}

function download(lines: ReadableStream<Uint8Array>): Response {
  return new Response(lines, {
    headers: {
      "content-type": "application/jsonl; charset=utf-8",
      "content-disposition": 'attachment; filename="events.jsonl"',
      "cache-control": "no-store",
    },
  });
}

/** A failure that is not the database's is our own bug, and thrown on. */
function unavailable(error: unknown): Response {
  switch (databaseFailure(error)) {
    case "not-migrated":
      return problem(503, "read-model-not-migrated", "The database lacks tables of this version.");
    case "bad-value":
      return problem(400, "bad-query", "The query or its cursor is not understood.");
    case "away":
      return problem(503, "read-model-unreachable", "The database does not answer; nothing but history is missing.");
    case undefined:
      throw error;
  }
}

function problem(status: number, reason: string, detail: string, issues?: readonly Issue[]): Response {
  const title = status === 503 ? "Read model unavailable" : status === 400 ? "Bad request" : "Not found";
  return Response.json(
    { type: "about:blank", title, status, detail, reason, ...(issues ? { issues } : {}) },
    { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } },
  );
}

function ofIssue(path: PathParts): { project: string; issue: string } {
  return { project: `${path["owner"]}/${path["name"]}`, issue: path["issue"] ?? "" };
}

function asObject(query: unknown): Record<string, unknown> {
  return query as Record<string, unknown>;
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
