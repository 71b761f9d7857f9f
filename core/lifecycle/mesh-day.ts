import { dayMs, type Moment } from "../time.ts";
import { isDaySpent, type DaySpend } from "./day-budget.ts";
import { holdBack, tell } from "./live-step.ts";
import type { Step } from "./step.ts";

/** What all projects have cost on one day, as far as this one was told, and what they may cost. */
export interface MeshDay extends DaySpend {
  readonly capUsd: number;
}

/** Whether the whole mesh may begin no more sessions at this moment. */
export function isMeshDaySpent(day: MeshDay | undefined, at: Moment): day is MeshDay {
  return day !== undefined && isDaySpent(day, at, day.capUsd);
}

/** Holds the run until the next day (UTC) when the mesh's day is spent. Only a higher cap lets it go on before: a retry does not. Whether it did. */
export function breakOnMeshDay(step: Step): boolean {
  const { meshDay } = step.context;
  if (!isMeshDaySpent(meshDay, step.at) || step.run.holds.some((hold) => hold.kind === "mesh-day")) return false;
  const hold = { kind: "mesh-day", until: (meshDay.day + 1) * dayMs, usd: meshDay.usd, capUsd: meshDay.capUsd } as const;
  holdBack(step, "the mesh's budget of the day is spent");
  step.set({ holds: [...step.run.holds, hold] });
  step.timer("mesh-day", hold.until);
  tell(step, { type: "stop", mode: "after-step", reason: "the mesh's budget of the day is spent" });
  step.event("hold-began", { ...hold });
  return true;
}

/** The day's spend or its cap has changed: the run is held, or held no longer. null when something of it has changed; else why not. */
export function weighMeshDay(step: Step): string | null {
  const { meshDay } = step.context;
  const held = step.run.holds.find((hold) => hold.kind === "mesh-day");
  if (isMeshDaySpent(meshDay, step.at)) {
    if (held === undefined) return breakOnMeshDay(step) ? null : "not-spent";
    const { usd, capUsd } = meshDay;
    if (held.usd === usd && held.capUsd === capUsd) return "already-held";
    step.set({ holds: step.run.holds.map((hold) => (hold === held ? { ...held, usd, capUsd } : hold)) });
    return null;
  }
  if (held === undefined) return "not-held";
  endMeshDay(step);
  return null;
}

/** The day is over, or the cap was raised. */
export function endMeshDay(step: Step): void {
  step.timer("mesh-day", null);
  step.set({ holds: step.run.holds.filter((hold) => hold.kind !== "mesh-day") });
  step.event("hold-ended", { kind: "mesh-day" });
}
