import type { MeshStop } from "../inputs.ts";
import { holdBack, tell } from "./live-step.ts";
import { mergeKeptBack } from "./review.ts";
import { tryStart } from "./session-steps.ts";
import type { Step } from "./step.ts";

/** Everything stands still: nothing of the run begins, a live session stops after its step. Other holds stay as they are. */
export function meshStopped(step: Step, { by, at, reason }: MeshStop): string | null {
  const others = step.run.holds.filter((hold) => hold.kind !== "stopped");
  const again = others.length < step.run.holds.length;
  if (step.run.holds.some((hold) => hold.kind === "stopped" && hold.by === by && hold.since === at)) return "already-stopped";
  step.set({ holds: [{ kind: "stopped", by, since: at, reason }, ...others] });
  // Between the two words it was started, and nobody told: nothing has begun meanwhile.
  if (again) return null;
  step.event("hold-began", { kind: "stopped", by });
  holdBack(step, "the mesh was stopped");
  tell(step, { type: "stop", mode: "after-step", reason: "the mesh was stopped" });
  return null;
}

/** The run goes on from where it stood, unless something else holds it. */
export function meshStarted(step: Step): string | null {
  const holds = step.run.holds.filter((hold) => hold.kind !== "stopped");
  if (holds.length === step.run.holds.length) return "not-stopped";
  step.set({ holds });
  step.event("hold-ended", { kind: "stopped" });
  mergeKeptBack(step);
  tryStart(step);
  return null;
}
