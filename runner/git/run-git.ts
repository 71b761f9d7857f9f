import { spawn } from "node:child_process";
import type { GitCredential } from "../mesh-api.ts";
import { refused, ok, type Result } from "../../core/result.ts";

export interface GitFailure {
  readonly code: number | null;
  /** The end of what git said, without the credential. */
  readonly message: string;
}

export interface GitOptions {
  readonly cwd: string;
  readonly credential?: GitCredential | undefined;
  /** Extra environment of this one process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** `file` only where both ends are on this machine. */
  readonly protocols?: string;
}

/**
 * Runs the runner's own git: no configuration of the machine or user, no hooks, no prompts. A credential is handed over in the environment of this
 * process alone; it is never in its arguments, on disk or in a configuration.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<Result<string, GitFailure>> {
  const { credential } = options;
  const helper = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$MESH_GIT_USERNAME" "$MESH_GIT_PASSWORD"; }; f';
  const config: (readonly [string, string])[] = [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["transfer.fsckObjects", "true"],
    ["credential.helper", ""],
    ...(credential === undefined ? [] : [["credential.helper", helper] as const]),
  ];
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: options.protocols ?? "https:http",
    GIT_HTTP_LOW_SPEED_LIMIT: "1",
    GIT_HTTP_LOW_SPEED_TIME: "60",
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
    ...(credential === undefined ? {} : { MESH_GIT_USERNAME: credential.username, MESH_GIT_PASSWORD: credential.password }),
    ...options.env,
  };
  return collect("git", args, { cwd: options.cwd, env, timeoutMs: options.timeoutMs ?? 600_000, hide: credential?.password });
}

/** Runs a program to its end and keeps at most 8 MiB of what it prints. Never throws. */
export function collect(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string>; readonly timeoutMs: number; readonly hide?: string | undefined },
): Promise<Result<string, GitFailure>> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const out: Buffer[] = [];
    let kept = 0;
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      if (kept < 8 * 1024 * 1024) out.push(data);
      kept += data.length;
    });
    child.stderr.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-4_000)));
    child.once("error", (error) => resolve(refused({ code: null, message: error.message })));
    child.once("close", (code) => {
      if (code === 0) return resolve(ok(Buffer.concat(out).toString()));
      const message = said.trim() || `${command} ${args[0] ?? ""} ended with ${code ?? "a signal"}`;
      resolve(refused({ code, message: options.hide === undefined ? message : message.replaceAll(options.hide, "***") }));
    });
  });
}
