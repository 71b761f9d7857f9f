import { defaultPolicy, mergeOverrides, parsePolicy } from "../../core/policy.ts";
import type { Policy, PolicyOverrides } from "../../core/policy.ts";
import { settings } from "../../durable-objects/remote.ts";

/** What holds for an onboarding: the mesh's settings, and over them what its request brings. */
export async function policyOf(env: Env, overrides: PolicyOverrides): Promise<Policy> {
  const policy = parsePolicy(mergeOverrides(await settings(env).get(), overrides));
  return policy.ok ? policy.value : defaultPolicy;
}
