import type { Moment } from "../core/time.ts";
import { ClientError } from "./client-error.ts";
import type { Service } from "./client-error.ts";

/** What every client is given from outside, so that tests turn the clock and see the calls. */
export interface OutsideDeps {
  readonly now: () => Moment;
  readonly sleep: (ms: number) => Promise<void>;
  /** Default: the platform's `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** One HTTP call with a time limit over connection and headers. No answer is a retryable ClientError (`timeout` or `unreachable`). */
export async function callOutside(
  service: Service,
  deps: Pick<OutsideDeps, "fetch">,
  url: string,
  init: RequestInit,
  timeLimitMs: number,
): Promise<Response> {
  const send = deps.fetch ?? ((to: string, how: RequestInit) => fetch(to, how));
  try {
    return await send(url, { ...init, signal: AbortSignal.timeout(timeLimitMs) });
  } catch (cause) {
    throw noAnswer(service, url, timeLimitMs, cause);
  }
}

/** Turns what `fetch` or reading a body threw into a ClientError; says the host only, since addresses may hold secrets. */
export function noAnswer(service: Service, url: string, timeLimitMs: number, cause: unknown): ClientError {
  const host = new URL(url).host;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "TimeoutError" || name === "AbortError") {
    return new ClientError(service, `no answer from ${host} within ${timeLimitMs} ms; tried again later`, {
      code: "timeout",
      retryable: true,
    });
  }
  return new ClientError(service, `${host} cannot be reached; check its address and that it is up`, {
    code: "unreachable",
    retryable: true,
    cause,
  });
}

/** The moment a `Retry-After` header names (seconds or an HTTP date); undefined when it is absent or unreadable. RFC 9110 section 10.2.3. */
export function retryAfter(headers: Headers, now: Moment): Moment | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return now + Math.ceil(Number(text) * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date;
}
