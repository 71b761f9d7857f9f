import type { JSX } from "preact";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import type { Answer } from "./use-answer.ts";

interface Props {
  readonly answer: Omit<Answer<unknown>, "show">;
  /** What is being loaded: `agents`, `the task`. */
  readonly what: string;
  /** Said instead when there is no such thing. */
  readonly unknown?: string;
  /** How many lines are expected: their room is kept. */
  readonly rows?: number;
}

/** Says that something is being loaded, that it failed and may be tried again, or that there is no such thing; else nothing. */
export function Standing({ answer, what, unknown, rows = 6 }: Props): JSX.Element | null {
  const failure = answer.failure.value;
  if (failure?.status === 404 && unknown !== undefined) return <p class="notice">{unknown}</p>;
  if (failure) return <FailedState what={what} failure={failure} old={answer.value.value !== undefined} again={answer.again} />;
  if (answer.value.value !== undefined) return null;
  return <LoadingState what={what} rows={rows} low />;
}
