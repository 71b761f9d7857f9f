import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { driverOf, programOf, readableOf } from "./agent-choice.ts";
import { claudeExecutables, copiesIn, usableExecutable } from "./agent-executable.ts";
import { claudeLogin, type AgentLogin } from "./agent-login.ts";
import { createClaudeDriver } from "./drivers/claude-driver.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import { canExecute, detectIsolation, type Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";
import type { RunnerOptions } from "./runner-options.ts";

/** Why a runner cannot start; the message says what to do. */
export class RunnerSetupError extends Error {
  override readonly name = "RunnerSetupError";
}

/** The folder for worktrees: the runner's own, or one that the agents' users can reach when that lies in someone's private folder. Throws `RunnerSetupError`. */
export function reachableFolder(dir: string, isolation: Isolation): string {
  if (isolation.kind !== "user" || canPass(dir, isolation)) return dir;
  const folder = folderForAll(dir);
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new RunnerSetupError(`${folder} does not belong to the runner alone: name another --dir`);
  if (!canPass(folder, isolation))
    throw new RunnerSetupError(`the users that agents run as cannot reach ${dir} nor ${folder}: name another --dir`);
  return folder;
}

function folderForAll(dir: string): string {
  return join("/var/tmp", `mesh-six-${createHash("sha256").update(dir).digest("hex").slice(0, 12)}`);
}

function canPass(folder: string, isolation: Isolation): boolean {
  return canExecute(isolation, probePlace(folder), folder);
}

function probePlace(folder: string): RunPlace {
  return { root: folder, tree: folder, home: folder, tmp: folder, uid: 1_700_000_000 };
}

/** In the runner's own folder: more variables for agents, kept by a person; see agent-env.ts. */
export const environmentFile = "agent.env";

/** What a runner hosts, and the wall that it is kept behind. */
export interface HostedAgent {
  readonly isolation: Isolation;
  /** Where worktrees are. */
  readonly workFolder: string;
  readonly driver: AgentDriver;
  /** Undefined: nothing is known of how this agent is logged in. */
  readonly login: AgentLogin | undefined;
}

/** Finds the wall that this machine offers, and the chosen agent behind it. Throws `RunnerSetupError`. */
export function hostedAgent(options: Pick<RunnerOptions, "agent" | "claude" | "driver" | "login" | "limits">, dir: string): HostedAgent {
  const choice = options.agent ?? { kind: "claude" };
  const candidates = options.driver === undefined && choice.kind === "claude" ? claudeExecutables(options.claude) : [];
  const copies = [dir, folderForAll(dir)].map(copiesIn);
  const readable = [...candidates, ...readableOf(choice), ...copies, dirname(dirname(process.execPath))];
  const isolation = detectIsolation({ stateFolder: dir, readable, ...(options.limits === undefined ? {} : { limits: options.limits }) });
  const workFolder = reachableFolder(dir, isolation);
  if (options.driver !== undefined) return { isolation, workFolder, driver: options.driver, login: options.login };
  if (choice.kind === "claude") {
    const executable = claudeExecutable(candidates, isolation, workFolder);
    const login = options.login ?? claudeLogin(executable, join(dir, environmentFile));
    return { isolation, workFolder, driver: createClaudeDriver(executable), login };
  }
  const driver = driverOf(choice, isolation, probePlace(workFolder));
  if (!driver.ok) throw new RunnerSetupError(driver.error);
  const { command } = choice;
  const acpLogin = { name: programOf(command) ?? command, acp: command, environmentFile: join(dir, environmentFile), device: null };
  return { isolation, workFolder, driver: driver.value, login: options.login ?? (choice.kind === "acp" ? acpLogin : undefined) };
}

/** The path of Claude Code that the agents' users can execute. Throws `RunnerSetupError`. */
function claudeExecutable(candidates: readonly string[], isolation: Isolation, workFolder: string): string {
  const executable = usableExecutable(candidates, isolation, probePlace(workFolder), workFolder);
  if (!executable.ok) throw new RunnerSetupError(executable.error);
  return executable.value;
}
