import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { minuteMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import type { EventRow } from "../drizzle/queries/list-events.ts";
import { cleanLine } from "./clean-text.ts";
import { meshVerb, onMesh, type Mesh } from "./command.ts";
import { usage, Failure } from "./failure.ts";
import { exitCodes } from "./exit-codes.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { issueArgument, momentArgument, wholeNumber, type IssueArgument } from "./parse.ts";
import { exactClock, localDay } from "./when.ts";

interface Flags extends PageFlags {
  readonly project?: string;
  readonly issue?: IssueArgument;
  readonly task?: string;
  readonly agent?: string;
  readonly type?: string;
  readonly trace?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly follow?: true;
  readonly every: number;
}

/** An event comes to the read model a little after it happened, and journals do not wait for each other. */
const overlapMs = minuteMs;

/** `mesh events`: what has happened, and what happens. */
export function addEvents(program: Command): void {
  withPages(meshVerb(program, "events", "the event log, newest first; --follow goes on with what happens"))
    .option("--project <project>", "owner/name, or a project's key; mesh for what belongs to none")
    .option("--issue <issue>", "owner/name#12", issueArgument)
    .option("--task <id>", "of one task")
    .option("--agent <id>", "of one agent")
    .option("--type <type>", "run-phase-changed, question-asked, …")
    .option("--trace <trace>", "what belongs together: a run (12.1), a task")
    .option("--since <moment>", "15m, 2h, 2026-11-23, 2026-11-23T09:30, …", momentArgument)
    .option("--until <moment>", "likewise, exclusive", momentArgument)
    .option("--follow", "oldest first, and then each as it happens; with --json one line each")
    .option("--every <seconds>", "how often to look, with --follow", wholeNumber(1, 3_600), 1)
    .action(
      onMesh(async (mesh, flags: Flags) => {
        if (flags.follow) return follow(mesh, flags);
        const page = await pages((query) => mesh.api.events({ ...filterOf(flags), ...query }), flags);
        const whereText = await placesOf(mesh, flags);
        const { colours } = mesh.out;
        showPage(
          mesh.out,
          page,
          [
            { head: "time", of: ({ at }) => timeText(at), paint: colours.dim },
            { head: "where", of: whereText },
            { head: "event", of: ({ type }) => type, paint: (text, { type }) => typeColour(type, colours)(text) },
            { head: "what", of: whatText, least: 16 },
          ],
          "No such event.",
        );
      }),
    );
}

function filterOf({ project, issue, task, agent, type, trace, since, until }: Flags): Record<string, string | number | undefined> {
  if (project && issue) throw usage("--issue names its project already.");
  return { project: project ?? issue?.project, issue: issue?.issue, task, agent, type, trace, since, until };
}

/** Asks again and again, each time a little way back; what was shown is not shown again. An outage is told once and waited out. */
async function follow({ api, out }: Mesh, flags: Flags): Promise<void> {
  if (flags.until !== undefined || flags.cursor !== undefined) throw usage("--follow has no end: leave --until and --cursor out.");
  const shown = new Map<string, Moment>();
  const whereText = await placesOf({ api, out }, flags);
  let from = flags.since ?? Date.now();
  let away = false;
  for (;;) {
    try {
      for (const event of await eventsFrom(api, { ...filterOf(flags), since: from }, shown)) {
        shown.set(keyOf(event), event.at);
        if (out.json) out.line(JSON.stringify(event));
        else out.line(logLine(event, whereText(event), out.colours));
      }
      if (away) out.note("mesh: back again.");
      away = false;
      from = Math.max(from, Math.max(0, ...shown.values()) - overlapMs);
      for (const [key, at] of shown) if (at < from) shown.delete(key);
    } catch (error) {
      if (!(error instanceof Failure) || error.parts.exitCode !== exitCodes.unreachable) throw error;
      if (!away) out.note(`mesh: ${error.message} It is tried again.`);
      away = true;
    }
    await delay(flags.every * secondMs);
  }
}

/** What is new, oldest first. Pages are read until one holds nothing new. */
async function eventsFrom(
  api: Mesh["api"],
  filter: Record<string, string | number | undefined>,
  shown: ReadonlyMap<string, Moment>,
): Promise<EventRow[]> {
  const fresh: EventRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.events({ ...filter, limit: 200, cursor });
    fresh.push(...page.items.filter((event) => !shown.has(keyOf(event))));
    cursor = page.cursor === null ? undefined : String(page.cursor);
  } while (cursor !== undefined);
  return fresh.toSorted((one, other) => one.at - other.at || one.seq - other.seq);
}

function keyOf({ project, seq }: EventRow): string {
  return `${project}~${seq}`;
}

function logLine(event: EventRow, where: string, colours: Mesh["out"]["colours"]): string {
  const what = whatText(event);
  return [colours.dim(exactClock(event.at)), cleanLine(where), typeColour(event.type, colours)(event.type), cleanLine(what)]
    .filter((part) => part !== "")
    .join("  ");
}

function timeText(at: Moment): string {
  return localDay(at) === localDay(Date.now()) ? exactClock(at) : `${localDay(at).slice(5)} ${exactClock(at).slice(0, 8)}`;
}

/** How the place of an event is written: with its project's name, unless only one was asked for; programs get it as it is. */
async function placesOf({ api, out }: Mesh, { project, issue }: Flags): Promise<(event: EventRow) => string> {
  const isOne = project !== undefined || issue !== undefined;
  const names =
    isOne || out.json
      ? new Map<string, string>()
      : new Map((await api.projects()).items.map(({ key, name }) => [String(key), String(name)]));
  return ({ project: key, issue: number, run, task, trace }) =>
    number === null ? (task ?? trace) : `${names.get(key) ?? ""}#${number}${run === null ? "" : `.${run}`}`;
}

/** The event's own words; whole views and empty ones are for `--json`. */
function whatText({ agent, data }: EventRow): string {
  const parts = Object.entries(data).flatMap(([name, value]) => {
    if (typeof value === "number") return [`${name}=${Number(value.toFixed(4))}`];
    return typeof value === "boolean" || (typeof value === "string" && value !== "") ? [`${name}=${shortened(String(value))}`] : [];
  });
  return [...(agent ? [agent] : []), ...parts].join(" ");
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function typeColour(type: string, colours: Mesh["out"]["colours"]): (text: string) => string {
  if (/failed|refused|lost/.test(type)) return colours.red;
  if (/question|hold|paused/.test(type)) return colours.yellow;
  return /accepted|done|merged|ended|applied/.test(type) ? colours.green : colours.cyan;
}
