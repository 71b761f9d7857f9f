import { addressWith } from "./place.ts";

/** Which events are shown; empty = all. */
export interface EventFilter {
  readonly project: string;
  /** Counts only with a project. */
  readonly issue: string;
  readonly type: string;
  /** Types left out, with commas between. */
  readonly without: string;
  readonly agent: string;
  readonly task: string;
  readonly trace: string;
  /** A key of `eventRanges`; empty where `since` and `until` say it. */
  readonly range: string;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
}

export const everyEvent: EventFilter = {
  ...{ project: "", issue: "", type: "", without: "", agent: "", task: "", trace: "", range: "", since: "", until: "" },
};

const minuteMs = 60_000;

/** How far back, by what the address says. */
export const eventRanges: Readonly<Record<string, { readonly word: string; readonly ms: number }>> = {
  "15m": { word: "15 minutes", ms: 15 * minuteMs },
  "1h": { word: "an hour", ms: 60 * minuteMs },
  "24h": { word: "24 hours", ms: 24 * 60 * minuteMs },
  "7d": { word: "7 days", ms: 7 * 24 * 60 * minuteMs },
};

/** What an address asks for; whatever the API would refuse is left out. */
export function parseEventFilter(query: URLSearchParams): EventFilter {
  const of = (name: keyof EventFilter, most = 300) => (query.get(name) ?? "").trim().slice(0, most);
  const project = of("project", 200);
  const issue = of("issue");
  const range = of("range");
  const isRange = Object.hasOwn(eventRanges, range);
  return {
    project,
    issue: project !== "" && /^[1-9]\d{0,8}$/.test(issue) ? issue : "",
    type: of("type", 100),
    without: of("without", 1_000),
    agent: of("agent", 100),
    task: of("task"),
    trace: of("trace"),
    range: isRange ? range : "",
    since: isRange ? "" : moment(of("since")),
    until: isRange ? "" : moment(of("until")),
  };
}

/** The page's address with these filters; `tail` off is said there, too. */
export function eventsAddress(filter: EventFilter, tail = true): string {
  return addressWith("/events", { ...filter, ...(tail ? {} : { tail: "off" }) });
}

/** What to ask the API for. A range counts back from `now`. */
export function eventQuery({ range, ...filter }: EventFilter, now: number): Record<string, string> {
  const back = eventRanges[range];
  const since = back ? String(now - back.ms) : filter.since;
  return Object.fromEntries(Object.entries({ ...filter, since }).filter(([, value]) => value !== ""));
}

/** What happened within a minute of a moment. */
export function around(at: number): Pick<EventFilter, "range" | "since" | "until"> {
  return { range: "", since: new Date(at - minuteMs).toISOString(), until: new Date(at + minuteMs).toISOString() };
}

function moment(text: string): string {
  const at = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(at) || Math.abs(at) > 8.64e15 ? "" : new Date(at).toISOString();
}
