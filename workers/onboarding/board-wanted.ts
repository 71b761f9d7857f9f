import type { OnboardingRequest } from "../../core/onboarding/view.ts";
import { projectNamed } from "../registry.ts";

/** The board that was asked for, else the one the project is registered with: a project that has a board is not given another. */
export async function boardWanted(env: Env, { repository, board }: OnboardingRequest): Promise<OnboardingRequest["board"]> {
  if (board !== undefined) return board;
  const known = (await projectNamed(env, repository))?.board;
  return known ? { owner: known.owner, number: known.number } : undefined;
}
