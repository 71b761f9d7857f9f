import type { JSX } from "preact";
import { StateBadge } from "./state-badge.tsx";
import { lookOfPhase } from "./state-looks.ts";

/** Colour, shape and word of a phase, given in upper case as the API has it. */
export function PhaseBadge({ phase }: { readonly phase: string }): JSX.Element {
  return <StateBadge look={lookOfPhase(phase)} />;
}
