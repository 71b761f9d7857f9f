import type { JSX } from "preact";
import type { TaskView } from "../../core/project/views.ts";
import type { Listed } from "./api.ts";
import { FailedState } from "./failed-state.tsx";
import type { Answer } from "./use-answer.ts";

/** Says that it is not known how much agents have to do. */
export function LoadFailure({ answers }: { readonly answers: readonly Answer<Listed<TaskView>>[] }): JSX.Element | null {
  const failed = answers.filter(({ failure }) => failure.value !== undefined);
  const failure = failed[0]?.failure.value;
  if (!failure) return null;
  return (
    <FailedState
      what="tasks under way"
      failure={failure}
      old={failed.every(({ value }) => value.value !== undefined)}
      again={() => Promise.all(failed.map(({ again }) => again()))}
    />
  );
}
