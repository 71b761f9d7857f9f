import type * as z from "zod";
import type { Issue } from "../../core/result.ts";

/** A refusal as RFC 9457 tells it: https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable, kebab-case: what programs look at. */
  readonly reason: string;
  readonly issues?: readonly Issue[];
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** A problem answer. `detail` is one sentence for people, without anything secret. */
export function problem(
  status: number,
  reason: string,
  detail: string,
  issues?: readonly Issue[],
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body: Problem = {
    type: `urn:mesh-six:problem:${reason}`,
    title: titles[status] ?? "Error",
    status,
    detail,
    reason,
    ...(issues ? { issues } : {}),
  };
  return new Response(JSON.stringify(body), { status, headers: { ...headers, "content-type": "application/problem+json" } });
}

/** Nothing has this name, or its form is none of ours. */
export function notFound(what: string): Response {
  return problem(404, "not-found", `There is no such ${what}.`);
}

/** Every fault of an input with its path, like `[3].priority` or `agents[0].slots`. */
export function issuesOf(error: z.ZodError, under: readonly PropertyKey[] = []): Issue[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: pathText([...under, ...issue.path, key]), message: "unknown field" }))
      : [{ path: pathText([...under, ...issue.path]), message: issue.message }],
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );
}
