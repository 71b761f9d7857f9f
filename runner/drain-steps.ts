import { setTimeout as pause } from "node:timers/promises";
import type { Step } from "./step.ts";

/** How long steps may take to end when the runner leaves: to a stopping point, and after that at all. */
export interface DrainLimits {
  readonly withinMs: number;
  readonly leaveMs: number;
}

/** Stops all steps, gently and then at once; resolves with what came of it, for people. */
export async function drainSteps(steps: ReadonlyMap<string, Step>, reason: string, { withinMs, leaveMs }: DrainLimits): Promise<string> {
  const stop = (mode: "after-step" | "now") => {
    for (const step of steps.values()) step.stop(mode, reason);
  };
  stop("after-step");
  const patience = setTimeout(() => stop("now"), withinMs);
  await Promise.race([allEnded(steps), pause(withinMs + leaveMs, undefined, { ref: false })]);
  clearTimeout(patience);
  const left = [...steps.keys()].join(", ");
  return left === "" ? "every session was stopped and reported" : `left for the next start, since they would not end: ${left}`;
}

export async function allEnded(steps: ReadonlyMap<string, Step>): Promise<void> {
  await Promise.all([...steps.values()].map(({ ended }) => ended));
}
