import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { ok, refused, type Result } from "../core/result.ts";
import { createAcpDriver } from "./drivers/acp-driver.ts";
import { createCommandDriver } from "./drivers/command-driver.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import { agentEnvironment, findOnPath, type Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";

/** Which coding agent a runner hosts: Claude Code, an agent of the Agent Client Protocol, or a plain program. */
export type AgentChoice = { readonly kind: "claude" } | { readonly kind: "acp" | "command"; readonly command: string };

/** `claude`, `acp:<command>` or `command:<command>`. */
export function parseAgent(text: string): Result<AgentChoice, string> {
  if (text === "claude") return ok({ kind: "claude" });
  const [, kind, command = ""] = /^(acp|command):([^]*)$/.exec(text) ?? [];
  if (kind === undefined) return refused(`--agent ${text} is not known; known: claude, acp:<command>, command:<command>`);
  if (command.trim() === "") return refused(`--agent ${text}: a command has to follow, as in --agent "acp:gemini --acp"`);
  return ok({ kind: kind as "acp" | "command", command: command.trim() });
}

/** The program that a command line starts: its first word that sets no variable. Undefined when that is for the shell to find out. */
export function programOf(command: string): string | undefined {
  const words = command.split(/\s+/).filter((word) => !/^[A-Za-z_]\w*=/.test(word));
  const [first] = words;
  return first === undefined || /["'`$\\;&|<>(){}*?[\]~]/.test(first) ? undefined : first;
}

/** Files outside the system's folders that the agent's user needs to read, so that the wall lets it: the program, and what it lies among. */
export function readableOf(choice: AgentChoice): string[] {
  if (choice.kind === "claude") return [];
  const named = choice.command.split(/\s+/).filter((word) => isAbsolute(word) && existsSync(word));
  const program = programOf(choice.command);
  const found = program === undefined || isAbsolute(program) ? undefined : findOnPath(program);
  const paths = found === undefined ? named : [found, ...named];
  return [...new Set(paths.flatMap((path) => [dirname(path), packageOf(realpathSync(path))]))];
}

/** Of a file in an installed package the folder with everything that it needs. */
function packageOf(path: string): string {
  const at = path.lastIndexOf("/node_modules/");
  return at < 0 ? dirname(path) : path.slice(0, at + "/node_modules".length);
}

/** The driver of a choice, when the user that agents run as can start its program; else why not, and what to do. */
export function driverOf(
  choice: Exclude<AgentChoice, { kind: "claude" }>,
  isolation: Isolation,
  probe: RunPlace,
): Result<AgentDriver, string> {
  const { kind, command } = choice;
  const program = programOf(command);
  if (program !== undefined) {
    const { command: shell, args } = isolation.wrap(probe, "sh", ["-c", 'command -v -- "$1" >/dev/null', "sh", program]);
    const found = spawnSync(shell, [...args], { stdio: "ignore", cwd: "/", env: agentEnvironment(probe, {}) }).status === 0;
    if (!found) return refused(missing(choice, program));
  }
  return ok(kind === "acp" ? createAcpDriver({ command }) : createCommandDriver(command));
}

function missing({ kind, command }: Exclude<AgentChoice, { kind: "claude" }>, program: string): string {
  const isHere = program.includes("/") ? existsSync(program) : findOnPath(program) !== undefined;
  const what = `--agent "${kind}:${command}"`;
  return isHere
    ? `${what}: the user that agents run as cannot execute ${program}; install it for everyone (in /usr/local, say)`
    : `${what}: ${program} was not found on this machine; install it, or give its whole path`;
}
