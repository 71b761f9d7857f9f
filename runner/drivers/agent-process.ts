import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Isolation } from "../isolation.ts";
import type { RunPlace } from "../run-place.ts";

/** An agent's process behind the wall, in its worktree, with a process group of its own. */
export interface AgentProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** The last 2,000 characters of it. */
  readonly stderr: string;
  /** Resolves when it is over; never rejects. `problem`: it could not be started. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null; readonly problem?: string }>;
  signal(signal: NodeJS.Signals): void;
  /** Gives it some time to end by itself, then kills everything of it; resolves when nothing is left. */
  end(withinMs: number): Promise<void>;
}

export function startAgentProcess(
  command: string,
  args: readonly string[],
  { place, isolation, environment }: { place: RunPlace; isolation: Isolation; environment: Readonly<Record<string, string>> },
): AgentProcess {
  const wrapped = isolation.wrap(place, command, args);
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(wrapped.command, [...wrapped.args], {
    cwd: place.tree,
    env: { ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr = (stderr + data.toString()).slice(-2_000)));
  // It may end before it has read everything; that is told by its exit.
  child.stdin.on("error", () => undefined);
  const exited: AgentProcess["exited"] = new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, problem: error.message }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const signalAll = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      return; // nothing of the group is left
    }
  };
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    get stderr() {
      return stderr.trim();
    },
    exited,
    signal: signalAll,
    async end(withinMs) {
      await Promise.race([exited, pause(withinMs, undefined, { ref: false })]);
      signalAll("SIGKILL");
      await exited;
      await isolation.endAll(place);
    },
  };
}
