import { columnOf } from "./columns.ts";
import type { ColumnRole, Phase, Run } from "./state.ts";
import type { Step } from "./step.ts";
import { withdrawQuestions } from "./withdraw.ts";

/** Asks for the card to stand in a column; `again` although it was the last thing asked. */
export function askMove(step: Step, role: ColumnRole, again = false): void {
  const { column } = step.run;
  if (column.asked === role && !again) return;
  const effect = step.effect("board", {
    kind: "move-card",
    itemId: step.run.card.itemId,
    column: role,
    columnName: step.policy.columns[role],
    from: [...new Set([step.policy.columns[column.asked], step.run.card.column])],
  });
  step.set({ column: { ...column, asked: role, pending: effect } });
}

/** Brings the card to where the phase wants it, when nothing forbids it. */
export function alignCard(step: Step, again = false): void {
  const role = columnOf(step.run.phase);
  if (role !== null && !isPaused(step.run)) askMove(step, role, again);
}

export function isPaused(run: Run): boolean {
  return run.holds.some((hold) => hold.kind === "paused");
}

/** By a person's word nothing of the run begins, be it this run alone or the whole mesh. */
export function isHalted(run: Run): boolean {
  return run.holds.some((hold) => hold.kind === "paused" || hold.kind === "stopped");
}

/** Enters a phase: open questions of the session are withdrawn, the no-progress spend starts anew, the card follows. */
export function enter(step: Step, phase: Phase, because: string): void {
  const from = step.run.phase;
  if (from !== phase) leavePhase(step, "the card has left the phase");
  step.set({
    phase,
    phaseSince: step.at,
    phases: [...step.run.phases, { phase, at: step.at }],
    emptyEnds: 0,
    spend: { ...step.run.spend, atPhaseChange: step.run.spend.usd },
  });
  step.event("run-phase-changed", { from, to: phase, because });
  alignCard(step);
}

/** What was asked in a phase, and effects that were given up in it, hold nothing after it. Only the budget's question stays. */
export function leavePhase(step: Step, because: string): void {
  withdrawQuestions(step, because, (question) => question.purpose !== "budget");
  const { holds, column } = step.run;
  const givenUp = holds.some((hold) => hold.kind === "effect" && hold.effect === column.pending);
  step.set({ holds: holds.filter((hold) => hold.kind !== "effect"), ...(givenUp ? { column: { ...column, pending: null } } : {}) });
}

/** Rework cycles the run may spend in each of planning, qa and review. */
export function retryBudget(step: Step): number {
  return step.run.budgetLabel ?? step.policy.retryBudget;
}

/** Spends a cycle and keeps the failure; false when none is left, and then nothing is spent. */
export function spendCycle(step: Step, counter: "planning" | "qa" | "review", reason: string): boolean {
  const { cycles } = step.run;
  step.set({ failures: [...step.run.failures, { phase: step.run.phase, reason: reason.slice(0, 4_000), at: step.at }].slice(-50) });
  if (cycles[counter] >= retryBudget(step)) return false;
  step.set({ cycles: { ...cycles, [counter]: cycles[counter] + 1 } });
  step.event("cycle-spent", { counter, spent: cycles[counter] + 1, of: retryBudget(step), reason: reason.slice(0, 500) });
  return true;
}
