import type { ProjectView } from "../../core/project/views.ts";
import type { ApiResult } from "./api.ts";

/** The part of `GET /read-model` that says how far it has come. */
export interface Freshness {
  readonly asOf: number | null;
  readonly projects: readonly { readonly project: string; readonly seq: number; readonly updatedAt: number }[];
  readonly refusals: { readonly count: number };
}

export interface ReadModelNotice {
  /** Since when the history stands still; null when that is not known. */
  readonly since: number | null;
  readonly because: string;
}

/** Being a little behind is normal: a cursor that has moved within this time follows. */
const patienceMs = 60_000;
/** A cursor that is missing or has rested has nothing to show for itself; it counts as stuck when seen behind for this long. */
export const graceMs = 10_000;

/** Cursors seen behind, each with its number and the moment it was first seen so. */
export type Behind = ReadonlyMap<string, { readonly seq: number; readonly since: number }>;

/** Who is behind now; one that has moved on since it was last seen counts anew. */
export function behindNow(freshness: Freshness, live: readonly ProjectView[], before: Behind, now: number): Behind {
  const cursors = new Map(freshness.projects.map(({ project, seq }) => [project, seq]));
  return new Map(
    live.flatMap(({ key, seq: liveSeq }) => {
      const seq = cursors.get(key) ?? 0;
      const seen = before.get(key);
      return seq < liveSeq ? [[key, seen?.seq === seq ? seen : { seq, since: now }] as const] : [];
    }),
  );
}

/** Why the history is older than what is live, or undefined when it follows. `lastGood` = the last answer there was. */
export function readModelNotice(
  answer: ApiResult<Freshness>,
  lastGood: { readonly freshness: Freshness; readonly at: number } | undefined,
  live: readonly ProjectView[],
  behind: Behind,
  now: number,
): ReadModelNotice | undefined {
  if (!answer.ok) return { since: lastGood?.freshness.asOf ?? null, because: whyAway(answer.error.reason) };
  const stuck = live.flatMap(({ key, seq }) => {
    const seen = behind.get(key);
    if (!seen || now - seen.since < graceMs) return [];
    const moved = answer.value.projects.find(({ project }) => project === key)?.updatedAt ?? null;
    return moved !== null && now - moved <= patienceMs ? [] : [{ missing: seq - seen.seq, since: moved }];
  });
  if (stuck.length === 0) return undefined;
  const missing = stuck.reduce((sum, one) => sum + one.missing, 0);
  const since = stuck.reduce<number | null>(
    (earliest, one) => (one.since === null ? earliest : Math.min(earliest ?? one.since, one.since)),
    null,
  );
  return { since, because: `${missing} ${missing === 1 ? "event is" : "events are"} not in it yet` };
}

function whyAway(reason: string): string {
  if (reason === "read-model-unreachable") return "database unreachable";
  if (reason === "read-model-not-migrated") return "database not migrated (mesh db migrate)";
  return reason === "offline" ? "no connection" : "no answer";
}
