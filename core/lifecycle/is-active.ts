import type { Question, Run } from "./state.ts";

/** False once the run is accepted, failed or cancelled: it emits nothing more. */
export function isActive(run: Run): boolean {
  return run.phase !== "accepted" && run.phase !== "failed" && run.phase !== "cancelled";
}

/** Counts against `maxActiveRuns`: has had its turn and is not parked for a person, a pause or a provider's limit. */
export function takesTurn(run: Run): boolean {
  return isActive(run) && run.wait.for !== "turn" && !isParked(run);
}

/** Waits for something outside the mesh with no session running. */
export function isParked(run: Run): boolean {
  return run.session.task === null && run.holds.some((hold) => hold.kind !== "effect");
}

export function isOpen(question: Question): boolean {
  return question.status === "with-architect" || question.status === "with-human";
}
