import type { ProjectKey } from "./ids.ts";
import { dayOf, type DaySpend } from "./lifecycle/day-budget.ts";
import { dayMs, type Moment } from "./time.ts";

/** What one project has cost on a day until now: the whole of it, so that a repeat and an older one that comes late say nothing new. */
export interface SpendReport extends DaySpend {
  readonly project: ProjectKey;
  /** Which life of the project: one that was deleted and made again begins its day at nothing. */
  readonly life: number;
}

/** What the projects of the mesh have said of one day. Stored. Fields are only added, as optional. */
export interface MeshSpend {
  readonly day: number;
  /** US dollars by project and its life. */
  readonly usdOf: Readonly<Record<string, number>>;
  /** The cap that was reached, and by whose report: that project tells people, once for each cap. */
  readonly reached?: { readonly capUsd: number; readonly by: ProjectKey };
  /** The cap for which every project was told that it is reached. */
  readonly toldCapUsd?: number;
}

/** What a report makes of it. One of an earlier day comes too late to matter; of a later day, the sum begins anew. */
export function withReport(before: MeshSpend | null, report: SpendReport, capUsd: number | null): MeshSpend {
  const { day, project, life, usd } = report;
  if (before !== null && day < before.day) return before;
  const known: MeshSpend = before?.day === day ? before : { day, usdOf: {} };
  const of = `${project}#${life}`;
  const spend = usd > (known.usdOf[of] ?? 0) ? { ...known, usdOf: { ...known.usdOf, [of]: usd } } : known;
  if (capUsd === null || sumOf(spend) < capUsd || spend.reached?.capUsd === capUsd) return spend;
  return { ...spend, reached: { capUsd, by: project } };
}

/** US dollars, by whole micro-dollars: the order of the reports does not matter. */
export function sumOf({ usdOf }: MeshSpend): number {
  return Object.values(usdOf).reduce((sum, usd) => sum + Math.round(usd * 1e6), 0) / 1e6;
}

/** What all projects have cost today, of what they may. */
export interface DayBudget {
  readonly usd: number;
  readonly capUsd: number;
  readonly reached: boolean;
  /** The end of the day (UTC). */
  readonly until: Moment;
}

/** For people: null without a cap. */
export function dayBudget(spend: MeshSpend | null, at: Moment, capUsd: number | null): DayBudget | null {
  if (capUsd === null) return null;
  const usd = spend !== null && spend.day === dayOf(at) ? sumOf(spend) : 0;
  return { usd, capUsd, reached: usd >= capUsd, until: (dayOf(at) + 1) * dayMs };
}

/** The day's spend when the cap is reached at this moment; else null. */
export function reachedAt(spend: MeshSpend | null, at: Moment, capUsd: number | null): DaySpend | null {
  if (spend === null || capUsd === null || spend.day !== dayOf(at)) return null;
  const usd = sumOf(spend);
  return usd < capUsd ? null : { day: spend.day, usd };
}
