import type { JSX } from "preact";

/** One outline per phase on a 16×16 grid, so that a phase is told apart without its colour. */
const shapes: Readonly<Record<string, string>> = {
  INTAKE: "M2 3h12l-4.5 6v5l-3-1.5V9z",
  PLANNING: "M8 1.5 14.5 8 8 14.5 1.5 8z",
  IMPLEMENTATION: "M2.5 2.5h11v11h-11z",
  QA: "M8 1.8 15 14H1z",
  REVIEW: "M4.9 1.5h6.2L15.5 8l-4.4 6.5H4.9L.5 8z",
  ACCEPTED: "M2 8.5 6.2 13 14 3.5",
  FAILED: "M3 3l10 10M13 3 3 13",
  CANCELLED: "M2.5 8h11",
};
const lines = new Set(["ACCEPTED", "FAILED", "CANCELLED"]);

interface Props {
  /** Upper case, as the API has it. */
  readonly phase: string;
  /** Another word for it; the phase's own when left out. */
  readonly word?: string;
}

/** Colour, shape and word of a phase, or of whatever stands as a phase does. */
export function PhaseBadge({ phase, word = phase.toLowerCase() }: Props): JSX.Element {
  return (
    <span class={`phase phase-${phase.toLowerCase()}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true" class={lines.has(phase) ? "line" : "area"}>
        <path d={shapes[phase] ?? "M8 2a6 6 0 1 0 .01 0z"} />
      </svg>
      {word}
    </span>
  );
}
