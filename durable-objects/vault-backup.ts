import type { CredentialRecord, SealFault } from "../core/credentials/credential.ts";
import type { ProjectKey } from "../core/ids.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { masterKeys, readHeads } from "../platform/sealing.ts";
import type { Sealed, SignedHeads } from "../platform/sealing.ts";
import type { VaultHistory } from "./vault-history.ts";
import type { SecretRow, VaultStore } from "./vault-store.ts";

/** A part of one Vault's backup: sealed as it lies there, so it opens only with the master key. Stored. Fields are only added, as optional. */
export interface VaultPage {
  readonly form: 1;
  readonly project: ProjectKey;
  /** With the first page. */
  readonly heads: SignedHeads | null;
  readonly secrets: readonly SecretRow[];
  /** Oldest first. */
  readonly history: readonly CredentialRecord[];
}

/** `newer-secrets`: the Vault holds versions that the backup does not know. */
export type RestoreRefusal = SealFault | "newer-secrets";

const recordsPerPage = 1_000;

/** Copies a Vault out and in, without opening anything. */
export class VaultBackup {
  readonly #env: Env;
  readonly #project: ProjectKey;
  readonly #store: VaultStore;
  readonly #history: VaultHistory;

  constructor(env: Env, project: ProjectKey, store: VaultStore, history: VaultHistory) {
    this.#env = env;
    this.#project = project;
    this.#store = store;
    this.#history = history;
  }

  /** Secrets and their versions are all in the first page, since they must agree. */
  page(cursor: number | null): { page: VaultPage; next: number | null } {
    const isFirst = cursor === null;
    const history = this.#history.since(cursor ?? 0, recordsPerPage);
    const page: VaultPage = {
      form: 1,
      project: this.#project,
      heads: isFirst ? (this.#store.heads ?? null) : null,
      secrets: isFirst ? this.#store.secrets() : [],
      history,
    };
    return { page, next: history.length < recordsPerPage ? null : (history.at(-1)?.seq ?? null) };
  }

  /** To be called in turn. */
  async restore({ project, heads, secrets, history }: VaultPage, by: string): Promise<Result<{ secrets: number }, RestoreRefusal>> {
    if (project !== this.#project) return refused("moved");
    if (heads !== null) {
      const signed = await readHeads(masterKeys(this.#env), this.#project, heads);
      if (!signed.ok) return signed;
    }
    const present = this.#store.heads;
    const isThere = heads !== null && present?.n === heads.n && JSON.stringify(present.secrets) === JSON.stringify(heads.secrets);
    if (heads !== null && !isThere && (present?.n ?? 0) >= heads.n) return refused("newer-secrets");
    this.#store.together(() => {
      this.#history.restore(history);
      if (heads !== null && !isThere) {
        this.#store.clear();
        this.#store.setHeads(heads);
        for (const row of secrets) this.#store.putSecret({ ...row, sealed: row.sealed as Sealed | null });
      }
      if (history.length >= recordsPerPage || this.#history.newest?.action === "restored") return;
      const count = this.#store.secrets().length;
      if (count > 0) this.#history.add({ name: "all", version: 0, action: "restored", by, detail: `${count} from a backup` });
    });
    return ok({ secrets: secrets.length });
  }
}
