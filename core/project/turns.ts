import { takesTurn } from "../lifecycle/is-active.ts";
import { priorityOf } from "../lifecycle/step.ts";
import type { Run } from "../lifecycle/state.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

/** Gives waiting runs their turn while the project has room: highest priority first, then oldest. */
export function grantTurns(set: WorkingSet): void {
  const runs = [...set.runs()];
  const waiting = runs.filter(isWaiting).sort(inOrder);
  if (waiting.length === 0) return;
  let room = set.policy.maxActiveRuns - runs.filter(takesTurn).length;
  for (const run of waiting) {
    if (room <= 0) return;
    const reason = tellRun(set, run, { id: set.input.id, at: set.at, type: "turn-granted" });
    if (reason === null) room -= 1;
  }
}

function isWaiting(run: Run): boolean {
  return run.phase === "intake" && run.wait.for === "turn";
}

function inOrder(a: Run, b: Run): number {
  return priorityOf(b.card.labels) - priorityOf(a.card.labels) || a.startedAt - b.startedAt || a.issue - b.issue;
}
