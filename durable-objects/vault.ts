import { DurableObject } from "cloudflare:workers";
import type {
  CredentialHealth,
  CredentialPush,
  CredentialRecord,
  CredentialView,
  RefreshedTokens,
  RefreshRefusal,
  SealFault,
  VaultRefusal,
} from "../core/credentials/credential.ts";
import type { ProjectKey } from "../core/ids.ts";
import { ok } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import { CountedSql } from "./counted-sql.ts";
import { VaultBackup } from "./vault-backup.ts";
import type { RestoreRefusal, VaultPage } from "./vault-backup.ts";
import { VaultBundles } from "./vault-bundles.ts";
import type { BundleHolder, Provision } from "./vault-bundles.ts";
import { VaultHistory } from "./vault-history.ts";
import { VaultRefresh } from "./vault-refresh.ts";
import type { CredentialSecret, RefreshFailure, RefreshLease } from "./vault-refresh.ts";
import { VaultSecrets } from "./vault-secrets.ts";
import type { Rewrapped } from "./vault-secrets.ts";
import { VaultStore } from "./vault-store.ts";
import type { SecretFacts, SecretKey } from "./vault-store.ts";
import { healthOf, viewOf } from "./vault-views.ts";

/**
 * The secrets of one project (`mesh`: of the mesh itself), sealed; see platform/sealing.ts. Values leave it by `openBundle`, `read` and
 * `leaseRefresh` only. Everything that is done with a secret is recorded in the same transaction and told to the project's orchestrator, which
 * journals it. It makes no outside call.
 */
export class Vault extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #store: VaultStore;
  readonly #history: VaultHistory;
  readonly #secrets: VaultSecrets;
  readonly #bundles: VaultBundles;
  readonly #refresh: VaultRefresh;
  readonly #backup: VaultBackup;
  readonly #clock: AlarmClock;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const project = (ctx.id.name ?? "") as ProjectKey;
    const sql = new CountedSql(ctx.storage.sql);
    this.meter = new KeptMeter(ctx.storage, sql);
    this.#store = new VaultStore(ctx.storage, sql);
    this.#history = new VaultHistory(env, project, sql, ctx.storage.kv);
    this.#secrets = new VaultSecrets(env, project, this.#store, this.#history);
    this.#bundles = new VaultBundles(this.#store, this.#secrets, this.#history);
    this.#refresh = new VaultRefresh(this.#store, this.#secrets, this.#history);
    this.#backup = new VaultBackup(env, project, this.#store, this.#history);
    this.#clock = new AlarmClock(
      ctx,
      () => this.#history.dueAt,
      () => this.meter.alarmSet(),
    );
  }

  /** Takes a credential, checked before, as the next version. What is the same as the live version changes nothing. */
  push({ name, variables, expiresAt, refresh }: CredentialPush, by: string): Promise<Result<CredentialView, VaultRefusal>> {
    const key: SecretKey = `credential/${name}`;
    const text = JSON.stringify({ variables, refresh } satisfies CredentialSecret);
    const facts = { ...newFacts(by), variables: Object.keys(variables), expiresAt, hasRefreshToken: refresh !== null };
    return this.#changed(async () => {
      const before = this.#store.secret(key);
      if (before !== undefined && before.sealed !== null && before.facts.expiresAt === expiresAt) {
        const opened = await this.#secrets.open(key, by);
        if (opened.ok && opened.value.text === text) return ok(viewOf(opened.value.row));
      }
      const detail = `variables: ${facts.variables.join(", ")}`;
      const written = await this.#secrets.write(key, by, { text, facts, record: { action: "pushed", by, detail } });
      return written.ok ? ok(viewOf(written.value)) : written;
    });
  }

  /** All credentials, the ended ones among them. */
  async list(): Promise<CredentialView[]> {
    const rows = this.#store.secrets().filter(({ name }) => name.startsWith("credential/"));
    return Promise.all(rows.map(async (row) => viewOf(row, await this.#secrets.faultOf(row))));
  }

  /** How the credentials stand; looks whether each can be opened. */
  async health(): Promise<CredentialHealth> {
    const rows = this.#store.secrets().filter(({ name }) => name.startsWith("credential/"));
    const views = await Promise.all(rows.map(async (row) => viewOf(row, await this.#secrets.faultOf(row))));
    return healthOf(views, this.#bundles.activeId, now());
  }

  /** What was done, newest first, before the number `before`. */
  history(before: number | undefined, limit: number): CredentialRecord[] {
    return this.#history.page(before, limit);
  }

  /** Ends a credential: its values are deleted, its bundles open no more. `reason` is for people. */
  invalidate(name: string, by: string, reason: string): Promise<Result<CredentialView, VaultRefusal>> {
    return this.#changed(async () => {
      const record = { action: "invalidated", by, detail: reason } as const;
      const ended = await this.#secrets.end(`credential/${name}`, ({ facts }) => ({ ...facts, invalidatedAt: now(), lease: null }), record);
      return ended.ok ? ok(viewOf(ended.value)) : ended;
    });
  }

  /** Makes the live credentials ready for one attempt of an agent, unless the bundle it has still holds. The caller has checked that the attempt is live. */
  provision(holder: BundleHolder, have: string | null): Provision {
    const provision = this.#bundles.provision(holder, have);
    this.#tell();
    return provision;
  }

  /** The variables of a bundle, once. */
  async openBundle(
    id: string,
    holder: BundleHolder,
  ): Promise<Result<{ variables: Record<string, string>; expiresAt: Moment }, SealFault | "bundle-over">> {
    const opened = await this.#bundles.open(id, holder);
    this.#tell();
    return opened;
  }

  /** Credentials that can be renewed, and when each is due. */
  refreshDues(): { name: string; dueAt: Moment }[] {
    return this.#refresh.dues();
  }

  /** What is needed to renew an access token, for one at a time. `asked`: whatever is due. */
  leaseRefresh(name: string, by: string, asked: boolean): Promise<Result<RefreshLease, RefreshRefusal>> {
    return this.#changed(() => this.#refresh.lease(name, by, asked));
  }

  refreshed(
    lease: Pick<RefreshLease, "name" | "version">,
    tokens: RefreshedTokens,
    by: string,
  ): Promise<Result<CredentialView, VaultRefusal | "superseded">> {
    return this.#changed(() => this.#refresh.refreshed(lease, tokens, by));
  }

  refreshFailed(lease: Pick<RefreshLease, "name" | "lease" | "version">, failure: RefreshFailure, by: string): Promise<void> {
    return this.#changed(() => this.#refresh.failed(lease, failure, by));
  }

  /** Keeps another secret of the mesh's own, like the budget key of a project. The same value again changes nothing. */
  put(name: string, value: string, by: string): Promise<Result<{ version: number }, VaultRefusal>> {
    const key: SecretKey = `secret/${name}`;
    return this.#changed(async () => {
      if (this.#store.secret(key)?.sealed) {
        const opened = await this.#secrets.open(key, by);
        if (opened.ok && opened.value.text === value) return ok({ version: opened.value.row.version });
      }
      const written = await this.#secrets.write(key, by, {
        text: value,
        facts: newFacts(by),
        record: { action: "pushed", by, detail: "" },
      });
      return written.ok ? ok({ version: written.value.version }) : written;
    });
  }

  /** The value of such a secret; who reads it, and what for, is recorded. */
  async read(name: string, by: string, purpose: string): Promise<Result<string, VaultRefusal>> {
    const opened = await this.#secrets.open(`secret/${name}`, by);
    if (opened.ok) {
      const { version } = opened.value.row;
      this.#store.together(() => this.#history.add({ name, version, action: "read", by, detail: purpose }));
    }
    this.#tell();
    return opened.ok ? ok(opened.value.text) : opened;
  }

  /** Ends such a secret; false when there was none. */
  remove(name: string, by: string, reason: string): Promise<Result<boolean, VaultRefusal>> {
    return this.#changed(async () => {
      const record = { action: "invalidated", by, detail: reason } as const;
      const ended = await this.#secrets.end(`secret/${name}`, ({ facts }) => ({ ...facts, invalidatedAt: now() }), record);
      if (!ended.ok && ended.error !== "unknown-credential" && ended.error !== "invalidated") return ended;
      return ok(ended.ok);
    });
  }

  /**
   * Wraps every data key under the present master key; repeating changes nothing. Values stay readable throughout. `discard`: what cannot be opened,
   * since its master key is lost, is deleted.
   */
  rewrap(by: string, discard = false): Promise<Rewrapped> {
    return this.#changed(() => this.#secrets.rewrap(by, discard));
  }

  /** Why nothing here opens with the present master keys; null when it does. A Vault that never held anything remembers the key from then on. */
  async keyFault(): Promise<SealFault | null> {
    return (await this.#secrets.inTurn(() => this.#secrets.keyFault())) ?? null;
  }

  /** Deletes every secret and bundle. `forget`: the history as well, untold; else it stays, and the orchestrator is told before this answers. */
  async wipe(by: string, history: "keep" | "forget"): Promise<{ secrets: number }> {
    const count = await this.#secrets.inTurn(async () => {
      const secrets = this.#store.secrets().length;
      this.#store.together(() => {
        this.#store.clear();
        if (history === "forget") this.#history.forget();
        else if (secrets > 0) this.#history.add({ name: "all", version: 0, action: "wiped", by, detail: `${secrets} deleted` });
      });
      return secrets;
    });
    this.#clock.wind();
    await this.#history.tell();
    return { secrets: count };
  }

  /** A page of the backup: all sealed secrets with the first, records of the history with all. `cursor`: null, then `next` of the page before, until it is null. */
  exportPage(cursor: number | null): { page: VaultPage; next: number | null } {
    return this.#backup.page(cursor);
  }

  /** Takes a page of a backup, in their order, into a Vault that holds nothing newer; the same page twice is one. */
  importPage(page: VaultPage, by: string): Promise<Result<{ secrets: number }, RestoreRefusal>> {
    return this.#changed(() => this.#backup.restore(page, by));
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }

  override async alarm(): Promise<void> {
    await this.#clock.ring(() => this.#history.tell());
  }

  async #changed<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await this.#secrets.inTurn(change);
    } finally {
      this.#tell();
    }
  }

  /** The alarm tells again what does not arrive. */
  #tell(): void {
    if (this.#history.dueAt === undefined) return;
    this.#clock.wind();
    this.ctx.waitUntil(this.#history.tell());
  }
}

countCalls(Vault.prototype);

function newFacts(by: string): SecretFacts {
  const never = { lastRefreshAt: null, invalidatedAt: null, failures: 0, notBefore: 0, lease: null };
  return { by, at: now(), variables: [], expiresAt: null, hasRefreshToken: false, ...never };
}
