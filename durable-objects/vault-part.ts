import type { VaultHistory } from "./vault-history.ts";
import type { VaultSecrets } from "./vault-secrets.ts";
import type { VaultStore } from "./vault-store.ts";

/** What every part of a Vault that works on its credentials has at hand. */
export abstract class VaultPart {
  protected readonly store: VaultStore;
  protected readonly secrets: VaultSecrets;
  protected readonly history: VaultHistory;

  constructor(store: VaultStore, secrets: VaultSecrets, history: VaultHistory) {
    this.store = store;
    this.secrets = secrets;
    this.history = history;
  }
}
