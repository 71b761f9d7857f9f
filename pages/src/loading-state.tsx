import type { JSX } from "preact";

interface Props {
  /** What is being loaded: `projects`, `the task`. */
  readonly what: string;
  /** How many cards or, with `low`, lines are expected: their room is kept, so that nothing moves when they come. */
  readonly rows?: number;
  readonly low?: boolean;
}

/** Says that something is being loaded, and keeps its room. */
export function LoadingState({ what, rows = 1, low = false }: Props): JSX.Element {
  return (
    <div class="loading">
      <p class="quiet" role="status">
        Loading {what}…
      </p>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class={`row${low ? " low" : ""}`} aria-hidden="true" />
      ))}
    </div>
  );
}
