import type { Actor } from "./access.ts";

export type Resource = "core" | "graphql";

export interface Budget {
  limit: number;
  used: number;
  /** Epoch seconds. */
  reset: number;
}

/** Points per hour and caller: 5,000 for REST and for GraphQL each, 60 without credentials. */
export interface RateLimits {
  budget(actor: Actor, resource: Resource): Budget;
  /** Takes points and says whether there were enough. */
  spend(actor: Actor, resource: Resource, points: number): boolean;
  /** Sets what a login has left, for tests of running out. */
  set(login: string, resource: Resource, remaining: number): void;
}

const HOUR_S = 3600;

/** @see https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api */
export function createRateLimits(now: () => number = Date.now): RateLimits {
  const budgets = new Map<string, Budget>();

  function budgetOf(caller: string, resource: Resource, limit: number): Budget {
    const seconds = Math.floor(now() / 1000);
    const key = `${resource} ${caller.toLowerCase()}`;
    const current = budgets.get(key);
    if (current && current.reset > seconds) return current;
    const fresh = { limit, used: 0, reset: seconds + HOUR_S };
    budgets.set(key, fresh);
    return fresh;
  }

  const limits: RateLimits = {
    budget: (actor, resource) => budgetOf(actor.login, resource, actor.kind === "anonymous" ? 60 : 5000),
    spend(actor, resource, points) {
      const budget = limits.budget(actor, resource);
      if (budget.used + points > budget.limit) return false;
      budget.used += points;
      return true;
    },
    set(login, resource, remaining) {
      const budget = budgetOf(login, resource, 5000);
      budget.used = budget.limit - remaining;
    },
  };
  return limits;
}

export function rateLimitHeaders(resource: Resource, budget: Budget): Record<string, string> {
  return {
    "x-ratelimit-limit": String(budget.limit),
    "x-ratelimit-remaining": String(budget.limit - budget.used),
    "x-ratelimit-used": String(budget.used),
    "x-ratelimit-reset": String(budget.reset),
    "x-ratelimit-resource": resource,
  };
}
