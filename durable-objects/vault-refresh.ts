import type { CredentialView, RefreshedTokens, RefreshGrant, RefreshRefusal, VaultRefusal } from "../core/credentials/credential.ts";
import { failuresTold, refreshAgainAt, refreshDueAt } from "../core/credentials/refresh-plan.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { randomId } from "../platform/random-id.ts";
import { viewOf } from "./vault-views.ts";
import { VaultPart } from "./vault-part.ts";
import type { SecretKey, SecretRow } from "./vault-store.ts";

/** A refresh that someone may carry out. */
export interface RefreshLease {
  readonly name: string;
  readonly lease: string;
  readonly version: number;
  readonly grant: RefreshGrant;
}

/** Why the provider gave nothing. `final`: it never will (`invalid_grant`), and the credential ends. */
export interface RefreshFailure {
  readonly reason: string;
  readonly final: boolean;
  readonly retryAt: Moment | null;
}

/** What is sealed of a credential. */
export interface CredentialSecret {
  readonly variables: Readonly<Record<string, string>>;
  readonly refresh: RefreshGrant | null;
}

/** Longer than a refresh may take outside. */
const leaseMs = 2 * minuteMs;

/** Renewing access tokens: the Vault leases what is needed to one at a time, and takes back what came of it. */
export class VaultRefresh extends VaultPart {
  /** The credentials that can be renewed, and when each is due. */
  dues(): { name: string; dueAt: Moment }[] {
    return this.store.secrets().flatMap((row) => {
      if (row.sealed === null || !row.facts.hasRefreshToken) return [];
      const dueAt = this.#dueAt(row);
      return dueAt === null ? [] : [{ name: row.name.slice("credential/".length), dueAt }];
    });
  }

  /** In turn. `asked`: a person wants it now, whatever is due. */
  async lease(name: string, by: string, asked: boolean): Promise<Result<RefreshLease, RefreshRefusal>> {
    const key: SecretKey = `credential/${name}`;
    const opened = await this.secrets.open(key, by);
    if (!opened.ok) return this.#putOff(key, opened.error);
    const { row, text } = opened.value;
    const { refresh: grant } = JSON.parse(text) as CredentialSecret;
    if (grant === null) return refused("no-refresh-token");
    const at = now();
    const { lease, notBefore } = row.facts;
    if (lease !== null && lease.until > at) return refused("under-way");
    if (!asked && notBefore > at) return refused("backoff");
    if (!asked && (this.#dueAt(row) ?? Number.POSITIVE_INFINITY) > at) return refused("not-due");
    const id = randomId();
    this.store.setFacts(key, { ...row.facts, lease: { id, until: at + leaseMs } });
    return ok({ name, lease: id, version: row.version, grant });
  }

  /**
   * Takes the new tokens as the next version; in turn. They count as long as the version they were made from is the newest, even when the lease was
   * over: a provider that changes the refresh token with each use has ended the one before. `superseded`: someone has pushed or ended it meanwhile.
   */
  async refreshed(
    { name, version }: Pick<RefreshLease, "name" | "version">,
    tokens: RefreshedTokens,
    by: string,
  ): Promise<Result<CredentialView, VaultRefusal | "superseded">> {
    const key: SecretKey = `credential/${name}`;
    const opened = await this.secrets.open(key, by);
    if (!opened.ok) return opened.error === "invalidated" ? refused("superseded") : opened;
    const { row, text } = opened.value;
    const before = JSON.parse(text) as CredentialSecret;
    if (row.version !== version || before.refresh === null) return refused("superseded");
    const at = now();
    const refresh = { ...before.refresh, refreshToken: tokens.refreshToken ?? before.refresh.refreshToken };
    const secret: CredentialSecret = { variables: { ...before.variables, [refresh.variable]: tokens.accessToken }, refresh };
    const facts = { ...row.facts, expiresAt: tokens.expiresAt, lastRefreshAt: at, failures: 0, notBefore: 0, lease: null };
    const detail = tokens.expiresAt === null ? "the provider named no end" : `until ${new Date(tokens.expiresAt).toISOString()}`;
    const written = await this.secrets.write(key, by, {
      text: JSON.stringify(secret),
      facts,
      record: { action: "refreshed", by, detail },
    });
    return written.ok ? ok(viewOf(written.value)) : written;
  }

  /** Notes why it failed, and when to try again; in turn. A credential that the provider no longer knows ends, and people are told. */
  async failed(
    { name, lease, version }: Pick<RefreshLease, "name" | "lease" | "version">,
    failure: RefreshFailure,
    by: string,
  ): Promise<void> {
    const key: SecretKey = `credential/${name}`;
    const row = this.store.secret(key);
    if (row?.version !== version || row.facts.lease?.id !== lease) return;
    const at = now();
    const failures = row.facts.failures + 1;
    if (failure.final) {
      const record = { action: "invalidated", by, detail: failure.reason, tellPeople: true } as const;
      await this.secrets.end(key, ({ facts }) => ({ ...facts, invalidatedAt: at, lease: null }), record);
      return;
    }
    this.store.together(() => {
      const notBefore = refreshAgainAt(failures, at, failure.retryAt ?? undefined);
      this.store.setFacts(key, { ...row.facts, failures, notBefore, lease: null });
      const tellPeople = failures === failuresTold;
      this.history.add({ name, version, action: "refresh-failed", by, detail: failure.reason, tellPeople });
    });
  }

  /** What cannot be opened is not tried each minute. */
  #putOff(key: SecretKey, reason: VaultRefusal): { readonly ok: false; readonly error: VaultRefusal } {
    const row = this.store.secret(key);
    if (row !== undefined && row.sealed !== null) {
      const failures = row.facts.failures + 1;
      this.store.setFacts(key, { ...row.facts, failures, notBefore: refreshAgainAt(failures, now(), undefined) });
    }
    return refused(reason);
  }

  #dueAt({ facts }: SecretRow): Moment | null {
    const { lease, expiresAt, failures, notBefore } = facts;
    return refreshDueAt({
      issuedAt: facts.lastRefreshAt ?? facts.at,
      expiresAt,
      failures,
      notBefore: Math.max(notBefore, lease?.until ?? 0),
    });
  }
}
