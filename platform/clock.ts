import type { Moment } from "../core/time.ts";

let shiftMs = 0;

/** The present in epoch milliseconds. The one clock of the Worker's code; the core gets moments as data. */
export function now(): Moment {
  return Date.now() + shiftMs;
}

/** For tests: moves `now()` of this isolate, and back. Alarms keep real time. */
export const clock = {
  /** Adds to what was shifted before; may be negative. */
  shift(ms: number): void {
    shiftMs += ms;
  },
  reset(): void {
    shiftMs = 0;
  },
  /** What a due time is in real time: alarms are set in it. */
  real(at: Moment): number {
    return at - shiftMs;
  },
} as const;
