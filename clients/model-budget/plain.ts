import type { ModelBudget } from "./model-budget.ts";

/** No gateway: agents use the key that an operator pushes, at its provider, who alone knows what was spent. */
export function createPlainModelBudget(): ModelBudget {
  return {
    kind: "plain",
    ensure: async (project) => ({ alias: project, baseUrl: null, limitUsd: null, spentUsd: null, key: null }),
    limit: async () => {},
    spend: async () => null,
    remove: async () => {},
  };
}
