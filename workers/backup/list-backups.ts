import { dayMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { deleteObjects } from "../projects/delete-objects.ts";
import { backupsPrefix, bytesOf, isBackupName, readManifest } from "./manifest.ts";

export interface BackupView {
  readonly name: string;
  readonly at: number;
  readonly by: string;
  readonly projects: number;
  readonly agents: number;
  readonly objects: number;
  readonly bytes: number;
}

/** All whole backups, newest first. */
export async function listBackups(env: Env): Promise<BackupView[]> {
  const views = await Promise.all((await backupNames(env)).map((name) => viewBackup(env, name)));
  return views.flatMap((view) => view ?? []);
}

/** One with what it holds; undefined when it is not there, or not whole. */
export async function viewBackup(env: Env, name: string): Promise<BackupView | undefined> {
  const found = await readManifest(env, name);
  if (found === undefined) return undefined;
  const { at, by, projects, agents, parts } = found;
  return { name, at, by, projects, agents, objects: parts.length + 1, bytes: bytesOf(found) };
}

/** Names that have objects, whole or not, newest first. */
async function backupNames(env: Env): Promise<string[]> {
  const names: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await env.ARCHIVE.list({ prefix: backupsPrefix, delimiter: "/", ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.delimitedPrefixes.map((prefix) => prefix.slice(backupsPrefix.length, -1)));
    if (!page.truncated) return names.filter(isBackupName).toSorted().toReversed();
    cursor = page.cursor;
  }
}

/** What lies without a manifest for so long was broken off. */
const brokenOffAfterMs = dayMs;

/** Deletes backups older than `keepDays` and what was broken off; the newest whole one always stays. Answers the names. */
export async function pruneBackups(env: Env, keepDays: number, dryRun: boolean): Promise<string[]> {
  const at = now();
  const pruned: string[] = [];
  let newest: string | undefined;
  for (const name of await backupNames(env)) {
    const made = momentOf(name);
    const isWhole = (await readManifest(env, name)) !== undefined;
    if (isWhole) newest ??= name;
    const isOver = isWhole ? name !== newest && at - made > keepDays * dayMs : at - made > brokenOffAfterMs;
    if (isOver) pruned.push(name);
  }
  if (!dryRun) for (const name of pruned) await deleteObjects(env, [`${backupsPrefix}${name}/`]);
  return pruned;
}

function momentOf(name: string): number {
  const [date = "", time = ""] = name.slice(0, 19).split("T");
  return Date.parse(`${date}T${time.replaceAll("-", ":")}Z`);
}
