import { existsSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { dayMs, type Moment } from "../core/time.ts";
import type { RunPlace } from "./run-place.ts";

/** A run nobody worked on for this long loses its worktree and conversations on this machine; what was pushed stays. */
export const keepMs = 14 * dayMs;

/** Marks a run as worked on now. */
export function touch(place: RunPlace, now: Moment = Date.now()): void {
  if (existsSync(place.root)) utimesSync(place.root, now / 1_000, now / 1_000);
}

/** Removes the folders (and test logs) of runs that were not touched for `keepMs`, except those in `used`; says which. */
export function sweep(workFolder: string, used: ReadonlySet<string>, now: Moment = Date.now()): string[] {
  const worktrees = join(workFolder, "worktrees");
  if (!existsSync(worktrees)) return [];
  const old = readdirSync(worktrees)
    .flatMap((repository) => readdirSync(join(worktrees, repository)).map((run) => join(worktrees, repository, run)))
    .filter((path) => !used.has(path) && now - statSync(path).mtimeMs > keepMs);
  for (const path of old) rmSync(path, { recursive: true, force: true });
  return old;
}
