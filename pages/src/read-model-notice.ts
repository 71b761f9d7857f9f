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

/** Being a little behind is normal; only this long without a step is worth a word. */
const patienceMs = 60_000;

/** Why the history is older than what is live, or undefined when it follows. `lastGood` = the last answer there was. */
export function readModelNotice(
  answer: ApiResult<Freshness>,
  lastGood: { readonly freshness: Freshness; readonly at: number } | undefined,
  live: readonly ProjectView[],
  now: number,
): ReadModelNotice | undefined {
  if (!answer.ok) return { since: lastGood?.freshness.asOf ?? null, because: whyAway(answer.error.reason) };
  const behind = live.flatMap(({ key, seq }) => {
    const cursor = answer.value.projects.find(({ project }) => project === key);
    const missing = seq - (cursor?.seq ?? 0);
    return missing > 0 ? [{ missing, since: cursor?.updatedAt ?? null }] : [];
  });
  const stuck = behind.filter(({ since }) => since === null || now - since > patienceMs);
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
