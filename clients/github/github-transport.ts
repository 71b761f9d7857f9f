import * as z from "zod";
import type { Moment } from "../../core/time.ts";
import { secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import { callOutside, noAnswer } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";
import { graphqlFault, httpFault } from "./github-errors.ts";

/** Who asks. `lane` names the credential in write lanes and rate reports; it is never the token. */
export interface Credential {
  readonly lane: string;
  readonly token: string;
}

/** What a credential has left of its hourly points, as an answer's headers told it. */
export interface RateReading {
  readonly lane: string;
  /** `graphql`, `core`, … */
  readonly resource: string;
  readonly limit: number;
  readonly used: number;
  readonly left: number;
  readonly resetAt: Moment;
}

export interface TransportDeps extends OutsideDeps {
  /** Without a trailing slash: `https://api.github.com`, or `https://host/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly onRate?: (reading: RateReading) => void;
  /** Default 15 s. */
  readonly timeLimitMs?: number;
}

export interface RestAnswer<T> {
  readonly status: number;
  readonly value: T;
  readonly headers: Headers;
}

/** Speaks GraphQL and REST, checks every answer's form, and turns every failure into a ClientError. */
export interface GitHubTransport {
  graphql<T>(
    credential: Credential,
    document: string,
    variables: Record<string, unknown>,
    options: { operationName: string; answer: z.ZodType<T> },
  ): Promise<T>;
  /** `path` with its query, from `/`. Answers outside 2xx are thrown. */
  rest<T>(credential: Credential, method: string, path: string, options: { body?: unknown; answer: z.ZodType<T> }): Promise<RestAnswer<T>>;
}

const envelope = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ type: z.string().optional().catch(undefined), message: z.string().catch("no message") })).optional(),
});
const refusal = z.object({ message: z.string(), errors: z.array(z.unknown()).optional() });

export function createGitHubTransport(deps: TransportDeps): GitHubTransport {
  const timeLimitMs = deps.timeLimitMs ?? 15 * secondMs;
  const graphqlUrl = deps.apiUrl.endsWith("/api/v3") ? `${deps.apiUrl.slice(0, -3)}/graphql` : `${deps.apiUrl}/graphql`;

  async function call(
    credential: Credential,
    what: string,
    url: string,
    method: string,
    body: unknown,
  ): Promise<{ response: Response; text: string }> {
    const init: RequestInit = { method, headers: headersOf(credential, body !== undefined) };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await callOutside("GitHub", deps, url, init, timeLimitMs);
    const text = await response.text().catch((cause: unknown) => {
      throw noAnswer("GitHub", url, timeLimitMs, cause);
    });
    reportRate(deps, credential, response.headers);
    if (!response.ok) throw httpFault(what, response, messageOf(text, credential.token), deps.now());
    return { response, text };
  }

  return {
    async graphql(credential, document, variables, { operationName, answer }) {
      const what = `query ${operationName}`;
      const { response, text } = await call(credential, what, graphqlUrl, "POST", { query: document, variables, operationName });
      const parsed = checked(what, envelope, json(what, text), response.status);
      if (parsed.errors && parsed.errors.length > 0) throw graphqlFault(what, parsed.errors, response.headers, deps.now());
      return checked(what, answer, parsed.data, response.status);
    },
    async rest(credential, method, path, { body, answer }) {
      const what = `${method} ${path.split("?")[0]}`;
      const { response, text } = await call(credential, what, `${deps.apiUrl}${path}`, method, body);
      const value = checked(what, answer, text === "" ? undefined : json(what, text), response.status);
      return { status: response.status, value, headers: response.headers };
    },
  };
}

/** https://docs.github.com/rest/about-the-rest-api/api-versions: the version is pinned, since later ones drop fields. */
function headersOf(credential: Credential, withBody: boolean): Record<string, string> {
  return {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${credential.token}`,
    "user-agent": "mesh-six",
    "x-github-api-version": "2022-11-28",
    ...(withBody ? { "content-type": "application/json" } : {}),
  };
}

function reportRate(deps: TransportDeps, credential: Credential, headers: Headers): void {
  const read = (name: string): number => Number(headers.get(`x-ratelimit-${name}`) ?? Number.NaN);
  const [limit, left, used, reset] = [read("limit"), read("remaining"), read("used"), read("reset")];
  if (!deps.onRate || ![limit, left, used, reset].every(Number.isFinite)) return;
  deps.onRate({
    lane: credential.lane,
    resource: headers.get("x-ratelimit-resource") ?? "core",
    limit,
    left,
    used,
    resetAt: reset * 1_000,
  });
}

function messageOf(text: string, token: string): string {
  const parsed = refusal.safeParse(maybeJson(text));
  if (!parsed.success) return "refused";
  const details = (parsed.data.errors ?? []).map((each) => {
    const detail = z.object({ message: z.string().optional(), field: z.string().optional(), code: z.string().optional() }).safeParse(each);
    if (!detail.success) return typeof each === "string" ? each : "";
    return detail.data.message ?? [detail.data.field, detail.data.code].filter(Boolean).join(" ");
  });
  return [parsed.data.message, ...details].filter(Boolean).join("; ").replaceAll(token, "…");
}

/** Ids of deliveries are larger than a number holds exactly; such integers are kept as their text. */
function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;
}

function maybeJson(text: string): unknown {
  try {
    return JSON.parse(text, /\d{16}/.test(text) ? exact : undefined);
  } catch {
    return undefined;
  }
}

function json(what: string, text: string): unknown {
  const value = maybeJson(text);
  if (value !== undefined) return value;
  throw new ClientError("GitHub", `answer to ${what} is not JSON; check the API address`, { code: "unexpected-answer", retryable: true });
}

function checked<T>(what: string, schema: z.ZodType<T>, value: unknown, status: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new ClientError("GitHub", `answer to ${what} has an unexpected form at ${first?.path.join(".") ?? ""}: ${first?.message ?? ""}`, {
    code: "unexpected-answer",
    retryable: false,
    status,
  });
}
