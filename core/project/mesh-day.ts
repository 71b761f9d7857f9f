import type { EffectId } from "../ids.ts";
import type { Applied, InputOf } from "../inputs.ts";
import { dayOf, type DaySpend } from "../lifecycle/day-budget.ts";
import type { Configuration } from "./lookup.ts";
import { meshCapUsd } from "./mesh-cap.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

/** A project with a session at work holds back less than this share of the cap before it reports. */
const reportShare = 0.01;

/** The mesh's day is spent. A repeat, and one that is older than what was told before, change nothing. */
export function hearMeshDay(set: WorkingSet, { spend, announce }: InputOf<"mesh-day-spent">): Applied {
  const { configuration, policy } = set;
  if (configuration === null) return { status: "ignored", reason: "not-configured" };
  const before = configuration.meshSpent;
  const isNews = before === undefined || spend.day > before.day || (spend.day === before.day && spend.usd > before.usd);
  const toAnnounce = announce && isToAnnounce(configuration, spend.day);
  if (!isNews && !toAnnounce) return { status: "ignored", reason: "unchanged" };
  if (isNews) {
    set.configure({ ...configuration, meshSpent: spend }, policy);
    weighRuns(set);
  }
  if (toAnnounce) announceDay(set, spend);
  return { status: "applied" };
}

/** People are told once of a day and a cap, however much more the sessions at work spend after that. */
function isToAnnounce(configuration: Configuration, day: number): boolean {
  const { announced } = configuration;
  return meshCapUsd(configuration) !== null && !(announced?.day === day && announced.capUsd === meshCapUsd(configuration));
}

/** Holds the runs, or lets them go on, as day and cap now say. */
export function weighRuns(set: WorkingSet): void {
  for (const run of [...set.runs()]) tellRun(set, run, { id: set.input.id, at: set.at, type: "mesh-day-weighed" });
}

function announceDay(set: WorkingSet, { day, usd }: DaySpend): void {
  const { configuration, policy } = set;
  const capUsd = configuration && meshCapUsd(configuration);
  if (configuration === null || capUsd === null) return;
  set.configure({ ...configuration, announced: { day, capUsd } }, policy);
  set.addEffect({
    id: `${set.lookup.key}.mesh-day-${day}-${Math.round(capUsd * 100)}` as EffectId,
    orderKey: "mesh-day",
    issue: null,
    run: null,
    kind: "notify",
    sequenceId: `mesh-day-${day}`,
    title: "The mesh waits for tomorrow",
    message: `All projects have spent $${usd.toFixed(2)} of $${capUsd.toFixed(2)} today (UTC). To go on at once, raise budget.meshPerDayUsd in the mesh-wide settings.`,
    priority: 4,
    tags: ["money_with_wings"],
    click: null,
  });
}

/**
 * While the mesh has a cap, says what the project has cost today: the whole of it, one report at a time, when a session's step has ended or a
 * hundredth of the cap has come together. What is spent while one is under way goes with the next.
 */
export function reportSpend(set: WorkingSet): void {
  const { configuration, policy } = set;
  const day = dayOf(set.at);
  if (configuration?.daySpend?.day !== day) return;
  const { daySpend, reported } = configuration;
  const capUsd = meshCapUsd(configuration);
  if (capUsd === null) return;
  const open = daySpend.usd - (reported?.day === day ? reported.usd : 0);
  if (open <= 0 || (reported !== undefined && set.effect(idOf(set, reported)) !== undefined)) return;
  if (open < capUsd * reportShare && [...set.runs()].some((run) => run.session.task !== null)) return;
  set.configure({ ...configuration, reported: daySpend }, policy);
  set.addEffect({
    id: idOf(set, daySpend),
    orderKey: "mesh-day-report",
    issue: null,
    run: null,
    kind: "report-spend",
    ...daySpend,
    life: configuration.formerRuns ?? 0,
  });
}

function idOf(set: WorkingSet, { day, usd }: DaySpend): EffectId {
  return `${set.lookup.key}.spend-${day}-${Math.round(usd * 1e6)}` as EffectId;
}
