import { useSignal, type ReadonlySignal } from "@preact/signals";
import type { ApiFailure, ApiResult } from "./api.ts";

/** Something a person has the mesh do. */
export interface Command {
  readonly busy: ReadonlySignal<boolean>;
  /** Why it was refused the last time. */
  readonly failure: ReadonlySignal<ApiFailure | undefined>;
  /** Gives the command; answers what came, or undefined when it was refused. */
  readonly run: <T>(ask: () => Promise<ApiResult<T>>) => Promise<{ readonly value: T } | undefined>;
}

/** A command of its own for one form or button: one at a time, and its refusal is shown beside it. */
export function useCommand(): Command {
  const busy = useSignal(false);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  return {
    busy,
    failure,
    async run(ask) {
      if (busy.value) return undefined;
      busy.value = true;
      const answer = await ask();
      busy.value = false;
      failure.value = answer.ok ? undefined : answer.error;
      return answer.ok ? { value: answer.value } : undefined;
    },
  };
}
