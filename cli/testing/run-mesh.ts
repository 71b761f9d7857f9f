import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const node = join(root, "node_modules/.bin/node");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Beside PATH, a fresh HOME and UTC; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Given the process, to signal it or to wait for its words. */
  readonly during?: (child: ChildProcess, said: () => string) => void;
  readonly cwd?: string;
}

/** A home folder of its own, so that no test sees what this machine's user has stored. */
export function freshHome(): string {
  const home = mkdtempSync(join(tmpdir(), "mesh-cli-home-"));
  homes.push(home);
  return home;
}
const homes: string[] = [];
process.on("exit", () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** Runs the real command as a process and gives what it said. Nothing of this process' own environment passes but PATH. */
export function runMesh(args: readonly string[], { env = {}, input, during, cwd }: RunOptions = {}): Promise<Ran> {
  const child = spawn(node, [join(root, "cli/mesh.ts"), ...args], {
    cwd: cwd ?? root,
    env: { PATH: process.env["PATH"], HOME: env["HOME"] ?? freshHome(), TZ: "UTC", ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  if (input !== undefined) child.stdin?.end(input);
  during?.(child, () => stdout + stderr);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Resolves when the command has said this. */
export async function until(said: () => string, text: string, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!said().includes(text)) {
    if (Date.now() > end) throw new Error(`never said "${text}", but:\n${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same text whenever it is made, and as wide: times of day are replaced. */
export function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "YYYY-MM-DD HH:MM").replaceAll(/\b\d\d:\d\d(?= \()/g, "HH:MM");
}

/** A time zone in which it is between noon and one: some hours ago is the same day. */
export function noon(): { TZ: string } {
  const east = 12 - new Date().getUTCHours();
  // In these names the sign is that of POSIX, which counts west.
  return { TZ: east === 0 ? "Etc/GMT" : `Etc/GMT${east > 0 ? "-" : "+"}${Math.abs(east)}` };
}
