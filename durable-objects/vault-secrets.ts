import type { SealFault, VaultRefusal } from "../core/credentials/credential.ts";
import type { ProjectKey } from "../core/ids.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { now } from "../platform/clock.ts";
import { log } from "../platform/log.ts";
import { masterKeyId, masterKeys, readHeads, rewrapped, seal, signHeads, unseal } from "../platform/sealing.ts";
import type { Heads, MasterKeys, Sealed, SignedHeads } from "../platform/sealing.ts";
import type { NewRecord, VaultHistory } from "./vault-history.ts";
import { plain } from "./vault-store.ts";
import type { SecretFacts, SecretKey, SecretRow, VaultStore } from "./vault-store.ts";

/** More of them are nobody's credentials any more. */
const mostSecrets = 100;

/** A secret that was opened. */
export interface Opened {
  readonly row: SecretRow;
  readonly text: string;
}

/** What came of wrapping all data keys anew. `versions` among the failed: what tells the newest versions could not be read. */
export interface Rewrapped {
  readonly rewrapped: number;
  readonly failed: readonly { readonly name: string; readonly reason: SealFault }[];
}

/** What is to be written with a new version. */
export interface NewVersion {
  readonly text: string;
  readonly facts: SecretFacts;
  readonly record: Omit<NewRecord, "name" | "version">;
}

/**
 * The sealed secrets of one project and their versions. Crypto lets other calls in: changes take turns, each is written in one synchronous step,
 * and whoever opens a secret looks afterwards whether it is still the newest.
 */
export class VaultSecrets {
  readonly #env: Env;
  readonly #project: ProjectKey;
  readonly #store: VaultStore;
  readonly #history: VaultHistory;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(env: Env, project: ProjectKey, store: VaultStore, history: VaultHistory) {
    this.#env = env;
    this.#project = project;
    this.#store = store;
    this.#history = history;
  }

  /** Lets one change after the other happen. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#turn.then(change);
    this.#turn = changed.catch(() => undefined);
    return changed;
  }

  /** Opens the newest version of a secret. A refusal is recorded and logged. */
  async open(name: SecretKey, by: string): Promise<Result<Opened, VaultRefusal>> {
    for (;;) {
      const signed = this.#store.heads;
      const heads = await this.#read(signed);
      if (this.#store.heads?.mac !== signed?.mac) continue;
      const row = this.#store.secret(name);
      if (!heads.ok) return this.#refuse(name, row?.version ?? 0, heads.error, by);
      const head = heads.value.secrets[name];
      if (head === undefined) return row === undefined ? refused("unknown-credential") : this.#refuse(name, row.version, "tampered", by);
      if (row?.version !== head.version) return this.#refuse(name, row?.version ?? 0, "rolled-back", by);
      if (head.state === "ended") return row.sealed === null ? refused("invalidated") : this.#refuse(name, row.version, "rolled-back", by);
      const opened = await unseal(this.#keys, { project: this.#project, name, version: head.version }, row.sealed);
      // Meanwhile a newer version may have come, or this one have been ended.
      const still = this.#store.secret(name);
      if (still?.version !== row.version || (still.sealed === null) !== (row.sealed === null)) continue;
      return opened.ok ? ok({ row: still, text: opened.value }) : this.#refuse(name, row.version, opened.error, by);
    }
  }

  /** Why the secret's newest version would not open; undefined when it would. Writes and logs nothing. */
  async faultOf(row: SecretRow): Promise<SealFault | undefined> {
    const heads = await this.#read(this.#store.heads);
    if (!heads.ok) return heads.error;
    const head = heads.value.secrets[row.name];
    if (head?.version !== row.version) return "rolled-back";
    if (head.state === "ended") return row.sealed === null ? undefined : "rolled-back";
    const opened = await unseal(this.#keys, { project: this.#project, name: row.name, version: row.version }, row.sealed);
    return opened.ok ? undefined : opened.error;
  }

  /** Writes the next version of a secret, or its first. To be called in turn. */
  async write(name: SecretKey, by: string, version: NewVersion): Promise<Result<SecretRow, VaultRefusal>> {
    const heads = await this.#read(this.#store.heads);
    if (!heads.ok) return this.#refuse(name, this.#store.secret(name)?.version ?? 0, heads.error, by);
    const { n, secrets } = heads.value;
    if (secrets[name] === undefined && Object.keys(secrets).length >= mostSecrets) return refused("too-many");
    const number = (secrets[name]?.version ?? 0) + 1;
    const sealed = await seal(this.#keys, { project: this.#project, name, version: number }, version.text);
    const signed = await this.#sign({ n: n + 1, secrets: { ...secrets, [name]: { version: number, state: "live" } } });
    const row = { name, version: number, sealed, facts: version.facts };
    this.#store.together(() => {
      this.#store.putSecret(row);
      this.#store.setHeads(signed);
      this.#history.add({ ...version.record, name: plain(name), version: number });
    });
    return ok(row);
  }

  /** Ends a secret: its sealed value is deleted, its name and version stay known. To be called in turn. */
  async end(
    name: SecretKey,
    facts: (row: SecretRow) => SecretFacts,
    record: Omit<NewRecord, "name" | "version">,
  ): Promise<Result<SecretRow, VaultRefusal>> {
    const row = this.#store.secret(name);
    if (row === undefined) return refused("unknown-credential");
    const heads = await this.#read(this.#store.heads);
    if (!heads.ok) return this.#refuse(name, row.version, heads.error, record.by);
    const head = heads.value.secrets[name];
    if (head === undefined || head.state === "ended") return refused(head === undefined ? "unknown-credential" : "invalidated");
    const { n, secrets } = heads.value;
    const signed = await this.#sign({ n: n + 1, secrets: { ...secrets, [name]: { version: head.version, state: "ended" } } });
    const ended = { name, version: head.version, sealed: null, facts: facts(row) };
    this.#store.together(() => {
      this.#store.putSecret(ended);
      this.#store.setHeads(signed);
      this.#history.add({ ...record, name: plain(name), version: head.version });
    });
    return ok(ended);
  }

  /** Wraps every data key under the present master key, and signs the versions with it. To be called in turn; repeating changes nothing. */
  async rewrap(by: string, discard: boolean): Promise<Rewrapped> {
    const failed: { key: SecretKey; name: string; reason: SealFault }[] = [];
    let count = 0;
    for (const { name, version, sealed } of this.#store.secrets()) {
      if (sealed === null) continue;
      const again = await rewrapped(this.#keys, { project: this.#project, name, version }, sealed);
      if (!again.ok) {
        this.#refuse(name, version, again.error, by);
        failed.push({ key: name, name: plain(name), reason: again.error });
      } else if (again.value.key.id !== (sealed as Sealed).key.id) {
        this.#store.together(() => {
          this.#store.setSealed(name, again.value);
          this.#history.add({ name: plain(name), version, action: "rewrapped", by, detail: `under master key ${again.value.key.id}` });
        });
        count += 1;
      }
    }
    const headFault = await this.#signAnew();
    if (discard && headFault !== undefined) this.#discardAll(by);
    else if (discard) for (const { key } of failed) await this.end(key, discarded, { action: "wiped", by, detail: "could not be opened" });
    const faults = failed.map(({ name, reason }) => ({ name, reason }));
    return { rewrapped: count, failed: headFault === undefined ? faults : [...faults, { name: "versions", reason: headFault }] };
  }

  /** Why the versions cannot be read with the present master keys. To be called in turn. */
  async keyFault(): Promise<SealFault | undefined> {
    const signed = this.#store.heads;
    if (signed === undefined && this.#store.isEmpty) {
      this.#store.setHeads(await this.#sign({ n: 1, secrets: {} }));
      return undefined;
    }
    if (signed === undefined) return "tampered";
    const heads = await readHeads(this.#keys, this.#project, signed);
    return heads.ok ? undefined : heads.error;
  }

  get #keys(): MasterKeys {
    return masterKeys(this.#env);
  }

  /** Has the present master key sign the versions; answers why it may not. */
  async #signAnew(): Promise<SealFault | undefined> {
    const signed = this.#store.heads;
    if (signed === undefined || signed.key === (await masterKeyId(this.#keys.current))) return undefined;
    const heads = await this.#read(signed);
    if (!heads.ok) return heads.error;
    this.#store.setHeads(await this.#sign(heads.value));
    return undefined;
  }

  #discardAll(by: string): void {
    this.#store.together(() => {
      for (const { name, version } of this.#store.secrets()) {
        this.#history.add({ name: plain(name), version, action: "wiped", by, detail: "could not be opened" });
      }
      this.#store.clear();
    });
  }

  #sign(heads: Heads): Promise<SignedHeads> {
    return signHeads(this.#keys, this.#project, heads);
  }

  async #read(signed: SignedHeads | undefined): Promise<Result<Heads, SealFault>> {
    if (signed === undefined) return this.#store.isEmpty ? ok({ n: 0, secrets: {} }) : refused("tampered");
    const heads = await readHeads(this.#keys, this.#project, signed);
    // Where there is nothing to open, a lost master key is no harm.
    return !heads.ok && heads.error === "unknown-key" && this.#store.isEmpty ? ok({ n: signed.n, secrets: {} }) : heads;
  }

  #refuse(name: SecretKey, version: number, reason: SealFault, by: string): { readonly ok: false; readonly error: SealFault } {
    log("warn", "the Vault refused a secret", { project: this.#project, reason });
    if (!this.#history.hasJustRefused(plain(name), version, reason)) {
      this.#store.together(() =>
        this.#history.add({ name: plain(name), version, action: "refused", by, detail: reason, tellPeople: true }),
      );
    }
    return refused(reason);
  }
}

function discarded({ facts }: SecretRow): SecretFacts {
  return { ...facts, invalidatedAt: now(), lease: null };
}
