import { dayMs, minuteMs, type Moment } from "../time.ts";

/** When people are left alone, each day: `HH:MM` at their place, which is `utcOffsetMinutes` east of Greenwich. */
export interface QuietHours {
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  readonly utcOffsetMinutes: number;
}

const minutesADay = dayMs / minuteMs;

/** The moment itself, or the end of the quiet hours it falls into. From a time to the same time is no quiet at all. */
export function outsideQuietHours(at: Moment, { quietFrom, quietTo, utcOffsetMinutes }: QuietHours): Moment {
  if (quietFrom === null || quietTo === null) return at;
  const [from, to] = [minuteOfDay(quietFrom), minuteOfDay(quietTo)];
  const local = at + utcOffsetMinutes * minuteMs;
  const minute = modulo(Math.floor(local / minuteMs), minutesADay);
  const sinceFrom = modulo(minute - from, minutesADay);
  const length = modulo(to - from, minutesADay);
  if (sinceFrom >= length) return at;
  return Math.floor(local / minuteMs) * minuteMs + (length - sinceFrom) * minuteMs - utcOffsetMinutes * minuteMs;
}

/** `HH:MM` as minutes since midnight. */
function minuteOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
