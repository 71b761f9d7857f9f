import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { CredentialPush } from "../core/credentials/credential.ts";
import type { JournalEvent } from "../core/events.ts";
import type { ProjectKey } from "../core/ids.ts";
import { orchestrator, vault } from "./remote.ts";

export const firstMasterKey = "a-master-key-of-32-characters-001";
export const secondMasterKey = "b-master-key-of-32-characters-002";

let vaults = 0;

/** For tests: a Vault of its own, its rows to tamper with, and the master keys it is given. */
export function createVault(key = `R_vault${(vaults += 1)}` as ProjectKey) {
  const stub = env.VAULTS.getByName(key);
  const inside = <T>(act: (state: DurableObjectState) => T): Promise<T> => runInDurableObject(stub, (_, state) => act(state));
  return {
    key,
    vault: vault(env, key),
    stub,
    inside,
    /** Runs statements on its tables. */
    sql: (statement: string, ...values: (string | number | null)[]) =>
      inside((state) => state.storage.sql.exec<Record<string, SqlStorageValue>>(statement, ...values).toArray()),
    push: (variables: Record<string, string>, more: Partial<CredentialPush> = {}) =>
      vault(env, key).push({ name: "agent", variables, expiresAt: null, refresh: null, ...more }, "operator"),
    /** Opens a new bundle for this attempt. */
    async bundle(attempt = 1, agent = "runner-1") {
      const holder = { agent, task: `${key}.t1-1-1`, attempt };
      const made = await vault(env, key).provision(holder, null);
      return made.status === "provisioned" ? vault(env, key).openBundle(made.bundleId, holder) : made;
    },
    actions: async () =>
      (await vault(env, key).history(undefined, 100)).map(({ action, name, version, detail }) => [action, name, version, detail]),
    /** What its orchestrator has journaled of it. */
    async told(): Promise<JournalEvent[]> {
      const { events } = await orchestrator(env, key).journalSince(0, 1_000);
      return events.filter(({ type }) => type === "credential-recorded");
    },
  };
}

/** What every Vault is given from now on. */
export async function giveMasterKeys(current: string, previous = ""): Promise<void> {
  // All objects of a test share one environment.
  await runInDurableObject(env.VAULTS.getByName("R_anything"), (instance) => {
    const given = Reflect.get(instance, "env") as object;
    Reflect.set(given, "MASTER_KEY", current);
    Reflect.set(given, "MASTER_KEY_PREVIOUS", previous);
  });
}
