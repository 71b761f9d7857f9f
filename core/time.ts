/** A moment in epoch milliseconds. Lengths of time are named `…Ms`. */
export type Moment = number;

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
