import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import { ClientError } from "../client-error.ts";
import { callOutside, type OutsideDeps } from "../outside-call.ts";

/** Whom Cloudflare Access has let through. */
export interface AccessIdentity {
  /** The person's e-mail address in small letters, or the name of the service token. */
  readonly name: string;
  /** A program with a service token: no browser sends those by itself. */
  readonly isService: boolean;
}

/** The application that stands before the mesh. */
export interface AccessApplication {
  /** `team.cloudflareaccess.com` */
  readonly teamDomain: string;
  /** The application's audience tag. */
  readonly audience: string;
}

const service = "Cloudflare Access";
const asksWithinMs = 5_000;
const longestName = 200;
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * Who a token of Cloudflare Access speaks of; undefined when it is forged, expired, another application's, or names nobody. Throws a `ClientError` when
 * Access's keys cannot be had. Keys are kept for ten minutes, and asked for anew when one is unknown.
 * https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
 */
export async function verifyAccess(
  token: string,
  { teamDomain, audience }: AccessApplication,
  deps: Pick<OutsideDeps, "fetch"> = {},
): Promise<AccessIdentity | undefined> {
  const issuer = `https://${teamDomain}`;
  try {
    const { payload } = await jwtVerify(token, keysOf(issuer, deps), {
      issuer,
      audience,
      algorithms: ["RS256"],
      requiredClaims: ["exp", "iat"],
    });
    const { email, common_name: program } = payload as { readonly email?: unknown; readonly common_name?: unknown };
    if (isName(email)) return { name: email.toLowerCase(), isService: false };
    return isName(program) ? { name: program, isService: true } : undefined;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    // Its own class only where the keys came and could not be read; all others speak of the token.
    if (error.code !== "ERR_JOSE_GENERIC" && error.code !== "ERR_JWKS_INVALID") return undefined;
    throw new ClientError(service, `the keys of ${teamDomain} cannot be read; check ACCESS_TEAM_DOMAIN`, {
      code: "unparsable-answer",
      retryable: true,
    });
  }
}

/** Asks for the keys anew. */
export function forgetAccessKeys(): void {
  keySets.clear();
}

function keysOf(issuer: string, deps: Pick<OutsideDeps, "fetch">): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(issuer);
  if (known) return known;
  const made = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
    [customFetch]: async (url) => {
      const answer = await callOutside(service, deps, url, {}, asksWithinMs);
      if (answer.ok) return answer;
      throw new ClientError(service, `its keys cannot be had (${answer.status}); check ACCESS_TEAM_DOMAIN`, {
        code: "unavailable",
        retryable: true,
        status: answer.status,
      });
    },
  });
  keySets.set(issuer, made);
  return made;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= longestName;
}
