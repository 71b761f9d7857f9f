import { randomUUID } from "node:crypto";
import type { Problem } from "../workers/http/errors.ts";
import type { MeshAccess } from "./configuration.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { Failure } from "./failure.ts";

export interface MeshRequest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** From the mesh's address on: `/tasks`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  /** The mesh does a command once for each key, however often it comes; a fresh one unless given. */
  readonly idempotencyKey?: string | undefined;
  readonly timeLimitMs?: number | undefined;
  /** A body that is not JSON. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
}

export interface MeshAnswer {
  readonly status: number;
  readonly response: Response;
}

const defaultTimeLimitMs = 30_000;
const tries = 3;
/** After so long nothing is tried again: what had more time than this had enough. */
const patienceMs = tries * defaultTimeLimitMs;
/** Between two looks whether a command is done whose first answer was lost. */
const underWayMs = 1_000;

/**
 * Sends a request and gives the answer when it is a success. Every other end is a `Failure`. When the network fails it is sent again: commands carry
 * one idempotency key for all their tries, under which the mesh carries them out once.
 */
export async function send(access: MeshAccess, asked: MeshRequest): Promise<MeshAnswer> {
  const request = asked.method === "GET" ? asked : { ...asked, idempotencyKey: asked.idempotencyKey ?? randomUUID() };
  const url = addressOf(access, request);
  const begun = Date.now();
  for (let left = tries; ; left -= 1) {
    try {
      const response = await once(access, request, url);
      return { status: response.status, response };
    } catch (error) {
      const reason = error instanceof Failure ? error.parts.reason : "";
      const isUnderWay = reason === "under-way" && left < tries && Date.now() - begun < (request.timeLimitMs ?? defaultTimeLimitMs);
      const isLost = reason === "mesh-unreachable" && left > 1 && Date.now() - begun < patienceMs;
      if (!isUnderWay && !isLost) throw error;
      await new Promise((resolve) => setTimeout(resolve, isUnderWay ? underWayMs : 200 * (tries - left + 1)));
      if (isUnderWay) left += 1;
    }
  }
}

function addressOf(access: MeshAccess, request: MeshRequest): URL {
  const url = new URL(`${access.url}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

async function once(access: MeshAccess, request: MeshRequest, url: URL): Promise<Response> {
  const where = `${request.method} ${url.origin}${url.pathname}`;
  const headers = new Headers({ accept: "application/json" });
  if (access.token !== null) headers.set("authorization", `Bearer ${access.token}`);
  if (request.body !== undefined) headers.set("content-type", "application/json");
  if (request.idempotencyKey !== undefined) headers.set("idempotency-key", request.idempotencyKey);
  const body = request.bytes ?? (request.body === undefined ? null : JSON.stringify(request.body));
  const signal = AbortSignal.timeout(request.timeLimitMs ?? defaultTimeLimitMs);
  let response: Response;
  try {
    // The token must not follow to wherever a redirect leads.
    response = await fetch(url, { method: request.method, headers, body, signal, redirect: "manual" });
  } catch (error) {
    throw unreachable(where, request, error);
  }
  if (response.ok) return response;
  throw await refusal(where, response);
}

function unreachable(where: string, request: MeshRequest, error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const why =
    error instanceof Error && error.name === "TimeoutError"
      ? "it did not answer in time"
      : (causes[String(code)] ?? (cause instanceof Error ? cause.message || String(code) : String(cause)));
  const refusedAtOnce = code === "ECONNREFUSED" || code === "ENOTFOUND";
  const again = request.method === "GET" || refusedAtOnce ? [] : ["it may have been done all the same: look before you repeat it"];
  return new Failure({
    exitCode: exitCodes.unreachable,
    reason: "mesh-unreachable",
    message: `The mesh does not answer: ${why}.`,
    where,
    fix: [...again, "mesh doctor   says what is wrong"],
  });
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at this address",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "names cannot be looked up just now",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no network",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
};

async function refusal(where: string, response: Response): Promise<Failure> {
  const { status } = response;
  const place = `${where} → ${status}`;
  const location = response.headers.get("location");
  if (status >= 300 && status < 400) {
    return new Failure({
      exitCode: exitCodes.unreachable,
      reason: "redirected",
      message: `This address leads elsewhere${location ? `, to ${new URL(location, response.url || undefined).origin}` : ""}: it is no mesh, or a login stands before it.`,
      where: place,
      fix: ["give the Worker's own address; behind Cloudflare Access let the command's routes through (docs/cli.md)"],
    });
  }
  const problem = await problemOf(response);
  if (!problem) {
    return new Failure({
      exitCode: status === 404 ? exitCodes.notFound : status === 401 || status === 403 ? exitCodes.unauthorized : exitCodes.unreachable,
      reason: "not-a-mesh",
      message: `The answer is not one of a mesh (${status}).`,
      where: place,
      fix: ["check the address: the Worker's own, or the dashboard's with /api behind it"],
    });
  }
  return new Failure({
    exitCode: exitCodeOf(problem),
    reason: problem.reason,
    message: problem.detail,
    where: place,
    issues: problem.issues,
    fix: fixOf(problem),
    requestId: response.headers.get("x-request-id") ?? undefined,
  });
}

async function problemOf(response: Response): Promise<Problem | undefined> {
  const text = await response.text().catch(() => "");
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.reason === "string" && typeof value.detail === "string" ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}

/** 502 and 503 with a service's own reason mean that the mesh itself is well. */
function exitCodeOf({ status, reason }: Problem): ExitCode {
  if (status === 401 || status === 403) return exitCodes.unauthorized;
  if (status === 404) return exitCodes.notFound;
  if (status === 409 || status === 410) return exitCodes.conflict;
  if (status === 500 || (status === 503 && ["not-configured", "read-model-unreachable", "read-model-not-migrated"].includes(reason)))
    return exitCodes.unreachable;
  return exitCodes.failed;
}

function fixOf({ status, reason, detail, issues }: Problem): string[] {
  if (reason === "viewers-only-read") return ["mesh login --url … with the operator's token"];
  if (reason === "agent-token") return ["mesh login --url … with the operator's or viewer's token; an agent's is for mesh runner"];
  if (status === 401) return ["mesh login --url …", "the token is OPERATOR_TOKEN or VIEWER_TOKEN of the Worker"];
  if (reason === "not-configured") return ["mesh doctor   says where each comes from"];
  if (reason === "read-model-not-migrated") return ["mesh db migrate"];
  if (reason === "unknown-project") return ["mesh projects list", "mesh onboard owner/name   for a new one"];
  if (reason === "already-onboarding") return ["mesh onboard list"];
  if (reason === "invalid-settings" && issues) return ["mesh settings show   lists every setting"];
  if (detail === "There is no such route.") return ["the mesh is older than this command: mesh doctor compares them"];
  if (status === 429) return ["try again in a minute"];
  return [];
}
