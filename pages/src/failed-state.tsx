import type { JSX } from "preact";
import type { ApiFailure } from "./api.ts";

interface Props {
  /** What did not come: `projects`, `the task`. */
  readonly what: string;
  readonly failure: Pick<ApiFailure, "detail">;
  /** Something is shown from before. */
  readonly old?: boolean;
  /** Left out where another try would come to the same. */
  readonly again?: () => unknown;
}

/** Says what failed and why, whether what is shown is old, and offers another try. */
export function FailedState({ what, failure, old = false, again }: Props): JSX.Element {
  return (
    <p role="alert" class="notice bad">
      <strong>{`${what.charAt(0).toUpperCase()}${what.slice(1)} could not be loaded.`}</strong> {old && "What you see may be old. "}
      {failure.detail} {again && <button onClick={() => void again()}>Try again</button>}
    </p>
  );
}
