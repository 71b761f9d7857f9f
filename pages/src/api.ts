import type { Issue } from "../../core/result.ts";

/** Why a request came to nothing; `status` 0 = no answer at all. */
export interface ApiFailure {
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  /** Each fault of what was sent, with its path. */
  readonly issues?: readonly Issue[] | undefined;
}

/** What may be right again by itself: no answer at all, and what the server or somebody behind it could not do just now. */
export function isPassing({ status }: ApiFailure): boolean {
  return status === 0 || status === 429 || status >= 500;
}

export type ApiResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ApiFailure };

/** A list as every list of the API comes. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly cursor: string | number | null;
}

/** Asks `/api` for JSON. The shape is the API's promise and is not checked again here. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<ApiResult<T>> {
  return ask<T>(path, { ...(signal ? { signal } : {}) });
}

/** Tells `/api` something; an answer without a body is `undefined`. The same `key` makes a repeat the same command. */
export async function post<T>(path: string, body?: unknown, key?: string): Promise<ApiResult<T>> {
  return send<T>("POST", path, body, key);
}

/** Changes what the body names. */
export async function patch<T>(path: string, body: unknown): Promise<ApiResult<T>> {
  return send<T>("PATCH", path, body);
}

/** Takes something away, or has it end. The same `key` makes a repeat the same command. */
export async function remove<T = unknown>(path: string, key?: string): Promise<ApiResult<T>> {
  return send<T>("DELETE", path, undefined, key);
}

/** 128 random bits; `crypto.randomUUID` is missing where the page has come by plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

async function send<T>(method: string, path: string, body?: unknown, key?: string): Promise<ApiResult<T>> {
  return ask<T>(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function ask<T>(path: string, init: RequestInit): Promise<ApiResult<T>> {
  let response: Response;
  try {
    response = await fetch(`/api${path}`, { ...init, credentials: "same-origin" });
  } catch {
    return failed(0, "offline", "The mesh does not answer.");
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return { ok: true, value: body as T };
  const { reason, detail, issues } = (body ?? {}) as Partial<ApiFailure>;
  return failed(response.status, reason ?? "failed", detail ?? `The mesh answered ${response.status}.`, issues);
}

function failed(status: number, reason: string, detail: string, issues?: readonly Issue[]): ApiResult<never> {
  return { ok: false, error: { status, reason, detail, issues } };
}
