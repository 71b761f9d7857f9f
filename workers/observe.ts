import type { BranchReading, CardReading } from "../clients/github/github.ts";
import type { ProjectInput, PullRequestObservation } from "../core/inputs.ts";
import { now } from "../platform/clock.ts";
import { randomId } from "../platform/random-id.ts";

/** A reading of a card as an input; undefined when there is nothing of this project to tell. */
export function cardInput(reading: CardReading): ProjectInput | undefined {
  const input = { id: `seen.${randomId()}`, at: now() };
  if (reading.type === "card") return { ...input, type: "card-observed", card: reading.card };
  if (reading.type === "gone") return { ...input, type: "card-gone", issue: reading.issue, observedAt: reading.observedAt };
  return undefined;
}

export function pullInput(pull: PullRequestObservation | null): ProjectInput | undefined {
  return pull ? { id: `seen.${randomId()}`, at: now(), type: "pull-request-observed", pull } : undefined;
}

export function branchInput(reading: BranchReading | null): ProjectInput | undefined {
  return reading ? { id: `seen.${randomId()}`, at: now(), type: "branch-observed", ...reading } : undefined;
}
