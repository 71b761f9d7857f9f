import type { EventRow } from "./event-words.ts";

/** What tells an event from others and gives it its place. */
export interface Placed {
  readonly project: string;
  readonly seq: number;
  readonly at: number;
}

/** An event as `GET /events` lists it. */
export interface ListedEvent extends EventRow {
  readonly inputId: string;
}

export function eventKey({ project, seq }: Placed): string {
  return `${project}~${seq}`;
}

/** The API's order: the newest first, and of the same moment by project and number. */
export function newestFirst(one: Placed, other: Placed): number {
  return other.at - one.at || (one.project === other.project ? other.seq - one.seq : one.project < other.project ? 1 : -1);
}

/** Both in order, each event once. */
export function merged<T extends Placed>(shown: readonly T[], fresh: readonly T[]): readonly T[] {
  if (fresh.length === 0) return shown;
  return [...new Map([...shown, ...fresh].map((event) => [eventKey(event), event])).values()].toSorted(newestFirst);
}

/**
 * What of a page is not shown yet. Where the list goes on by a cursor, what belongs below its end comes with that and is not new.
 */
export function unseen<T extends Placed>(page: readonly T[], known: ReadonlySet<string>, end: Placed | undefined): readonly T[] {
  return page.filter((event) => !known.has(eventKey(event)) && (end === undefined || newestFirst(event, end) < 0));
}

/**
 * From when on to look for new events. Journals do not wait for each other, and an event comes to the read model a little after it
 * happened: what is newer than the newest shown is not all that is new.
 */
export function lookFrom(items: readonly Placed[], hasMore: boolean, settled: boolean, before: number): number {
  const newest = items[0]?.at ?? 0;
  const oldest = hasMore ? (items.at(-1)?.at ?? 0) : 0;
  return settled ? Math.max(before, oldest, newest - overlapMs) : Math.max(before, oldest);
}

const overlapMs = 60_000;
