import type { Moment } from "../core/time.ts";

export type Service = "GitHub" | "model" | "ntfy" | "http-check" | "LiteLLM" | "AI Gateway" | "OAuth" | "Cloudflare Access";

/**
 * What went wrong outside, one word for all services. After `timeout` and `unreachable` of a write its outcome is unknown:
 * it is looked for before it is repeated. `rate-limited` and `quota` name a time when the service did.
 */
export type ClientErrorCode =
  | "authentication"
  | "configuration"
  | "forbidden"
  | "not-found"
  | "gone"
  | "invalid"
  | "refused"
  | "conflict"
  | "column-missing"
  | "not-applied"
  | "rate-limited"
  | "quota"
  | "too-large"
  | "unavailable"
  | "unreachable"
  | "timeout"
  | "unexpected-answer"
  | "unparsable-answer";

export interface ClientFault {
  readonly code: ClientErrorCode;
  readonly retryable: boolean;
  /** Not before; named by the service, or derived from what it said. */
  readonly retryAt?: Moment | undefined;
  /** The HTTP status, when there was an answer. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/** A failure of an outside service. The message names the service and what to do, and never holds a token or a text's content. */
export class ClientError extends Error {
  override name = "ClientError";
  readonly service: Service;
  readonly code: ClientErrorCode;
  readonly retryable: boolean;
  readonly retryAt?: Moment;
  readonly status?: number;

  constructor(service: Service, message: string, fault: ClientFault) {
    super(`${service}: ${message}`, fault.cause === undefined ? undefined : { cause: fault.cause });
    this.service = service;
    this.code = fault.code;
    this.retryable = fault.retryable;
    if (fault.retryAt !== undefined) this.retryAt = fault.retryAt;
    if (fault.status !== undefined) this.status = fault.status;
  }
}

/** Whether this is a failure of that kind; narrows for the callers that expect it. */
export function failedWith(error: unknown, ...codes: readonly ClientErrorCode[]): error is ClientError {
  return error instanceof ClientError && codes.includes(error.code);
}
