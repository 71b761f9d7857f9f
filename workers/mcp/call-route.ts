import * as z from "zod";
import type { Result } from "../../core/result.ts";
import type { Problem } from "../http/errors.ts";
import type { HttpContext } from "../http/http.ts";

/** What one of the mesh's own routes answered: its body, or its problem. */
export type Answer = Result<unknown, Problem>;

/** Calls one of the mesh's own routes with the rights of whoever calls the tool. */
export type CallRoute = (
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

const problemBody = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  reason: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/**
 * Tools have no rules of their own: each is a request to the Worker's own routes, with the caller's token and request id, answered inside
 * the same invocation.
 */
export function routesFor(c: HttpContext, fetchRoute: (request: Request, c: HttpContext) => Response | Promise<Response>): CallRoute {
  return async (method, path, body, headers = {}) => {
    const request = new Request(new URL(path, c.req.url), {
      method,
      headers: {
        ...headers,
        authorization: c.req.header("authorization") ?? "",
        "x-request-id": c.get("requestId"),
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await fetchRoute(request, c);
    const answered: unknown = await response.json();
    return response.ok ? { ok: true, value: answered } : { ok: false, error: problemBody.parse(answered) };
  };
}

/** A query string of what is given; empty when nothing is. */
export function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
