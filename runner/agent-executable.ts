import { chmodSync, copyFileSync, constants, existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { refused, ok, type Result } from "../core/result.ts";
import { canExecute, findOnPath, type Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";

/** The `claude` programs of this machine, the installed one before the one that comes with the SDK. */
export function claudeExecutables(configured: string | undefined): string[] {
  if (configured !== undefined) return [configured];
  const installed = findOnPath("claude");
  const found = installed === undefined ? [] : [realpathSync(installed)];
  const require = createRequire(import.meta.url);
  for (const variant of ["", "-musl"]) {
    try {
      found.push(
        join(
          dirname(require.resolve(`@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}${variant}/package.json`)),
          "claude",
        ),
      );
    } catch {
      continue; // not installed for this platform
    }
  }
  return found.filter((path) => existsSync(path));
}

/** Where in a work folder the copies of programs are that agents cannot reach otherwise. */
export function copiesIn(workFolder: string): string {
  return join(workFolder, "bin");
}

/** A program that a run's user can execute: one of the candidates, or a copy of the first in the work folder. */
export function usableExecutable(
  candidates: readonly string[],
  isolation: Isolation,
  probe: RunPlace,
  workFolder: string,
): Result<string, string> {
  const usable = candidates.find((path) => canExecute(isolation, probe, path));
  if (usable !== undefined) return ok(usable);
  const [first] = candidates;
  if (first === undefined)
    return refused("Claude Code was not found: install it (npm i -g @anthropic-ai/claude-code), or name it with --claude <path>");
  const copy = join(copiesIn(workFolder), "claude");
  mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
  if (!existsSync(copy) || lstatSync(copy).size !== lstatSync(realpathSync(first)).size)
    copyFileSync(first, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  return canExecute(isolation, probe, copy)
    ? ok(copy)
    : refused(`the agent's user can execute neither ${first} nor a copy of it in ${workFolder}`);
}
