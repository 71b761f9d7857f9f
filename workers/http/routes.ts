import { Hono } from "hono";
import type * as z from "zod";
import { admit } from "./auth.ts";
import type { Access } from "./auth.ts";
import { parseJson, readBody, utf8 } from "./body.ts";
import { issuesOf, notFound, problem } from "./errors.ts";
import type { Http, HttpContext } from "./http.ts";
import { onceByKey } from "./once-by-key.ts";

/** What a route is: enough to check a request and to describe it. */
export interface RouteSpec<P = unknown, Q = unknown, B = unknown> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With Hono's placeholders: `/tasks/:id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /** A path that does not fit is a thing that does not exist: 404. */
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** How the body is described, when `body` itself has no description. */
  readonly bodySchema?: z.ZodType;
  /** A request without a body counts as `{}`. */
  readonly bodyOptional?: boolean;
  /** Bytes of a body at most; 64 KiB unless said. */
  readonly bodyLimit?: number;
  /** The handler itself sees to it that a command with the same `Idempotency-Key` is carried out once. */
  readonly ownKey?: boolean;
  /** The answer holds a secret: it is not kept for a repeated command. */
  readonly secretAnswer?: boolean;
  /** Status → when. */
  readonly answers: Readonly<Record<number, string>>;
}

/** A request whose path, query and body fitted. */
export interface Checked<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

export type Handler<P, Q, B> = (c: HttpContext, request: Checked<P, Q, B>) => Response | Promise<Response>;

const defaultBodyLimit = 65_536;

/** Routes and their descriptions, which cannot differ since both come from one `add`. */
export class Routes {
  readonly app = new Hono<Http>();
  readonly specs: RouteSpec[] = [];

  /** A route whose access, path, query and body are checked before its handler runs, in that order. */
  add<P = undefined, Q = undefined, B = undefined>(spec: RouteSpec<P, Q, B>, handler: Handler<P, Q, B>): void {
    this.describe(spec);
    this.app.on(spec.method.toUpperCase(), spec.path, async (c) => {
      const turnedAway = await admit(c, spec.access);
      if (turnedAway) return turnedAway;
      const params = spec.params?.safeParse(c.req.param());
      if (params && !params.success) return notFound("resource");
      const query = spec.query?.safeParse(c.req.query());
      if (query && !query.success) return problem(400, "invalid-query", "The query does not fit.", issuesOf(query.error));
      const body = spec.body ? await bodyOf(c, spec) : undefined;
      if (body instanceof Response) return body;
      const act = () => handler(c, { params: params?.data as P, query: query?.data as Q, body: body?.value as B });
      if (!takesKey(spec)) return act();
      const given = { query: query?.data, body: body?.value };
      return onceByKey(c, { given, secretAnswer: spec.secretAnswer === true }, act);
    });
  }

  /** Describes a route that does its own checks. */
  describe(spec: RouteSpec): void {
    this.specs.push(spec);
  }
}

/** Every command of people and their programs may carry an `Idempotency-Key`, and is then carried out once. */
export function takesKey({ method, access, ownKey }: Pick<RouteSpec, "method" | "access" | "ownKey">): boolean {
  return method !== "get" && access === "operator" && ownKey !== true;
}

async function bodyOf<P, Q, B>(c: HttpContext, spec: RouteSpec<P, Q, B>): Promise<{ value: B } | Response> {
  const limit = spec.bodyLimit ?? defaultBodyLimit;
  const bytes = await readBody(c.req.raw, limit);
  if (!bytes.ok) return problem(413, "body-too-large", `The body may have at most ${limit} bytes.`);
  if (bytes.value.byteLength === 0 && spec.bodyOptional) return checkedBody(spec, {});
  const json = parseJson(utf8(bytes.value));
  if (!json) return problem(400, "not-json", "The body is not JSON in UTF-8.");
  return checkedBody(spec, json.value);
}

function checkedBody<P, Q, B>(spec: RouteSpec<P, Q, B>, value: unknown): { value: B } | Response {
  const parsed = spec.body?.safeParse(value);
  if (parsed?.success) return { value: parsed.data };
  return problem(400, "invalid-input", "The body does not fit.", parsed ? issuesOf(parsed.error) : []);
}
