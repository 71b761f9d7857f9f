import type { CandidateCapability, History } from "./state.ts";

/** How much each older result weighs less than the one after it. */
const decay = 0.95;
/** How many results must all be successes for the boost. */
const recentCount = 3;
/** How many results of an agent for one capability are kept. */
export const historyKept = 20;

/** Σ 0.95ⁱ·okᵢ ⁄ Σ 0.95ⁱ over the results, newest first; 1 without any. */
export function successRate(history: History): number {
  let [weight, sum, total] = [1, 0, 0];
  for (const succeeded of history.slice(0, historyKept)) {
    if (succeeded) sum += weight;
    total += weight;
    weight *= decay;
  }
  return total === 0 ? 1 : sum / total;
}

/** 1.1 when the last three results are all successes, else 1. */
export function recentBoost(history: History): number {
  return history.length >= recentCount && history.slice(0, recentCount).every(Boolean) ? 1.1 : 1;
}

/**
 * How well an agent suits a task of this capability: `weight × health × success × recent × preferred`, from 0 to 1.155. 0 is not a
 * candidate.
 */
export function score(capability: CandidateCapability): number {
  const health = capability.healthy ? 1 : 0;
  const preferred = capability.preferred ? 1.05 : 1;
  return capability.weight * health * successRate(capability.history) * recentBoost(capability.history) * preferred;
}
