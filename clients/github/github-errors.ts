import type { Moment } from "../../core/time.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import { retryAfter } from "../outside-call.ts";

/** One entry of a GraphQL answer's `errors`. */
export interface GraphQLFault {
  readonly type?: string | undefined;
  readonly message: string;
}

const shown = (text: string): string => text.replace(/\s+/g, " ").slice(0, 300);

/**
 * What a REST or GraphQL answer outside 2xx means. 403 and 429 with `retry-after`, or with no points left, are `rate-limited` until the time
 * GitHub names, one minute when it names none (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
 */
export function httpFault(what: string, response: Response, message: string, now: Moment): ClientError {
  const { status } = response;
  const limited = status === 403 || status === 429 ? limitedUntil(response.headers, message, now, status) : undefined;
  if (limited !== undefined) return rateLimited(what, limited, status);
  const because = `${shown(message)} (${status}) for ${what}`;
  if (status === 401)
    return new ClientError("GitHub", `credential refused for ${what}; renew the token or the App's key`, {
      code: "authentication",
      retryable: false,
      status,
    });
  if (status === 403)
    return new ClientError("GitHub", `${because}; give the App or token the permission${accepted(response.headers)}`, {
      code: "forbidden",
      retryable: false,
      status,
    });
  if (status === 404)
    return new ClientError("GitHub", `${because}; check that it exists and that the credential may see it`, {
      code: "not-found",
      retryable: false,
      status,
    });
  if (status === 410)
    return new ClientError("GitHub", `${because}; it was deleted or the feature is off`, { code: "gone", retryable: false, status });
  if (status === 405 || status === 409) return new ClientError("GitHub", because, { code: "conflict", retryable: false, status });
  if (status === 408) return new ClientError("GitHub", `${because}; tried again later`, { code: "timeout", retryable: true, status });
  if (status >= 500) {
    return new ClientError("GitHub", `unavailable (${status}) for ${what}; tried again later`, {
      code: "unavailable",
      retryable: true,
      status,
      retryAt: retryAfter(response.headers, now),
    });
  }
  return new ClientError("GitHub", because, { code: "invalid", retryable: false, status });
}

/** What the errors of a GraphQL answer mean; the first that has a known type decides. */
export function graphqlFault(what: string, faults: readonly GraphQLFault[], headers: Headers, now: Moment): ClientError {
  const first = faults.find((fault) => fault.type !== undefined) ?? faults[0];
  const because = `${shown(first?.message ?? "errors without a message")} for ${what}`;
  switch (first?.type) {
    case "RATE_LIMITED":
    case "RATE_LIMIT":
      return rateLimited(what, limitedUntil(headers, "rate limit", now, 403) ?? now + minuteMs, 200);
    case "NOT_FOUND":
      return new ClientError("GitHub", `${because}; check that it exists and that the credential may see it`, {
        code: "not-found",
        retryable: false,
        status: 200,
      });
    case "FORBIDDEN":
    case "INSUFFICIENT_SCOPES":
    case "SAML_FAILURE":
      return new ClientError("GitHub", `${because}; give the App or token the permission or scope`, {
        code: "forbidden",
        retryable: false,
        status: 200,
      });
    case "SERVICE_UNAVAILABLE":
    case "INTERNAL":
    case "STALE_DATA":
      return new ClientError("GitHub", `${because}; tried again later`, { code: "unavailable", retryable: true, status: 200 });
    case undefined:
      if (/something went wrong|timed? ?out|timeout/i.test(because)) {
        return new ClientError("GitHub", `${because}; tried again later`, { code: "unavailable", retryable: true, status: 200 });
      }
      return new ClientError("GitHub", because, { code: "invalid", retryable: false, status: 200 });
    default:
      return new ClientError("GitHub", because, { code: "refused", retryable: false, status: 200 });
  }
}

/** https://docs.github.com/rest/overview/troubleshooting-the-rest-api: which permissions would have done. */
function accepted(headers: Headers): string {
  const permissions = headers.get("x-accepted-github-permissions");
  return permissions && /^[\w=;, ]{1,200}$/.test(permissions) ? ` ${permissions}` : "";
}

function rateLimited(what: string, retryAt: Moment, status: number): ClientError {
  const at = new Date(retryAt).toISOString();
  return new ClientError("GitHub", `rate limit reached at ${what}; goes on at ${at}`, {
    code: "rate-limited",
    retryable: true,
    retryAt,
    status,
  });
}

function limitedUntil(headers: Headers, message: string, now: Moment, status: number): Moment | undefined {
  const after = retryAfter(headers, now);
  if (after !== undefined) return after;
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  if (headers.get("x-ratelimit-remaining") === "0" && Number.isFinite(reset)) return Math.max(reset * 1_000, now + secondMs);
  return status === 429 || /rate limit|abuse detection/i.test(message) ? now + minuteMs : undefined;
}
