import { dayMs, hourMs, minuteMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";

const two = (n: number): string => String(n).padStart(2, "0");

/** `2026-11-26 23:52 (3 min ago)`, in this machine's time zone. */
export function when(at: Moment, now: Moment = Date.now()): string {
  return `${localDay(at)} ${clock(at)} (${relative(at, now)})`;
}

/** The same for a column: the day only when it is another one than today. */
export function shortWhen(at: Moment, now: Moment = Date.now()): string {
  const day = localDay(at);
  return `${day === localDay(now) ? "" : `${day.slice(5)} `}${clock(at)} (${relative(at, now)})`;
}

/** `3 min ago`, `in 2 h`. */
export function relative(at: Moment, now: Moment = Date.now()): string {
  const away = Math.abs(at - now);
  if (away < secondMs) return "now";
  return at > now ? `in ${length(away)}` : `${length(away)} ago`;
}

/** A length of time in its largest fitting unit: `45 s`, `3 min`, `2 h`, `5 d`. */
export function length(ms: number): string {
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} s`;
  if (ms < 2 * hourMs) return `${Math.floor(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)} h`;
  return `${Math.floor(ms / dayMs)} d`;
}

/** `23:52:07.123`, for a log. */
export function exactClock(at: Moment): string {
  const date = new Date(at);
  return `${clock(at)}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function localDay(at: Moment): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clock(at: Moment): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A moment as a person writes it: `90s`, `15m`, `2h`, `3d` (before now), ISO 8601, or epoch milliseconds; undefined when it is none. */
export function parseMoment(text: string, now: Moment = Date.now()): Moment | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * { s: secondMs, m: minuteMs, h: hourMs, d: dayMs }[unit as "s" | "m" | "h" | "d"];
  if (/^\d{12,15}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  // A date without a time is this machine's day, not London's.
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  return Number.isNaN(at) ? undefined : at;
}
