import type { ProjectKey } from "../../core/ids.ts";
import type { DayBudget } from "../../core/mesh-spend.ts";
import type { PointsLeft } from "../../core/points-left.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { ProjectView, RunView } from "../../core/project/views.ts";
import { troublesOf } from "./agent-trouble.ts";

/** Whether the mesh works, as the operations tell it. */
export interface MeshState {
  readonly stopped: { readonly at: number; readonly by: string; readonly reason: string } | null;
  /** null without a cap for the whole mesh. */
  readonly day?: DayBudget | null;
}

/** What was spent, by project. */
export interface Usage {
  readonly total: { readonly usd: number };
  readonly byProject: readonly { readonly project: string; readonly usd: number }[];
}

const lately = 7 * 24 * 60 * 60_000;
const order = ["REVIEW", "QA", "IMPLEMENTATION", "PLANNING", "INTAKE"];

/** Runs by what they ask of whoever looks; each active run is in one of the first two. */
export interface RunsByNeed {
  /** A question waits for a person, or something a person has to do; the longest waiting first. */
  readonly waiting: readonly RunView[];
  /** Under way, the furthest first. */
  readonly running: readonly RunView[];
  /** Failed within the last seven days, the latest first; none whose issue has a later run. */
  readonly failed: readonly RunView[];
}

export function runsByNeed(projects: readonly ProjectView[], now: number): RunsByNeed {
  const runs = projects.flatMap((project) => project.runs);
  const latest = new Map<string, number>();
  for (const { key, run } of runs) latest.set(key, Math.max(run, latest.get(key) ?? 0));
  const active = runs.filter(({ endedAt }) => endedAt === null);
  return {
    waiting: active.filter(needsPerson).toSorted((one, other) => waitsSince(one) - waitsSince(other)),
    running: active
      .filter((run) => !needsPerson(run))
      .toSorted((one, other) => order.indexOf(one.phase) - order.indexOf(other.phase) || one.phaseSince - other.phaseSince),
    failed: runs
      .filter(({ phase, endedAt, key, run }) => phase === "FAILED" && endedAt !== null && now - endedAt < lately && latest.get(key) === run)
      .toSorted((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0)),
  };
}

/** Whether the run goes on only when a person does something: answers, merges, resumes, or mends what an outside service refused. */
export function needsPerson({ questions, awaiting, explain }: RunView): boolean {
  if (questions.some(({ status }) => status === "with-human")) return true;
  // Who merges is said by the sentence alone.
  return awaiting === "effect" || awaiting === "paused" || (awaiting === "merge" && explain.startsWith("Waits for a person"));
}

function waitsSince({ questions, phaseSince }: RunView): number {
  return Math.min(...questions.filter(({ status }) => status === "with-human").map(({ askedAt }) => askedAt), phaseSince + lately);
}

/** Agents that cannot do all they offer, the worst first, each with why. */
export function troubled(agents: readonly AgentView[]): readonly { readonly agent: AgentView; readonly why: string }[] {
  const rank = ["offline", "degraded", "online", "draining"];
  return agents
    .flatMap((agent) => {
      const [worst] = troublesOf(agent);
      return worst === undefined ? [] : [{ agent, why: worst.why }];
    })
    .toSorted((one, other) => rank.indexOf(one.agent.status) - rank.indexOf(other.agent.status));
}

/** One line of what today has cost, of what it may. */
export interface DayLine {
  readonly name: string;
  readonly usd: number;
  readonly capUsd: number | null;
}

/** Projects that spent something today or may spend only so much, by how near they are to that and then by what they spent. */
export function dayLines(
  projects: readonly Pick<ProjectView, "key" | "name">[],
  spent: readonly { readonly project: string; readonly usd: number }[],
  caps: ReadonlyMap<ProjectKey, number | null>,
): readonly DayLine[] {
  const usdOf = new Map(spent.map(({ project, usd }) => [project, usd]));
  const share = ({ usd, capUsd }: DayLine) => (capUsd === null ? 0 : capUsd === 0 ? 1 : usd / capUsd);
  return projects
    .map(({ key, name }): DayLine => ({ name: name ?? "work without a project", usd: usdOf.get(key) ?? 0, capUsd: caps.get(key) ?? null }))
    .filter(({ usd, capUsd }) => usd > 0 || capUsd !== null)
    .toSorted((one, other) => share(other) - share(one) || other.usd - one.usd);
}

/** In words, of the credential that has the fewest points left. */
export function renderPoints(items: readonly PointsLeft[]): { readonly text: string; readonly low: boolean } | undefined {
  const [fewest] = items;
  if (fewest === undefined) return undefined;
  const whose =
    items.length > 1 ? ` (${fewest.projects[0]}${fewest.projects.length > 1 ? ` and ${fewest.projects.length - 1} more` : ""})` : "";
  if ("detail" in fewest) return { text: `not told${whose}: ${fewest.detail}`, low: true };
  return {
    text: `${fewest.left.toLocaleString("en")} of ${fewest.limit.toLocaleString("en")}${whose}`,
    low: fewest.left < fewest.limit / 10,
  };
}

/** The beginning of the day in UTC: budgets count by it. */
export function dayBegin(now: number): number {
  return Math.floor(now / 86_400_000) * 86_400_000;
}
