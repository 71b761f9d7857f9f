import * as z from "zod";
import { projectOf, type QuestionId, type SessionId } from "../../core/ids.ts";
import { runOf } from "../../core/lifecycle/run-ids.ts";
import { sessionOfRun } from "../../core/sessions/session-of-run.ts";
import type { SessionView } from "../../core/sessions/views.ts";
import { readApi } from "../../drizzle/read-api.ts";
import { orchestrator, sessionFeed } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { isProject } from "../registry.ts";
import { readSnapshots } from "../sessions/read-snapshots.ts";
import { recordingStream, transcriptStream } from "../sessions/recording-stream.ts";
import { notFound } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { needsWebSocket, withoutCredentials } from "./live.ts";
import { sessionParams } from "./path-params.ts";
import { answer, answerQuestion } from "./questions.ts";
import type { Routes } from "./routes.ts";

const read = { method: "get", tag: "sessions", access: "viewer", params: sessionParams } as const;

/** Sessions: what one is doing now, its terminal live and afterwards, its screens. The list and the checkpoints are of the read model. */
export function addSessions(routes: Routes): void {
  routes.add(
    {
      ...read,
      path: "/sessions/:id",
      summary: "A session as it is now, with how much it has written",
      answers: { 200: "the session", 404: "unknown", 503: "long over, and the database is away" },
    },
    async (c, { params }) => {
      const session = await sessionNamed(c, params.id);
      if (session instanceof Response) return session;
      const { end } = await sessionFeed(c.env, session.id).state();
      return c.json({ ...session, outputBytes: end });
    },
  );
  routes.add(
    {
      ...read,
      path: "/sessions/:id/live",
      summary: "WebSocket of the terminal stream: `hello`, `output` with offsets in bytes, `ended`; say `seen` at least every 4 MiB",
      query: z.object({ from: z.coerce.number().int().nonnegative().default(0).describe("Byte to begin at, as far as it is kept") }),
      answers: { 101: "connected", 403: "foreign origin", 404: "unknown", 426: "not a WebSocket request" },
    },
    async (c, { params, query }) => {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return needsWebSocket();
      const session = await sessionNamed(c, params.id);
      if (session instanceof Response) return session;
      const { headers } = withoutCredentials(c.req.raw);
      return c.env.FEEDS.getByName(params.id).fetch(`https://feed/live?from=${query.from}`, { headers });
    },
  );
  routes.add(
    {
      ...read,
      path: "/sessions/:id/snapshots",
      summary: "The session's screens at its start, questions, answers, ends and failures, oldest first; the last 100",
      answers: { 200: "`{items}`", 404: "unknown" },
    },
    async (c, { params }) => {
      const session = await sessionNamed(c, params.id);
      if (session instanceof Response) return session;
      return c.json({ items: await readSnapshots(c.env.ARCHIVE, params.id), cursor: null });
    },
  );
  routes.add(
    {
      ...read,
      path: "/sessions/:id/recording.cast",
      summary: "The terminal stream so far as an asciicast, version 3 or (for players from before 2025) 2",
      query: z.object({ version: z.enum(["2", "3"]).default("3") }),
      answers: { 200: "an asciicast", 404: "unknown" },
    },
    async (c, { params, query }) => {
      const session = await sessionNamed(c, params.id);
      if (session instanceof Response) return session;
      const parts = await sessionFeed(c.env, session.id).parts();
      const stream = recordingStream(c.env.ARCHIVE, session, parts, query.version === "2" ? 2 : 3);
      return download(stream, "application/x-asciicast", `${fileName(session)}.cast`);
    },
  );
  routes.add(
    {
      ...read,
      path: "/sessions/:id/transcript",
      summary: "The session as a Markdown document: what it was for, and all it wrote, without colours",
      answers: { 200: "Markdown", 404: "unknown" },
    },
    async (c, { params }) => {
      const session = await sessionNamed(c, params.id);
      if (session instanceof Response) return session;
      const parts = await sessionFeed(c.env, session.id).parts();
      return download(transcriptStream(c.env.ARCHIVE, session, parts), "text/markdown; charset=utf-8", `${fileName(session)}.md`);
    },
  );
  routes.add(
    {
      method: "post",
      path: "/sessions/:id/answer",
      tag: "sessions",
      summary: "Answers a question that the session has asked: one text per item",
      access: "operator",
      params: sessionParams,
      body: z.strictObject({ question: z.string().min(3).max(200), answers: z.array(answer).min(1).max(4) }),
      answers: {
        200: "accepted, or already-answered with what was answered before (yours is kept as late)",
        404: "unknown, or a question of another session",
        409: "does not apply; `reason` says why",
        410: "withdrawn",
      },
    },
    (c, { params, body }) => {
      const [of, asked] = [runOf(params.id), runOf(body.question)];
      const isOwn = of?.project === asked?.project && of?.issue === asked?.issue && of?.run === asked?.run;
      return isOwn ? answerQuestion(c, body.question as QuestionId, body.answers) : notFound("question");
    },
  );
}

/** From its orchestrator while that holds the run, else from the read model; else why there is none. */
async function sessionNamed(c: HttpContext, id: SessionId): Promise<SessionView | Response> {
  const [project, of] = [projectOf(id), runOf(id)];
  if (project === undefined || of === undefined) return notFound("session");
  const run = (await isProject(c.env, project)) ? await orchestrator(c.env, project).run(of.issue, of.run) : null;
  const session = run ? sessionOfRun(run, now()) : undefined;
  if (session !== undefined) return session;
  const read = readApi(c.get("createClients")(c.env).openDatabase());
  const answered = await read(new Request(new URL(`/read-model/sessions/${encodeURIComponent(id)}`, c.req.url)));
  if (answered === null || answered.status === 404) return notFound("session");
  return answered.ok ? answered.json<SessionView>() : answered;
}

function fileName({ name, issue, run }: SessionView): string {
  return `${name.replace("/", "-")}-${issue}.${run}`;
}

function download(body: ReadableStream, type: string, name: string): Response {
  const headers = { "content-type": type, "content-disposition": `inline; filename="${name}"`, "cache-control": "no-store" };
  return new Response(body, { headers });
}
