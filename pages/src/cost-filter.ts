import { costRange, costRanges, customRange, type CostRange, type CostRangeName } from "./cost-range.ts";
import { addressWith } from "./place.ts";

/** What of the cost is shown; empty = all. */
export interface CostFilter {
  readonly range: CostRangeName | "";
  /** ISO 8601, both, where no range says it. */
  readonly since: string;
  readonly until: string;
  readonly project: string;
  /** Counts only with a project. */
  readonly issue: string;
  /** `-`: what the mesh itself asked of models. */
  readonly agent: string;
  readonly phase: string;
}

export const usualRange: CostRangeName = "7d";

export const everyCost: CostFilter = { range: usualRange, since: "", until: "", project: "", issue: "", agent: "", phase: "" };

/** What an address asks for; whatever the API would refuse is left out. */
export function parseCostFilter(query: URLSearchParams): CostFilter {
  const of = (name: keyof CostFilter, most: number) => (query.get(name) ?? "").trim().slice(0, most);
  const project = of("project", 200);
  const issue = of("issue", 9);
  const [since, until] = [moment(of("since", 40)), moment(of("until", 40))];
  const range = of("range", 10);
  const isCustom = since !== "" && until !== "" && since < until;
  return {
    range: isCustom ? "" : Object.hasOwn(costRanges, range) ? (range as CostRangeName) : usualRange,
    since: isCustom ? since : "",
    until: isCustom ? until : "",
    project,
    issue: project !== "" && /^[1-9]\d*$/.test(issue) ? issue : "",
    agent: of("agent", 100),
    phase: of("phase", 40).toUpperCase(),
  };
}

export function costAddress(filter: CostFilter): string {
  return addressWith("/cost", { ...filter, range: filter.range === usualRange ? "" : filter.range });
}

export function rangeOf({ range, since, until }: CostFilter, now: number): CostRange {
  return range === "" ? customRange(Date.parse(since), Date.parse(until)) : costRange(range, now);
}

/** What to ask of `GET /usage`. */
export function usageQuery(
  { project, issue, agent, phase }: CostFilter,
  { since, until }: { readonly since: number; readonly until: number },
  zone: string,
): string {
  const query = new URLSearchParams({ since: String(since), until: String(until), zone });
  for (const [name, value] of Object.entries({ project, issue, phase })) if (value !== "") query.set(name, value);
  if (agent !== "") query.set("agent", agent === "-" ? "" : agent);
  return `/usage?${query.toString()}`;
}

function moment(text: string): string {
  const at = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(at) || at < 0 || at > 8.64e15 ? "" : new Date(at).toISOString();
}
