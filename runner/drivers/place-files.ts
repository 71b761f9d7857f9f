import { spawn } from "node:child_process";
import type { Isolation } from "../isolation.ts";
import type { RunPlace } from "../run-place.ts";

const mostBytes = 16 * 1024 * 1024;

interface Where {
  readonly place: RunPlace;
  readonly isolation: Isolation;
}

/** Lines of a file as the run's own user would read it; `line` from 1. Rejects with the words of `cat`. */
export async function readFileAs(where: Where, path: string, line?: number | null, limit?: number | null): Promise<{ content: string }> {
  const whole = await runAs(where, 'cat -- "$1"', path, "");
  if (!line && !limit) return { content: whole };
  const from = Math.max(0, (line ?? 1) - 1);
  return {
    content: whole
      .split("\n")
      .slice(from, limit ? from + limit : undefined)
      .join("\n"),
  };
}

/** Writes as the run's own user, so that links lead nowhere that it may not go. */
export async function writeFileAs(where: Where, path: string, content: string): Promise<Record<string, never>> {
  await runAs(where, 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1"', path, content);
  return {};
}

function runAs({ place, isolation }: Where, script: string, path: string, input: string): Promise<string> {
  const { command, args } = isolation.wrap(place, "sh", ["-c", script, "sh", path]);
  const child = spawn(command, [...args], {
    cwd: place.tree,
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const parts: Buffer[] = [];
  let bytes = 0;
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    bytes += data.length;
    if (bytes > mostBytes) child.kill("SIGKILL");
    else parts.push(data);
  });
  child.stderr.on("data", (data: Buffer) => (stderr = (stderr + data.toString()).slice(-500)));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(Buffer.concat(parts).toString());
      else reject(new Error(bytes > mostBytes ? "the file has more than 16 MiB" : stderr.trim() || `exit code ${code}`));
    });
  });
}
