import { vault } from "../../durable-objects/remote.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** Under this name the gateway's key stands in the Vault. */
export const gatewayCredential = "model-gateway";
const by = "onboarding";

/** Makes the project's team and key at the model gateway, and puts the key into the Vault: it is shown once, and nowhere else. */
export async function modelBudget({ env, clients, onboarding, policy }: ActivityContext): Promise<ActivityOutcome> {
  if (onboarding.request.skipLiteLLM) return done("Left out, as asked");
  if (clients.modelBudget.kind === "plain") return done("No gateway with budgets is configured: the agent uses the key of its login");
  const { key, name } = profileOf(onboarding);
  const secrets = vault(env, key);
  const { credentials } = await secrets.health();
  const kept = credentials.some((one) => one.name === gatewayCredential && one.invalidatedAt === null && one.fault === undefined);
  const { alias, baseUrl, limitUsd, key: made } = await clients.modelBudget.ensure(name, { usd: policy.budget.projectUsd, kept });
  const limit = limitUsd === null ? "without a limit" : `with a limit of $${limitUsd}`;
  const variables = {
    ...(made === null ? {} : { ANTHROPIC_AUTH_TOKEN: made }),
    ...(baseUrl === null ? {} : { ANTHROPIC_BASE_URL: baseUrl }),
  };
  if (made === null && (kept || baseUrl === null)) return done(`There already: ${alias}, ${limit}`);
  const pushed = await secrets.push({ name: gatewayCredential, variables, expiresAt: null, refresh: null }, by);
  if (!pushed.ok)
    throw new ActivityFailure(
      `vault-${pushed.error}`,
      `The Vault did not take the gateway's key: ${pushed.error}.`,
      "Look whether MASTER_KEY is the one the Vault was sealed with (`mesh doctor`), then retry: the key is made anew.",
    );
  return done(
    made === null ? `There: ${alias}, ${limit}; agents are told its address` : `Made: ${alias}, ${limit}; its key is in the Vault`,
  );
}
