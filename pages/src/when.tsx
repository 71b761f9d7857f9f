import { signal } from "@preact/signals";
import type { JSX } from "preact";

/** The moment that relative times are shown against; moved on by `main`. */
export const now = signal(Date.now());

/** `just now`, `4 min`, `3 h`, `2 d`: how long ago, coarse on purpose. */
export function renderAgo(at: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

/** `12:04` today, with the date otherwise; in the browser's zone. */
export function renderClock(at: number, nowMs: number): string {
  const moment = new Date(at);
  const time = moment.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return moment.toDateString() === new Date(nowMs).toDateString() ? time : `${moment.toLocaleDateString()} ${time}`;
}

/** How long ago, with the exact time on hover and for screen readers. */
export function Ago({ at }: { readonly at: number }): JSX.Element {
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={moment.toLocaleString()}>
      {renderAgo(at, now.value)}
    </time>
  );
}
