import type { AgentId } from "../ids.ts";
import { recentBoost, score, successRate } from "./score.ts";
import type { Candidate } from "./state.ts";

/** Why an agent got an attempt: the factors of its score as they were, and how many others offered the capability, and how many of those with a higher score. */
export interface WhyChosen {
  readonly weight: number;
  readonly success: number;
  readonly recent: number;
  readonly preferred: number;
  /** How many of its results `success` stands on. */
  readonly results: number;
  readonly others: number;
  /** These had no room, were not in contact, or had failed or declined the task before. */
  readonly better: number;
}

export function whyChosen(agent: AgentId, capability: string, candidates: readonly Candidate[]): WhyChosen | undefined {
  const offers = candidates.flatMap((each) =>
    each.capabilities.filter(({ name }) => name === capability).map((offer) => ({ agent: each.agent, offer })),
  );
  const own = offers.find((each) => each.agent === agent)?.offer;
  if (own === undefined) return undefined;
  const points = score(own);
  return {
    weight: own.weight,
    success: Math.round(successRate(own.history) * 1_000) / 1_000,
    recent: recentBoost(own.history),
    preferred: own.preferred ? 1.05 : 1,
    results: own.history.length,
    others: offers.length - 1,
    better: offers.filter(({ offer }) => score(offer) > points).length,
  };
}

/** The same for people, in a line. */
export function renderWhy({ weight, success, recent, preferred, results, others, better }: WhyChosen): string {
  const factors = [`weight ${weight}`, results === 0 ? "no results yet" : `success ${success} over ${results}`];
  if (recent > 1) factors.push(`recent ${recent}`);
  if (preferred > 1) factors.push(`preferred ${preferred}`);
  factors.push(others === 0 ? "the only one" : better === 0 ? `best of ${others + 1}` : `${better} better not free`);
  return factors.join(", ");
}
