import type { ProjectName } from "../../core/ids.ts";

/** A project's own key at the model gateway, with a budget. */
export interface ModelBudget {
  readonly kind: "litellm" | "ai-gateway" | "plain";
  /**
   * Makes team and key, or finds them by their alias; a key that exists is not made again. `key` is a secret, given only when it was made now
   * (LiteLLM shows it once): null = it was made before.
   */
  ensure(project: ProjectName, budget: { readonly usd: number | null }): Promise<BudgetState & { readonly key: string | null }>;
  /** What was spent so far; null when the gateway does not tell. */
  spend(project: ProjectName): Promise<BudgetState | null>;
  /** Takes team and key away. */
  remove(project: ProjectName): Promise<void>;
}

export interface BudgetState {
  readonly alias: string;
  readonly limitUsd: number | null;
  readonly spentUsd: number | null;
}
