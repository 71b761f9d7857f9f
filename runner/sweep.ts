import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { dayMs, type Moment } from "../core/time.ts";
import type { Log } from "./log.ts";
import type { RunPlace } from "./run-place.ts";

/** How long a machine keeps what runs have left on it. */
export interface SweepLimits {
  /** A run nobody worked on for this long loses its worktree and conversations here; what was pushed stays. */
  readonly keepMs: number;
  /** All runs together; over it those nobody worked on for longest go. Null = as much as there is. */
  readonly mostBytes: number | null;
}

export const sweepDefaults: SweepLimits = { keepMs: 14 * dayMs, mostBytes: null };

/** Marks a run as worked on now. */
export function touch(place: RunPlace, now: Moment = Date.now()): void {
  if (existsSync(place.root)) utimesSync(place.root, now / 1_000, now / 1_000);
}

/** Removes the folders (and test logs) of runs that the limits do not keep, except those in `used`; says which. */
export async function sweep(
  workFolder: string,
  used: ReadonlySet<string>,
  { keepMs, mostBytes }: SweepLimits,
  now: Moment = Date.now(),
): Promise<string[]> {
  const runs = runFolders(workFolder);
  const gone = runs.filter(({ path, touchedAt }) => !used.has(path) && now - touchedAt > keepMs).map(({ path }) => path);
  for (const path of gone) remove(path);
  if (mostBytes === null) return gone;
  const left = runs.filter(({ path }) => !gone.includes(path)).toSorted((a, b) => a.touchedAt - b.touchedAt);
  const sized = await Promise.all(left.map(async ({ path }) => ({ path, bytes: await sizeOf(path) })));
  let bytes = sized.reduce((sum, run) => sum + run.bytes, 0);
  for (const run of sized) {
    if (bytes <= mostBytes) break;
    // It may have been taken up again meanwhile.
    if (used.has(run.path) || touchedSince(run.path, now)) continue;
    remove(run.path);
    gone.push(run.path);
    bytes -= run.bytes;
  }
  return gone;
}

/** Sweeps and logs what was removed. Never rejects. */
export async function sweepAndSay(
  { workFolder, log }: { readonly workFolder: string; readonly log: Log },
  used: ReadonlySet<string>,
  limits: Partial<SweepLimits> = {},
): Promise<void> {
  try {
    for (const path of await sweep(workFolder, used, { ...sweepDefaults, ...limits })) log("info", "old worktree removed", { path });
  } catch (error) {
    log("warn", "old worktrees were not looked for", { error: String(error) });
  }
}

function runFolders(workFolder: string): { path: string; touchedAt: Moment }[] {
  const worktrees = join(workFolder, "worktrees");
  if (!existsSync(worktrees)) return [];
  return readdirSync(worktrees)
    .flatMap((repository) => readdirSync(join(worktrees, repository)).map((run) => join(worktrees, repository, run)))
    .map((path) => ({ path, touchedAt: statSync(path).mtimeMs }));
}

function touchedSince(path: string, moment: Moment): boolean {
  return existsSync(path) && statSync(path).mtimeMs >= moment;
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

const run = promisify(execFile);

/** What a folder takes on the disk, as `du` counts it; 0 when it has gone meanwhile. Throws when `du` tells nothing: no limit would hold then. */
async function sizeOf(path: string): Promise<number> {
  // It counts what it can read, and then ends with a failure.
  const counted = await run("du", ["-sk", path]).catch((error: Error & { stdout?: string }) => ({ stdout: error.stdout ?? "", error }));
  const [kibibytes] = /^\d+/.exec(counted.stdout) ?? [];
  if (kibibytes === undefined && "error" in counted && existsSync(path)) throw counted.error;
  return Number(kibibytes ?? 0) * 1_024;
}
