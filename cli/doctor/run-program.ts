import { execFile } from "node:child_process";

export interface ProgramEnd {
  /** Null: it could not be started, or was ended after its time. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const limitMs = 20_000;

/** Runs a program to its end and never rejects; it gets this process' environment and no input. */
export function runProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { timeout: limitMs, env, encoding: "utf8", maxBuffer: 4_194_304 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

/** The first version number in a text, as numbers; undefined when there is none. */
export function versionIn(text: string): readonly [number, number, number] | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/** Whether a version is at least another one. */
export function isAtLeast(version: readonly [number, number, number], [major, minor]: readonly [number, number]): boolean {
  return version[0] > major || (version[0] === major && version[1] >= minor);
}
