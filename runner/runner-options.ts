import type { AgentChoice } from "./agent-choice.ts";
import type { AgentLogin, DeviceCommand } from "./agent-login.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import type { Log } from "./log.ts";
import type { RunLimits } from "./run-limits.ts";
import type { SweepLimits } from "./sweep.ts";

/** What a runner is started with. */
export interface RunnerOptions {
  /** The Worker's origin. */
  readonly url: string;
  /** The agent id that the token names. */
  readonly id: string;
  readonly token: string;
  /** Sessions at a time. */
  readonly slots: number;
  /** Journal, clones and worktrees; one runner per folder. */
  readonly dir: string;
  /** How long, and how much, of what runs have left is kept here; 14 days, and as much as there is. */
  readonly sweep?: Partial<SweepLimits>;
  /** What the processes of one run may take of the machine; `runLimits` unless said. */
  readonly limits?: Partial<RunLimits>;
  /** Repositories (`owner/name`) taken even without isolation. */
  readonly trust?: readonly string[];
  /** Given to the agent and to test commands, e.g. `ANTHROPIC_API_KEY`. */
  readonly agentEnv?: Readonly<Record<string, string>>;
  /** How the agent is logged in; by default Claude Code's way, or with a `driver` none. */
  readonly login?: AgentLogin;
  /** A device flow in place of the agent's own. */
  readonly device?: DeviceCommand;
  /** Within it a login has to show its address and code, in each of three tries; 15 s. */
  readonly loginTimeLimitMs?: number;
  /** Which coding agent; Claude Code unless said. */
  readonly agent?: AgentChoice;
  /** Path of Claude Code; by default the installed one, else the one that comes with the SDK. */
  readonly claude?: string;
  /** Replaces Claude Code; for tests and other agents. */
  readonly driver?: AgentDriver;
  /** Allows file URLs as repositories; for tests. */
  readonly localRemotes?: boolean;
  /** Without contact for so long the agents are stopped; 10 min, which is less than the mesh waits until it gives their work to another. */
  readonly contactLimitMs?: number;
  /** Between two signs of life; 30 s. Three have to fit into the time after which the mesh counts the runner as offline. */
  readonly heartbeatMs?: number;
  readonly log?: Log;
}
