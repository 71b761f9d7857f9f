import { vault } from "../../durable-objects/remote.ts";
import { done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** A key or a gateway's token, pushed by an operator and kept in the Vault; a gateway that makes each project a key of its own spares it. */
export async function loginByKey({ env, clients, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const { hasValidCredential, credentials } = await vault(env, profileOf(onboarding).key).health();
  const live = credentials.filter(
    ({ invalidatedAt, fault, variables }) => invalidatedAt === null && fault === undefined && variables.some(isKey),
  );
  if (hasValidCredential && live.length > 0)
    return done(`In the Vault: ${live.map(({ name, variables }) => `${name} (${variables.join(", ")})`).join(", ")}`);
  if (clients.modelBudget.kind === "litellm" && !onboarding.request.skipLiteLLM)
    return done("No key is needed from you: the model gateway makes the project's own in the next step");
  return { type: "wait", forMs: 0, login: { mode: "api-key" } };
}

/** An address alone lets nobody in. */
function isKey(variable: string): boolean {
  return !variable.endsWith("_BASE_URL");
}
