import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { once } from "node:events";

/** A program in a process group of its own, so that ending it ends everything it started. */
export interface OwnedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** SIGTERM to the group, SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a program by its path. Its output goes to `onLine`, line by line. */
export function own(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; onLine: (line: string) => void },
): OwnedProcess {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) options.onLine(line);
    });
  }
  const ended = once(child, "exit").then(([code, signal]) => (code as number | null) ?? String(signal));
  const pid = child.pid ?? -1;
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  return {
    pid,
    child,
    ended,
    async stop(graceMs = 5_000) {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
      // The leader may have gone before its children.
      signal("SIGKILL");
    },
  };
}

/** Pids below a process whose command contains `name`, from /proc; empty where there is no /proc. */
export function descendants(root: number, name: string): number[] {
  const parents = new Map<number, { parent: number; command: string }>();
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const command = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      parents.set(Number(entry), { parent, command });
    } catch {
      // The process has ended between the listing and the look at it.
      continue;
    }
  }
  const below = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined; at = parents.get(at.parent)) if (at.parent === root) return true;
    return false;
  };
  return [...parents].filter(([pid, { command }]) => command.includes(name) && below(pid)).map(([pid]) => pid);
}

/** The command line of a process, its arguments separated by spaces; empty when there is none such. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
