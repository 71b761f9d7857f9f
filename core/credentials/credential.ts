import type { Moment } from "../time.ts";

/** `1–64` characters of `a-z 0-9 -`; the agent's own is `agent`. */
export type CredentialName = string;

/** How an access token is renewed at the provider (RFC 6749, section 6). */
export interface RefreshGrant {
  /** https; never a host of Anthropic's, whose terms forbid others to keep or route subscription logins. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly refreshToken: string;
  /** The variable that carries the access token. */
  readonly variable: string;
}

/** A credential as it is pushed: the variables that a coding agent's process gets. Values are secrets. */
export interface CredentialPush {
  readonly name: CredentialName;
  /** `ANTHROPIC_API_KEY` and the like; names that would change the runner, git or GitHub are refused. */
  readonly variables: Readonly<Record<string, string>>;
  readonly expiresAt: Moment | null;
  readonly refresh: RefreshGrant | null;
}

/**
 * Why a sealed value is not opened. `unknown-key`: sealed under another master key than the present ones; `tampered`: ciphertext, wrapped key or
 * signature were changed; `moved`: the row belongs to another project or name; `rolled-back`: the row is not the newest version; `malformed`: no row of ours.
 */
export type SealFault = "unknown-key" | "tampered" | "moved" | "rolled-back" | "malformed";

/** Why the Vault does not do what was asked. */
export type VaultRefusal = SealFault | "unknown-credential" | "invalidated" | "too-many";

/** Why a refresh is not begun. */
export type RefreshRefusal = VaultRefusal | "no-refresh-token" | "under-way" | "backoff" | "not-due";

/** What a provider gave for a refresh token. */
export interface RefreshedTokens {
  readonly accessToken: string;
  /** Null: it named no end. */
  readonly expiresAt: Moment | null;
  /** Null: the one before goes on. */
  readonly refreshToken: string | null;
}

/** What may be known of a credential: everything but its values. */
export interface CredentialView {
  readonly name: CredentialName;
  readonly version: number;
  /** Names only. */
  readonly variables: readonly string[];
  readonly expiresAt: Moment | null;
  readonly hasRefreshToken: boolean;
  readonly pushedBy: string;
  readonly pushedAt: Moment;
  readonly lastRefreshAt: Moment | null;
  readonly invalidatedAt: Moment | null;
  /** Why it cannot be opened; absent when it can. */
  readonly fault?: SealFault;
}

/** `GET /projects/:owner/:name/credentials/health`. */
export interface CredentialHealth {
  readonly hasValidCredential: boolean;
  readonly expiresAt: Moment | null;
  readonly expiresInMs: number | null;
  readonly hasRefreshToken: boolean;
  readonly lastRefreshAt: Moment | null;
  /** The last bundle given to a runner that still holds. */
  readonly activeBundleId: string | null;
  readonly credentials: readonly CredentialView[];
}

/** What was done with a credential, by whom; never a value. */
export interface CredentialRecord {
  /** Contiguous in its project, from 1. */
  readonly seq: number;
  readonly at: Moment;
  readonly name: CredentialName;
  readonly version: number;
  readonly action:
    | "pushed"
    | "refreshed"
    | "refresh-failed"
    | "bundle-made"
    | "bundle-opened"
    | "invalidated"
    | "read"
    | "rewrapped"
    | "refused"
    | "restored"
    | "wiped";
  readonly by: string;
  /** Kebab-case or a short sentence; for `refused` and `refresh-failed` the reason. */
  readonly detail: string;
}
