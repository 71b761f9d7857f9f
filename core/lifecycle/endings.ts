import { columnOf } from "./columns.ts";
import { noteComment, notify } from "./notes.ts";
import { askMove } from "./phases.ts";
import type { EndedPhase } from "./state.ts";
import type { Step } from "./step.ts";
import { withdrawQuestions } from "./withdraw.ts";

/** Named in `endedBecause` when a person moved the card back to Todo: the project starts the next run. */
export const restartedByHuman = "restarted-by-human";

/** Ends the run: its session is stopped, its questions withdrawn, nothing of it goes on (invariant 1). */
function end(step: Step, phase: EndedPhase, because: string): void {
  const from = step.run.phase;
  withdrawQuestions(step, `the run has ended: ${phase}`);
  const { wait, session } = step.run;
  const tasks = new Set([session.task, "task" in wait ? wait.task : null]);
  for (const task of tasks) if (task !== null) step.cancelTask(task, because);
  step.set({
    phase,
    wait: { for: "nothing" },
    holds: [],
    timers: {},
    endedAt: step.at,
    endedBecause: because,
    phaseSince: step.at,
    phases: [...step.run.phases, { phase, at: step.at }],
    session: { ...session, task: null, step: null },
  });
  step.event("run-phase-changed", { from, to: phase, because });
  step.event("run-ended", { outcome: phase, because, usd: step.run.spend.usd });
}

/** The work is done: card to Done, a closing comment, the issue closed by us (merging skips nothing). */
export function accept(step: Step, because: string, byHuman = false): void {
  end(step, "accepted", because);
  if (byHuman) step.set({ column: { ...step.run.column, asked: "done", pending: null, settledAt: step.at } });
  else askMove(step, "done");
  noteComment(step, "closing", { note: "accepted", because });
  if (step.run.card.state === "open") step.effect("pull", { kind: "close-issue", issue: step.run.issue, reason: "completed" });
}

/** No way on: card to Blocked, the reason on the issue and on the phone. */
export function fail(step: Step, because: string): void {
  end(step, "failed", because);
  const role = columnOf("failed");
  if (role) askMove(step, role);
  noteComment(step, "failed", { note: "failed", because });
  notify(step, "ended", `${step.runId} failed`, because, 4);
}

/** A person took the issue back; the card stays where they put it. */
export function cancel(step: Step, because: string): void {
  end(step, "cancelled", because);
}
