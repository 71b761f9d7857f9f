import type { OutsideDeps } from "../outside-call.ts";
import { createAiGateway } from "./ai-gateway.ts";
import { createLiteLlm } from "./litellm.ts";
import type { ModelBudget } from "./model-budget.ts";
import { createPlainModelBudget } from "./plain.ts";

export interface ModelBudgetSettings extends OutsideDeps {
  readonly litellm: { readonly url: string | undefined; readonly adminKey: string | undefined };
  readonly aiGateway: { readonly account: string | undefined; readonly token: string | undefined };
}

/** What the deployment has: LiteLLM before AI Gateway, and neither is a plain key. */
export function createModelBudget({ litellm, aiGateway, ...outside }: ModelBudgetSettings): ModelBudget {
  const { url, adminKey } = litellm;
  if (url !== undefined && adminKey !== undefined) return createLiteLlm({ ...outside, url, adminKey });
  const { account, token } = aiGateway;
  if (account !== undefined && token !== undefined) return createAiGateway({ ...outside, account, token });
  return createPlainModelBudget();
}
