import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok, refused, type Result } from "../core/result.ts";

/**
 * Takes a folder for this process, or says who has it; answers how to let it go. A lock of a process that is gone does not count. Of two that begin at
 * the same moment one has it.
 */
export function lockFolder(folder: string): Result<() => void, string> {
  const path = join(folder, "runner.pid");
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${process.pid} ${startOf(process.pid)}`, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 5; tries += 1) {
      if (linked(own, path)) return ok(() => rmSync(path, { force: true }));
      const holder = holderOf(path);
      if (holder !== undefined)
        return refused(`a runner (process ${holder}) already works in ${folder}; give each runner a --dir of its own`);
      setAside(path, `${own}.old`);
    }
    return refused(`${path} is taken again and again by others; give each runner a --dir of its own`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Makes `path` another name of `file`; false when there is one. */
function linked(file: string, path: string): boolean {
  try {
    linkSync(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The running process that has a lock; undefined when it is gone, or there is no lock. */
function holderOf(path: string): number | undefined {
  const [pid = "", startedAt = ""] = existsSync(path) ? readFileSync(path, "utf8").split(" ") : [];
  const holder = Number(pid);
  const holds = holder > 0 && holder !== process.pid && isRunning(holder) && (startedAt === "" || startedAt === startOf(holder));
  return holds ? holder : undefined;
}

/** Takes a lock of a gone process away; puts it back when another process has made its own meanwhile. */
function setAside(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return; // taken away by another
  }
  if (holderOf(aside) !== undefined) linked(aside, path);
  rmSync(aside, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in ticks since boot (proc(5), `stat` field 22), so that a reused number is not taken for it; empty where that is unknown. */
function startOf(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return "";
  return readFileSync(path, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
}
