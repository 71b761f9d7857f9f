import type { JSX } from "preact";
import type { Answer } from "./use-answer.ts";

interface Props {
  readonly answer: Omit<Answer<unknown>, "show">;
  /** What is being loaded: `agents`, `the task`. */
  readonly what: string;
  /** Said instead when there is no such thing. */
  readonly unknown?: string;
}

/** Says that something is being loaded, that it failed and may be tried again, or that there is no such thing; else nothing. */
export function Standing({ answer, what, unknown }: Props): JSX.Element | null {
  const failure = answer.failure.value;
  if (failure?.status === 404 && unknown !== undefined) return <p class="notice">{unknown}</p>;
  if (failure) {
    return (
      <p role="alert" class="notice bad">
        {answer.value.value !== undefined && "What you see may be old. "}
        {failure.detail} <button onClick={() => void answer.again()}>Try again</button>
      </p>
    );
  }
  if (answer.value.value !== undefined) return null;
  return (
    <p class="quiet" role="status">
      Loading {what}…
    </p>
  );
}
