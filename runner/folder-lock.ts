import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok, refused, type Result } from "../core/result.ts";

/** Takes a folder for this process, or says who has it; answers how to let it go. A lock of a process that is gone does not count. */
export function lockFolder(folder: string): Result<() => void, string> {
  const path = join(folder, "runner.pid");
  const [pid = "", startedAt = ""] = existsSync(path) ? readFileSync(path, "utf8").split(" ") : [];
  const holder = Number(pid);
  if (holder > 0 && holder !== process.pid && isRunning(holder) && (startedAt === "" || startedAt === startOf(holder))) {
    return refused(`a runner (process ${holder}) already works in ${folder}`);
  }
  writeFileSync(path, `${process.pid} ${startOf(process.pid)}`, { mode: 0o600 });
  return ok(() => rmSync(path, { force: true }));
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
