import type { LoginVendor } from "../core/onboarding/device-login.ts";
import type { LoginStatusResult } from "../core/protocol/runner-work.ts";
import { ok, refused, type Result } from "../core/result.ts";
import type { WorkFailure } from "./git/repository.ts";
import type { Isolation } from "./isolation.ts";
import { keyVariable, loginCommands } from "./drivers/acp-login.ts";
import { examineAcp } from "./drivers/examine-acp.ts";
import { runCommand } from "./run-command.ts";
import type { RunPlace } from "./run-place.ts";
import { quoted } from "./quoted.ts";

/** How a coding agent is asked whether it is logged in, and how a person logs it in. */
export type AgentLogin = ProgramLogin | AcpLogin;

/** An agent whose own program tells. */
export interface ProgramLogin {
  readonly name: string;
  /** The program and arguments that tell. */
  readonly status: readonly string[];
  /** Reads the answer; undefined when it is none of that program's. `code` is its exit code. */
  readonly read: (output: string, code: number) => Pick<LoginStatusResult, "loggedIn" | "method"> | undefined;
  /** What a person runs on this machine. */
  readonly command: string;
  /** Null: the agent has no device flow. */
  readonly device: DeviceCommand | null;
}

/** An agent of the Agent Client Protocol: it begins a conversation, or asks for a login and names the ways. */
export interface AcpLogin {
  readonly name: string;
  /** What is given to `sh -c`. */
  readonly acp: string;
  /** Where a person keeps variables for agents. */
  readonly environmentFile: string;
  readonly device: null;
}

/** The command of a device flow, and whose pages it leads to. */
export interface DeviceCommand {
  readonly vendor: LoginVendor;
  readonly command: readonly string[];
}

/**
 * Claude Code. Each run's agent has a user and a home of its own, so a login in a person's home is out of its reach, and copies of one would end
 * each other's (refresh tokens are used once): it takes a long-lived token from the agents' environment (`claude setup-token`).
 */
export function claudeLogin(executable: string, environmentFile: string): ProgramLogin {
  const keep = keepKey("CLAUDE_CODE_OAUTH_TOKEN", environmentFile);
  return {
    name: "claude",
    status: [executable, "auth", "status"],
    read(output) {
      const said = statusIn(output);
      if (typeof said?.["loggedIn"] !== "boolean") return undefined;
      const method = typeof said["authMethod"] === "string" && said["authMethod"] !== "none" ? said["authMethod"].slice(0, 100) : null;
      return { loggedIn: said["loggedIn"], method };
    },
    command: `claude setup-token && ${keep}`,
    device: null,
  };
}

/** Asks for a key without showing it, and keeps it for agents. */
function keepKey(variable: string, environmentFile: string): string {
  return `read -rsp 'Token: ' TOKEN && (umask 077; echo "${variable}=$TOKEN" >> ${quoted(environmentFile)})`;
}

/** Device flows by name. Codex ends a login that it has when it begins another (codex-rs/login/src/device_code_auth.rs). */
export const knownDevices: Readonly<Record<string, DeviceCommand>> = {
  codex: { vendor: "openai", command: ["codex", "login", "--device-auth"] },
};

/** Asks the agent's own program, as the agent and with the environment it will have; nothing of its answer but the method is told. */
export async function loginStatus(
  login: AgentLogin,
  place: RunPlace,
  isolation: Isolation,
  environment: Readonly<Record<string, string>>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Result<LoginStatusResult, WorkFailure>> {
  if ("acp" in login) return acpLoginStatus(login, place, isolation, environment, { timeoutMs, signal });
  isolation.prepare(place);
  const ran = await runCommand(login.status.map(quoted).join(" "), { place, isolation, environment, timeoutMs, signal });
  const status = ran.exitCode === null ? undefined : login.read(ran.output.trim() || ran.tail, ran.exitCode);
  if (status !== undefined) return ok({ ...status, command: login.command });
  const why = ran.exitCode === null ? "it did not end in time, or could not be started" : `exit code ${ran.exitCode}`;
  return refused({ kind: "configuration", message: `${login.name} does not tell whether it is logged in (${why}); update it` });
}

/** The key goes where agents find it; where the agent names no variable for one, its own command does it and the person looks after the rest. */
async function acpLoginStatus(
  { name, acp, environmentFile }: AcpLogin,
  place: RunPlace,
  isolation: Isolation,
  environment: Readonly<Record<string, string>>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Result<LoginStatusResult, WorkFailure>> {
  const examined = await examineAcp(acp, { place, isolation, environment, patienceMs: timeoutMs, signal });
  if (!examined.ok) {
    const { kind, message } = examined.error;
    return refused({ kind: kind === "infrastructure" ? kind : "configuration", message: `${name}: ${message}` });
  }
  const { agent, methods, needsLogin } = examined.value;
  const variable = keyVariable(methods);
  const [own] = loginCommands(acp, methods);
  const command = variable === undefined ? (own ?? acp) : keepKey(variable, environmentFile);
  return ok({ loggedIn: !needsLogin, method: needsLogin ? null : (agent ?? name).slice(0, 100), command: command.slice(0, 500) });
}

function statusIn(output: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(output);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
