import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import type { Backend } from "./backend.ts";
import { MAX_BODY_BYTES, renderPostgresError, ResponseTooLarge, runStatement, StatementError } from "./wire.ts";

const ISOLATION = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
} as const;

const querySchema = z.object({ query: z.string(), params: z.array(z.unknown()).default([]), arrayMode: z.boolean().optional() });
const bodySchema = z.union([querySchema, z.object({ queries: z.array(querySchema) })]);

/** Who may connect; the host and the database of the connection string are not looked at. */
export interface Login {
  user: string;
  password: string;
}

function loginRefusal(given: string | undefined, login: Login): string | undefined {
  if (given === undefined || !URL.canParse(given)) return "missing or invalid Neon-Connection-String";
  const url = new URL(given);
  const right = decodeURIComponent(url.username) === login.user && decodeURIComponent(url.password) === login.password;
  return right ? undefined : `password authentication failed for user '${url.username}'`;
}

function beginOf(c: Context<StandInEnv>): string | undefined {
  const isolation = c.req.header("neon-batch-isolation-level");
  if (isolation !== undefined && !Object.hasOwn(ISOLATION, isolation)) return undefined;
  return [
    "BEGIN",
    isolation === undefined ? "" : ` ISOLATION LEVEL ${ISOLATION[isolation as keyof typeof ISOLATION]}`,
    c.req.header("neon-batch-read-only") === "true" ? " READ ONLY" : "",
    c.req.header("neon-batch-deferrable") === "true" ? " DEFERRABLE" : "",
  ].join("");
}

async function run(backend: Backend, body: z.infer<typeof bodySchema>, begin: string, arrayMode: boolean): Promise<unknown> {
  const { db } = backend;
  const statement = (query: z.infer<typeof querySchema>) => {
    backend.countStatement(query.query);
    return runStatement(db, query.query, query.params, query.arrayMode ?? arrayMode);
  };
  if (!("queries" in body)) {
    const result = await statement(body);
    if (db.isInTransaction()) await backend.rollback(); // a stray BEGIN must not leak into the next caller
    return result;
  }
  backend.counts.batches += 1;
  await db.exec(begin);
  const results = [];
  for (const query of body.queries) results.push(await statement(query));
  await db.exec("COMMIT"); // deferred constraints fail here
  return { results };
}

function renderFailure(error: unknown): { status: ContentfulStatusCode; body: unknown } {
  if (error instanceof StatementError) return { status: 400, body: error.fields };
  if (error instanceof ResponseTooLarge) return { status: 507, body: { message: error.message } };
  if (error instanceof Error && "severity" in error) return { status: 400, body: renderPostgresError(error) };
  return { status: 500, body: { message: error instanceof Error ? error.message : String(error) } };
}

/**
 * `POST /sql`, what `neon()` and `drizzle-orm/neon-http` speak: one query, or a batch in one transaction
 * (https://github.com/neondatabase/neon/blob/main/proxy/src/serverless/sql_over_http.rs).
 */
export async function answerSql(c: Context<StandInEnv>, backend: Backend, login: Login): Promise<Response> {
  backend.counts.requests += 1;
  const refusal = loginRefusal(c.req.header("neon-connection-string"), login);
  if (refusal) return c.json(renderPostgresError({ message: refusal, code: "28P01", severity: "ERROR" }), 400);
  if (c.req.header("neon-raw-text-output") !== "true") return c.json({ message: "only Neon-Raw-Text-Output: true is served here" }, 400);
  const begin = beginOf(c);
  if (begin === undefined) return c.json({ message: "invalid isolation level" }, 400);
  const text = await c.req.text();
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) return c.json({ message: "request is too large" }, 413);
  const body = bodySchema.safeParse(parsed(text));
  if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400);
  const release = await backend.turn();
  try {
    return c.json(await run(backend, body.data, begin, c.req.header("neon-array-mode") === "true"));
  } catch (error) {
    backend.counts.errors += 1;
    await backend.rollback();
    const { status, body: failure } = renderFailure(error);
    return c.json(failure, status);
  } finally {
    release();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema with its reason
  }
}
