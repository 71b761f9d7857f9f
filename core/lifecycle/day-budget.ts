import { dayMs, type Moment } from "../time.ts";
import { holdBack, tell } from "./live-step.ts";
import { notify } from "./notes.ts";
import type { Step } from "./step.ts";

/** Stored. What a project has cost on one day (since 1970, UTC), in US dollars. */
export interface DaySpend {
  readonly day: number;
  readonly usd: number;
}

export function dayOf(at: Moment): number {
  return Math.floor(at / dayMs);
}

/** With what was spent now; a new day begins with nothing. */
export function spentOn(before: DaySpend | undefined, at: Moment, usd: number): DaySpend {
  const day = dayOf(at);
  return { day, usd: (before?.day === day ? before.usd : 0) + usd };
}

/** Whether a day's cap is reached. */
export function isDaySpent(spend: DaySpend | undefined, at: Moment, perDayUsd: number | null): spend is DaySpend {
  return perDayUsd !== null && spend !== undefined && spend.day === dayOf(at) && spend.usd >= perDayUsd;
}

/** Holds the run until the next day (UTC) when the project's day is spent, unless a person let it go on. Whether it did. */
export function breakOnDay(step: Step): boolean {
  const { day } = step.context;
  const { holds, spend } = step.run;
  if (!isDaySpent(day, step.at, step.policy.budget.perDayUsd)) return false;
  if (spend.beyondDay === day.day || holds.some((hold) => hold.kind === "day")) return false;
  const until = (day.day + 1) * dayMs;
  holdBack(step, "the day's budget is spent");
  step.set({ holds: [...step.run.holds, { kind: "day", until, usd: day.usd }] });
  step.timer("day", until);
  tell(step, { type: "stop", mode: "after-step", reason: "the day's budget is spent" });
  step.event("hold-began", { kind: "day", until, usd: day.usd });
  const cap = `$${(step.policy.budget.perDayUsd ?? 0).toFixed(2)}`;
  // One for the project: the next run's replaces it.
  notify(
    step,
    "day",
    `${step.runId} waits for tomorrow`,
    `The project has spent $${day.usd.toFixed(2)} of ${cap} today. "retry" lets an issue go on at once.`,
  );
  return true;
}

/** The day is over, or a person lets the run go on. */
export function endDay(step: Step, by?: string): void {
  step.timer("day", null);
  step.set({ holds: step.run.holds.filter((hold) => hold.kind !== "day") });
  step.event("hold-ended", by === undefined ? { kind: "day" } : { kind: "day", by });
}
