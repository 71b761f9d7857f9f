import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { parseAgentId, parseProjectName } from "../core/ids.ts";
import type { AgentId, ProjectName } from "../core/ids.ts";
import type { Moment } from "../core/time.ts";
import { unreadable, usage } from "./failure.ts";
import { parseMoment } from "./when.ts";

// What people write on the command line. Each throws what commander shows as a fault of that argument.

export function projectName(text: string): ProjectName {
  const name = parseProjectName(text);
  if (name === undefined) throw new InvalidArgumentError("It has the form owner/name.");
  return name;
}

export interface IssueArgument {
  readonly project: ProjectName;
  readonly issue: number;
  /** Of a run's own id, `owner/name#12.2`. */
  readonly run?: number;
}

/** `owner/name#12`, or a run's id `owner/name#12.2`. */
export function issueArgument(text: string): IssueArgument {
  const [, name, issue, run] = /^([^#\s]+)#([1-9]\d{0,9})(?:\.([1-9]\d{0,5}))?$/.exec(text) ?? [];
  const project = name === undefined ? undefined : parseProjectName(name);
  if (project === undefined) throw new InvalidArgumentError("It has the form owner/name#12.");
  return { project, issue: Number(issue), ...(run === undefined ? {} : { run: Number(run) }) };
}

export function agentId(text: string): AgentId {
  const id = parseAgentId(text);
  if (id === undefined) throw new InvalidArgumentError("1 to 64 characters of a-z 0-9 . _ -, the first a letter or digit.");
  return id;
}

/** `owner/3`, or the address of a board: `https://github.com/orgs/owner/projects/3`. */
export function boardArgument(text: string): { owner: string; number: number } {
  const [, owner, number] =
    /^([A-Za-z0-9-]{1,39})\/([1-9]\d{0,9})$/.exec(text) ??
    /^https?:\/\/[^/]+\/(?:orgs|users)\/([A-Za-z0-9-]{1,39})\/projects\/([1-9]\d{0,9})(?:\/.*)?$/.exec(text) ??
    [];
  if (owner === undefined) throw new InvalidArgumentError("It has the form owner/number, or is the board's address.");
  return { owner, number: Number(number) };
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
    return value;
  };
}

export function momentArgument(text: string): Moment {
  const at = parseMoment(text);
  if (at === undefined)
    throw new InvalidArgumentError("Like 90s, 15m, 2h, 3d (before now), 2026-11-23, 2026-11-23T09:30, or epoch milliseconds.");
  return at;
}

/** JSON as it stands, of a file (`@file`), or of the standard input (`-`). Throws `Failure` (usage). */
export function jsonArgument(text: string, what: string): unknown {
  const source = text === "-" ? "the standard input" : text.startsWith("@") ? text.slice(1) : what;
  let json: string;
  try {
    json = text === "-" ? readFileSync(0, "utf8") : text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text;
  } catch (error) {
    throw unreadable(source, error);
  }
  try {
    return JSON.parse(json);
  } catch (error) {
    throw usage(`${source} is not JSON: ${error instanceof Error ? error.message : ""}`);
  }
}

/**
 * Settings as a person writes them: `budget.perIssueUsd=2`, `merge=auto`, `filters.excludedLabels=["x"]`; a value that is not JSON is a text, and
 * nothing behind the `=` takes the setting away, so that the value below holds again. Throws `Failure` (usage).
 */
export function settingsOf(pairs: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [, path, text] = /^([A-Za-z]+(?:\.[A-Za-z]+)*)=(.*)$/s.exec(pair) ?? [];
    if (path === undefined || text === undefined)
      throw usage(`"${pair}" is not of the form setting=value, like budget.perIssueUsd=2.`, "mesh settings show   lists every setting");
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let section = settings;
    for (const key of keys) section = (section[key] = isSection(section[key]) ? section[key] : {}) as Record<string, unknown>;
    section[last] = text === "" ? null : valueOf(text);
  }
  return settings;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
