/** What time a look at the cost is about, in the browser's zone. */
export interface CostRange {
  readonly since: number;
  readonly until: number;
  /** The time before it that it is compared with, and what that is called. */
  readonly before: { readonly since: number; readonly until: number; readonly words: string };
}

/** By what the address says. */
export const costRanges = { night: "last night", today: "today", "7d": "7 days", "30d": "30 days", month: "this month" } as const;

export type CostRangeName = keyof typeof costRanges;

const evening = 18;
const morning = 8;

/**
 * Last night is from 18:00 until 08:00 or now; 7 and 30 days are whole days with today. Each is compared with as much of the time
 * before: today until noon with yesterday until noon.
 */
export function costRange(name: CostRangeName, now: number): CostRange {
  switch (name) {
    case "night": {
      const [since, until] = [dayOf(now, -1, evening), Math.min(endOfHour(now), dayOf(now, 0, morning))];
      return { since, until, before: { ...shifted(since, until, 1), words: "the night before" } };
    }
    case "today":
      return compared(dayOf(now, 0), endOfHour(now), 1, "yesterday until this hour");
    case "7d":
      return compared(dayOf(now, -6), endOfHour(now), 7, "the 7 days before");
    case "30d":
      return compared(dayOf(now, -29), endOfHour(now), 30, "the 30 days before");
    case "month": {
      const today = new Date(now);
      const since = new Date(today.getFullYear(), today.getMonth(), 1).getTime();
      const earlier = new Date(today.getFullYear(), today.getMonth() - 1, 1).getTime();
      return {
        since,
        until: endOfHour(now),
        before: { since: earlier, until: Math.min(since, earlier + (endOfHour(now) - since)), words: "last month until this day" },
      };
    }
  }
}

/** From one moment to another, compared with as long a time before it. */
export function customRange(since: number, until: number): CostRange {
  return { since, until, before: { since: since - (until - since), until: since, words: "as long a time before" } };
}

/** One bar of the chart. */
export interface Bucket {
  readonly at: number;
  readonly label: string;
  /** For the axis. */
  readonly short: string;
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

type Spent = Omit<Bucket, "at" | "label" | "short">;

const hourMs = 3_600_000;
/** Up to this long, hours are shown. */
const hoursUpTo = 49 * hourMs;
const mostDays = 400;

export function showsHours({ since, until }: CostRange): boolean {
  return until - since <= hoursUpTo;
}

/** Every hour of the time, those without cost, too. */
export function hourBuckets({ since, until }: CostRange, hours: readonly (Spent & { readonly hour: number })[]): readonly Bucket[] {
  const spent = new Map(hours.map((row) => [row.hour, row]));
  const buckets: Bucket[] = [];
  for (let at = Math.floor(since / hourMs) * hourMs; at < until; at += hourMs) {
    const moment = new Date(at);
    const short = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    buckets.push({ at, label: `${dayName(at)} ${short}`, short, ...(spent.get(at) ?? nothing) });
  }
  return buckets;
}

/** Every day of the time in the browser's zone, those without cost, too. Of a longer time the latest 400. */
export function dayBuckets({ since, until }: CostRange, days: readonly (Spent & { readonly day: string })[]): readonly Bucket[] {
  const spent = new Map(days.map((row) => [row.day, row]));
  const buckets: Bucket[] = [];
  for (let back = 0; back < mostDays; back += 1) {
    const at = dayOf(until - 1, -back);
    if (at < dayOf(since, 0)) break;
    const label = dayName(at);
    buckets.push({ at, label, short: label.slice(5), ...(spent.get(label) ?? nothing) });
  }
  return buckets.toReversed();
}

/** `up 20 %`: against the time before; undefined where that cost nothing. */
export function changeWords(usd: number, before: number): string | undefined {
  if (before <= 0) return undefined;
  const percent = Math.round((usd / before - 1) * 100);
  if (percent === 0) return "the same";
  return percent > 999 ? `${Math.round(usd / before)} times as much` : `${percent > 0 ? "up" : "down"} ${Math.abs(percent)} %`;
}

const nothing: Spent = { usd: 0, inputTokens: 0, outputTokens: 0 };

function compared(since: number, until: number, days: number, words: string): CostRange {
  return { since, until, before: { ...shifted(since, until, days), words } };
}

/** As many days earlier by the calendar: a day may have 23 hours. */
function shifted(since: number, until: number, days: number): { since: number; until: number } {
  const back = (at: number) => {
    const moment = new Date(at);
    return moment.setDate(moment.getDate() - days);
  };
  return { since: back(since), until: back(until) };
}

/** Cost is counted by whole hours: the one under way counts. */
function endOfHour(at: number): number {
  return (Math.floor(at / hourMs) + 1) * hourMs;
}

/** The beginning of a day, or an hour of it. */
function dayOf(at: number, days: number, hour = 0): number {
  const moment = new Date(at);
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate() + days, hour).getTime();
}

function dayName(at: number): string {
  const moment = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}
