import { spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { plainText } from "../core/sessions/recording.ts";
import { terminalSize } from "../core/sessions/terminal-size.ts";
import { findOnPath, type Isolation } from "./isolation.ts";
import { redactingWriter } from "./redact.ts";
import type { RunPlace } from "./run-place.ts";

const tailBytes = 16_000;
const keptBytes = 8 * 1024 * 1024;
const loggedBytes = 256 * 1024 * 1024;

export interface CommandRun {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** The first 8 MiB of stdout. */
  readonly output: string;
  /** The last 16,000 bytes of stdout and stderr together. */
  readonly tail: string;
}

export interface CommandOptions {
  readonly place: RunPlace;
  readonly isolation: Isolation;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Where all of the output goes, at most 256 MiB. */
  readonly logFile?: string;
  /** Values that the log file may not hold. */
  readonly secrets?: readonly string[];
  /**
   * Hears what it writes while it runs. It then runs in a terminal, where `script` of util-linux can make one; what is answered is free of what only a
   * terminal needs.
   */
  readonly show?: (text: string) => void;
}

/** Runs a command of a repository in its worktree, behind the wall, to its end or to the time limit; nothing of it is left running. Never rejects. */
export function runCommand(command: string, options: CommandOptions): Promise<CommandRun> {
  const { place, isolation, signal, show } = options;
  const terminal = show === undefined ? undefined : inTerminal(command);
  const wrapped = isolation.wrap(place, terminal?.command ?? "sh", terminal?.args ?? ["-c", command]);
  const file = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { mode: 0o600 });
  const whole = file && redactingWriter((data) => file.write(data), options.secrets ?? []);
  return new Promise((resolve) => {
    const child = spawn(wrapped.command, [...wrapped.args], {
      cwd: place.tree,
      env: { ...options.environment, CI: "1", ...terminal?.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (file !== undefined) atItsPace(file, [child.stdout, child.stderr]);
    let [output, tail, written, timedOut, done] = ["", Buffer.alloc(0), 0, false, false];
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL"); // the group is gone already
      }
      void isolation.endAll(place);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs);
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) kill();
    const texts = { out: new StringDecoder(), err: new StringDecoder() };
    const keep = (data: Buffer, from: "out" | "err" = "err") => {
      show?.(texts[from].write(data));
      tail = Buffer.concat([tail, data]).subarray(-tailBytes);
      written += data.length;
      if (written <= loggedBytes && file?.writable === true) whole?.write(data);
      if (file?.writableNeedDrain === true) for (const stream of [child.stdout, child.stderr]) stream.pause();
    };
    child.stdout.on("data", (data: Buffer) => {
      keep(data, "out");
      if (output.length < keptBytes) output += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => keep(data));
    const finish = (exitCode: number | null) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      whole?.end();
      file?.end();
      const plain = (text: string) => (terminal === undefined ? text : plainText(text));
      resolve({ exitCode: timedOut ? null : exitCode, timedOut, output: plain(output), tail: plain(tail.toString()) });
    };
    child.once("error", (error) => {
      keep(Buffer.from(`the command could not be started: ${error.message}\n`));
      finish(null);
    });
    // A background process that holds the pipes open does not hold up the result.
    child.once("exit", (code) => setTimeout(() => finish(code), 500));
    child.once("close", (code) => finish(code));
  });
}

/** A command that writes faster than the disk waits for it; what the disk does not take (it is full) is not logged, and nothing waits. */
function atItsPace(file: WriteStream, from: readonly Readable[]): void {
  const goOn = () => {
    for (const stream of from) stream.resume();
  };
  file.on("drain", goOn);
  file.on("error", goOn);
}

/** How a command is run in a terminal of the sessions' size: by `script`, so that no native module is needed; undefined where that is not util-linux's. */
function inTerminal(command: string): { command: string; args: string[]; env: Record<string, string> } | undefined {
  const script = process.platform === "linux" ? findOnPath("script") : undefined;
  if (script === undefined) return undefined;
  const { cols, rows } = terminalSize;
  const sized = `stty cols ${cols} rows ${rows} 2>/dev/null; ${command}`;
  // It runs the command by SHELL.
  const env = { SHELL: "/bin/sh", TERM: "xterm-256color", COLUMNS: String(cols), LINES: String(rows) };
  return { command: script, args: ["--quiet", "--return", "--flush", "--command", sized, "/dev/null"], env };
}
