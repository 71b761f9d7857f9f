import type { ProjectName } from "../../core/ids.ts";

/** A project's own way to its models: a key at the gateway, a budget, and what was spent of it. */
export interface ModelBudget {
  /** `plain`: there is no gateway that counts by project, so nothing is made and nothing is known. */
  readonly kind: "litellm" | "ai-gateway" | "plain";
  /**
   * Makes what the project needs at the gateway, or finds it by its alias and puts the limit right (`usd: null`: leaves it as it is there); doing
   * it twice changes nothing more.
   * `kept`: the key's value is in the Vault. Without that a key that exists is replaced, since a gateway tells a value only once: what was
   * lost on its way is made anew and never doubled. `key` is a secret, and null when there is none to keep.
   */
  ensure(project: ProjectName, budget: { readonly usd: number | null; readonly kept: boolean }): Promise<EnsuredBudget>;
  /** Puts the limit right where the project has a budget that can be limited; nothing happens elsewhere. */
  limit(project: ProjectName, usd: number): Promise<void>;
  /** What holds now; null when the project has nothing there, or the gateway does not tell. */
  spend(project: ProjectName): Promise<BudgetState | null>;
  /** Takes everything of the project away; nothing happens when there is nothing. */
  remove(project: ProjectName): Promise<void>;
}

export interface BudgetState {
  /** What the project is called at the gateway. */
  readonly alias: string;
  /** Where its agents send their requests (`ANTHROPIC_BASE_URL`); null: to the provider itself. */
  readonly baseUrl: string | null;
  /** US dollars; null: without a limit that we know of. */
  readonly limitUsd: number | null;
  /** US dollars; null when the gateway does not tell. */
  readonly spentUsd: number | null;
}

export interface EnsuredBudget extends BudgetState {
  readonly key: string | null;
}
