import type { CredentialHealth, CredentialView, SealFault } from "../core/credentials/credential.ts";
import type { Moment } from "../core/time.ts";
import { plain } from "./vault-store.ts";
import type { SecretRow } from "./vault-store.ts";

/** A credential without its values. */
export function viewOf({ name, version, facts }: SecretRow, fault?: SealFault): CredentialView {
  const { variables, expiresAt, hasRefreshToken, by, at, lastRefreshAt, invalidatedAt } = facts;
  return {
    name: plain(name),
    version,
    variables,
    expiresAt,
    hasRefreshToken,
    pushedBy: by,
    pushedAt: at,
    lastRefreshAt,
    invalidatedAt,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** How a project's credentials stand: of those that hold, the first to end speaks. */
export function healthOf(credentials: readonly CredentialView[], activeBundleId: string | null, at: Moment): CredentialHealth {
  const valid = credentials.filter(
    ({ invalidatedAt, fault, expiresAt }) => invalidatedAt === null && fault === undefined && (expiresAt ?? Number.POSITIVE_INFINITY) > at,
  );
  const ends = valid.flatMap(({ expiresAt }) => expiresAt ?? []);
  const refreshes = credentials.flatMap(({ lastRefreshAt }) => lastRefreshAt ?? []);
  const expiresAt = ends.length === 0 ? null : Math.min(...ends);
  return {
    hasValidCredential: valid.length > 0,
    expiresAt,
    expiresInMs: expiresAt === null ? null : expiresAt - at,
    hasRefreshToken: credentials.some(({ hasRefreshToken, invalidatedAt }) => hasRefreshToken && invalidatedAt === null),
    lastRefreshAt: refreshes.length === 0 ? null : Math.max(...refreshes),
    activeBundleId,
    credentials,
  };
}
