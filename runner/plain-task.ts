import type { Command, ReportBody } from "../core/protocol/frames.ts";
import type { Result } from "../core/result.ts";
import type { FailureKind } from "../core/task/state.ts";
import type { WorkFailure } from "./git/repository.ts";
import type { AttemptRef } from "./journal.ts";
import type { Step } from "./step.ts";

/** What a plain task does: its result, or why there is none. The signal tells it to end. */
export type PlainWork = (signal: AbortSignal) => Promise<Result<object, WorkFailure>>;

/**
 * Begins a plain task: one that has a deadline at the mesh and no session. Stopped, it fails for the machine's sake, so that the mesh gives it out
 * again; after a restart of the runner it begins anew.
 */
export function beginPlainTask({ taskId, attempt }: AttemptRef, report: (body: ReportBody) => void, work: PlainWork): Step {
  const abort = new AbortController();
  const ref = { taskId, attempt };
  let cut: WorkFailure | undefined;
  const end = (kind: FailureKind, message: string) => {
    cut ??= { kind, message };
    abort.abort();
  };
  const failed = ({ kind, message }: WorkFailure) => report({ ...ref, type: "task-failed", kind, message: message.slice(0, 4_000) });
  const ended = work(abort.signal).then(
    (outcome) => {
      if (cut !== undefined) failed(cut);
      else if (outcome.ok) report({ ...ref, type: "task-done", result: JSON.parse(JSON.stringify(outcome.value)) as never });
      else failed(outcome.error);
    },
    (error: unknown) => failed(cut ?? { kind: "infrastructure", message: error instanceof Error ? error.message : String(error) }),
  );
  return {
    ended,
    apply({ body }: Command) {
      if (body.type !== "stop") return false;
      end("infrastructure", body.reason);
      return true;
    },
    stop(mode, reason) {
      if (mode === "now") end("infrastructure", reason);
    },
    abandon: end,
  };
}
