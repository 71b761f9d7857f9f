import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { dayMs, secondMs } from "../core/time.ts";
import { parseAgent } from "./agent-choice.ts";
import { knownDevices, type DeviceCommand } from "./agent-login.ts";
import { RunnerSetupError } from "./runner-setup.ts";
import { runLimits } from "./run-limits.ts";
import { runnerVersion } from "./registration.ts";
import { defaultHeartbeatMs } from "./mesh-link.ts";
import { defaultContactLimitMs, startRunner } from "./runner.ts";

function collect(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

function parseSlots(text: string): number {
  const slots = Number(text);
  if (!Number.isInteger(slots) || slots < 1 || slots > 1_000) throw new InvalidArgumentError("a whole number from 1 to 1000");
  return slots;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 32 || count > 1_000_000) throw new InvalidArgumentError("a whole number from 32 to 1000000");
  return count;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!(limit > 0 && limit <= 100_000)) throw new InvalidArgumentError("a number above 0");
  return limit;
}

/** `KEY=VALUE`, or `KEY` for the value in the runner's own environment, which keeps it out of the process list. */
function parseEnvironment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const name = at < 0 ? pair : pair.slice(0, at);
      const value = at < 0 ? process.env[name] : pair.slice(at + 1);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value === undefined)
        throw new RunnerSetupError(`--agent-env ${name}: give KEY=VALUE, or a KEY that is set`);
      return [name, value] as const;
    }),
  );
}

function parseDevice(text: string): DeviceCommand {
  const known = knownDevices[text];
  if (known !== undefined) return known;
  const [, vendor, words = ""] = /^(claude|openai|github)=(.+)$/s.exec(text) ?? [];
  const command = words.split(" ").filter((word) => word !== "");
  if (vendor === undefined || command.length === 0)
    throw new InvalidArgumentError(`${Object.keys(knownDevices).join(", ")}, or vendor=command, the vendor being claude, openai or github`);
  return { vendor: vendor as DeviceCommand["vendor"], command };
}

/** Milliseconds of the environment's `CLAUDE_AUTH_TIMEOUT_MS`. */
function loginTimeLimit(): { loginTimeLimitMs?: number } {
  const text = process.env["CLAUDE_AUTH_TIMEOUT_MS"] ?? "";
  if (text === "") return {};
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 100 || limit > 600_000)
    throw new RunnerSetupError("CLAUDE_AUTH_TIMEOUT_MS: milliseconds, from 100 to 600000");
  return { loginTimeLimitMs: limit };
}

const program = new Command("mesh-runner")
  .description("Hosts coding agents of a mesh on this machine.")
  .version(runnerVersion)
  .requiredOption("--url <url>", "address of the mesh")
  .requiredOption("--id <id>", "the agent id that the token was made for")
  .option("--token-file <file>", "file with the agent token (or set MESH_AGENT_TOKEN)")
  .option("--slots <n>", "sessions at a time", parseSlots, 1)
  .option("--dir <folder>", "journal, clones and worktrees", join(homedir(), ".mesh-six", "runner"))
  .option("--keep-days <n>", "worktrees of runs nobody worked on for so long are removed", parseLimit, 14)
  .option("--disk-gb <n>", "worktrees together; over it the oldest unused ones are removed", parseLimit)
  .option("--contact-limit <seconds>", "without contact for so long the agents are stopped", parseLimit, defaultContactLimitMs / secondMs)
  .option("--heartbeat <seconds>", "between two signs of life", parseLimit, defaultHeartbeatMs / secondMs)
  .option("--agent-processes <n>", "processes and threads of one run at a time", parseCount, runLimits.processes)
  .option("--agent-open-files <n>", "open files of each of its processes", parseCount, runLimits.openFiles)
  .option("--agent-file-gb <n>", "the largest file that it may write", parseLimit, runLimits.fileBytes / 1024 ** 3)
  .option("--agent <agent>", 'which coding agent: claude, "acp:<command>" (Agent Client Protocol), or "command:<command>"', "claude")
  .option("--claude <path>", "path of Claude Code")
  .option("--trust <owner/name>", "take this repository even without isolation (repeatable)", collect, [])
  .option(
    "--device-login <flow>",
    "device flow that a person may begin from the mesh: codex, or vendor=command (vendors: claude, openai, github)",
    parseDevice,
  )
  .option("--agent-env <KEY=VALUE>", "environment of the agent; KEY alone takes the runner's value (repeatable)", collect, []);

interface Flags {
  url: string;
  id: string;
  tokenFile?: string;
  slots: number;
  dir: string;
  keepDays: number;
  diskGb?: number;
  contactLimit: number;
  heartbeat: number;
  agentProcesses: number;
  agentOpenFiles: number;
  agentFileGb: number;
  agent: string;
  claude?: string;
  trust: string[];
  agentEnv: string[];
  deviceLogin?: DeviceCommand;
}

try {
  const flags = program.parse().opts<Flags>();
  const agent = parseAgent(flags.agent);
  if (!agent.ok) throw new RunnerSetupError(agent.error);
  const token = (flags.tokenFile === undefined ? process.env["MESH_AGENT_TOKEN"] : readFileSync(flags.tokenFile, "utf8"))?.trim();
  if (token === undefined || token === "") throw new RunnerSetupError("no agent token: set MESH_AGENT_TOKEN or give --token-file");
  const agentEnv = parseEnvironment(flags.agentEnv);
  const { url, id, slots, dir, trust, claude, deviceLogin: device } = flags;
  const runner = await startRunner({
    ...{ url, id, token, slots, dir, trust, agentEnv, agent: agent.value },
    ...(claude === undefined ? {} : { claude }),
    ...(device === undefined ? {} : { device }),
    ...loginTimeLimit(),
    contactLimitMs: flags.contactLimit * secondMs,
    heartbeatMs: flags.heartbeat * secondMs,
    limits: {
      processes: flags.agentProcesses,
      openFiles: flags.agentOpenFiles,
      fileBytes: Math.max(1, Math.round(flags.agentFileGb * 1024 ** 3)),
    },
    sweep: { keepMs: flags.keepDays * dayMs, mostBytes: flags.diskGb === undefined ? null : flags.diskGb * 1024 ** 3 },
  });
  let signals = 0;
  const onSignal = () => void runner.drain(signals++ === 0 ? undefined : 0);
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  const end = await runner.ended;
  if (end.exitCode !== 0) console.error(`mesh-runner: ${end.message}`);
  process.exit(end.exitCode);
} catch (error) {
  if (!(error instanceof RunnerSetupError) && !(error instanceof Error && "code" in error)) throw error;
  console.error(`mesh-runner: ${error.message}`);
  process.exit(78);
}
