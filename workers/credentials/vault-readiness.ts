import { meshProject } from "../../core/ids.ts";
import type { Issue } from "../../core/result.ts";
import { minuteMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { vault } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";

const askedEveryMs = minuteMs;
const known = new WeakMap<object, { readonly issues: readonly Issue[]; readonly at: Moment }>();

/** Whether the mesh's own Vault opens with the present master keys; what this isolate learned in the last minute counts. */
export async function vaultReadiness(env: Env): Promise<readonly Issue[]> {
  const before = known.get(env.VAULTS);
  if (before && Math.abs(now() - before.at) < askedEveryMs) return before.issues;
  const at = now();
  const issues = await ask(env);
  known.set(env.VAULTS, { issues, at });
  return issues;
}

async function ask(env: Env): Promise<readonly Issue[]> {
  try {
    const fault = await vault(env, meshProject).keyFault();
    if (fault === null) return [];
    return fault === "unknown-key"
      ? [{ path: "MASTER_KEY", message: "the Vault was sealed under another key: set MASTER_KEY_PREVIOUS to that one, and rotate" }]
      : [{ path: "VAULTS", message: `what the Vault keeps was changed (${fault})` }];
  } catch {
    return [{ path: "VAULTS", message: "the Vault does not answer" }];
  }
}
