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

/** `0.4 s`, `12 s`, `4 min`, `3 h 5 min`: how long something took. */
export function renderSpan(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `12:04` today, with the date otherwise; in the browser's zone. */
export function renderClock(at: number, nowMs: number): string {
  const moment = new Date(at);
  const time = moment.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return moment.toDateString() === new Date(nowMs).toDateString() ? time : `${moment.toLocaleDateString()} ${time}`;
}

/** `12:04:05` today, with the date otherwise: what happens follows each other in seconds. */
export function renderSecond(at: number, nowMs: number): string {
  const moment = new Date(at);
  const time = moment.toLocaleTimeString(undefined, { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
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
