import * as z from "zod";
import { valueFault } from "../../core/credentials/agent-variables.ts";
import type { RefreshedTokens, RefreshGrant } from "../../core/credentials/credential.ts";
import { secondMs } from "../../core/time.ts";
import { tokenUrlFault } from "../../platform/token-url.ts";
import { ClientError } from "../client-error.ts";
import type { ClientErrorCode } from "../client-error.ts";
import { refusePrivateAddress } from "../http-check/refuse-private-address.ts";
import { callOutside, noAnswer, retryAfter } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";

/** Renews access tokens at any provider that speaks OAuth 2. */
export interface OAuth {
  /** One refresh. Fails with `gone` when the provider no longer takes the refresh token (`invalid_grant`): nothing will make it work again. */
  refresh(grant: RefreshGrant): Promise<RefreshedTokens>;
}

export interface OAuthDeps extends OutsideDeps {
  /** Plain http and private addresses are asked as well. */
  readonly allowPrivate: boolean;
  /** Default 15 s. */
  readonly timeLimitMs?: number;
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
const granted = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
  refresh_token: z.string().min(1).optional(),
});
/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
const declined = z.object({
  error: z.enum(["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"]),
});
const longestAnswer = 65_536;

/**
 * The refresh_token grant of a public client: https://www.rfc-editor.org/rfc/rfc6749#section-6. Errors name the provider's host and its word for the
 * fault, and nothing else of its answer.
 */
export function createOAuth(deps: OAuthDeps): OAuth {
  const timeLimitMs = deps.timeLimitMs ?? 15 * secondMs;
  return {
    async refresh({ tokenUrl, clientId, refreshToken }) {
      await checkTokenUrl(tokenUrl, deps.allowPrivate);
      const response = await callOutside("OAuth", deps, tokenUrl, requestOf(clientId, refreshToken), timeLimitMs);
      const text = await response.text().catch((cause: unknown) => {
        throw noAnswer("OAuth", tokenUrl, timeLimitMs, cause);
      });
      const { host } = new URL(tokenUrl);
      if (!response.ok) throw faultOf(response, text, host, deps.now());
      const answer = text.length > longestAnswer ? undefined : z.string().transform(jsonOrNull).pipe(granted).safeParse(text).data;
      if (answer === undefined) throw fault(`${host} did not answer as a token endpoint does; check tokenUrl`, "unexpected-answer", false);
      const unusable = valueFault(answer.access_token);
      if (unusable !== undefined) throw fault(`the token that ${host} gave is not taken: ${unusable}`, "refused", false);
      const { access_token: accessToken, expires_in: seconds, refresh_token: next } = answer;
      return {
        accessToken,
        expiresAt: seconds === undefined ? null : deps.now() + Math.floor(seconds * secondMs),
        refreshToken: next ?? null,
      };
    },
  };
}

/** Throws a ClientError where tokens may not be renewed: no https, a private address, Anthropic's hosts. */
export async function checkTokenUrl(tokenUrl: string, allowPrivate: boolean): Promise<void> {
  const said = tokenUrlFault(tokenUrl, allowPrivate);
  if (said !== undefined) throw fault(`tokens are not renewed there: ${said}`, "refused", false);
  if (!allowPrivate) await refusePrivateAddress(new URL(tokenUrl));
}

function requestOf(clientId: string, refreshToken: string): RequestInit {
  return {
    method: "POST",
    // Whoever answers with a redirect would be sent the refresh token.
    redirect: "manual",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId }).toString(),
  };
}

function faultOf(response: Response, text: string, host: string, at: number): ClientError {
  const { status } = response;
  const word = z.string().transform(jsonOrNull).pipe(declined).safeParse(text).data?.error;
  if (word === "invalid_grant") {
    return fault(
      `${host} no longer takes the refresh token (invalid_grant); log in there anew and push the credential again`,
      "gone",
      false,
      status,
    );
  }
  if (word !== undefined)
    return fault(`${host} refuses the refresh (${word}); check clientId and tokenUrl`, "configuration", false, status);
  if (status === 429) {
    return new ClientError("OAuth", `${host} asks to wait`, {
      code: "rate-limited",
      retryable: true,
      status,
      retryAt: retryAfter(response.headers, at),
    });
  }
  if (status >= 500) {
    return new ClientError("OAuth", `${host} answers ${status}; tried again later`, {
      code: "unavailable",
      retryable: true,
      status,
      retryAt: retryAfter(response.headers, at),
    });
  }
  return fault(`${host} answers ${status}; check tokenUrl`, "unexpected-answer", false, status);
}

function fault(message: string, code: ClientErrorCode, retryable: boolean, status?: number): ClientError {
  return new ClientError("OAuth", message, { code, retryable, status });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
