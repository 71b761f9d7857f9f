import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { usableExecutable } from "./agent-executable.ts";
import { canExecute, type Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";

/** Why a runner cannot start; the message says what to do. */
export class RunnerSetupError extends Error {
  override readonly name = "RunnerSetupError";
}

/** The folder for worktrees: the runner's own, or one that the agents' users can reach when that lies in someone's private folder. Throws `RunnerSetupError`. */
export function reachableFolder(dir: string, isolation: Isolation): string {
  if (isolation.kind !== "user" || canPass(dir, isolation)) return dir;
  const folder = join("/var/tmp", `mesh-six-${createHash("sha256").update(dir).digest("hex").slice(0, 12)}`);
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new RunnerSetupError(`${folder} does not belong to the runner alone: name another --dir`);
  if (!canPass(folder, isolation))
    throw new RunnerSetupError(`the users that agents run as cannot reach ${dir} nor ${folder}: name another --dir`);
  return folder;
}

function canPass(folder: string, isolation: Isolation): boolean {
  return canExecute(isolation, probePlace(folder), folder);
}

function probePlace(folder: string): RunPlace {
  return { root: folder, tree: folder, home: folder, tmp: folder, uid: 1_700_000_000 };
}

/** The path of Claude Code that the agents' users can execute. Throws `RunnerSetupError`. */
export function claudeExecutable(candidates: readonly string[], isolation: Isolation, workFolder: string): string {
  const executable = usableExecutable(candidates, isolation, probePlace(workFolder), workFolder);
  if (!executable.ok) throw new RunnerSetupError(executable.error);
  return executable.value;
}
