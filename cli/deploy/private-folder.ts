import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "mesh-six-deploy-";

/** A folder for what only lives while we run. */
export interface PrivateFolder {
  readonly path: string;
  remove(): void;
}

/**
 * Makes a folder only this user can look into, gone when it is removed or the process is told to end; what killed ones left behind is removed
 * first.
 */
export function privateFolder(): PrivateFolder {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  // Wrangler mixes paths with and without symbolic links, which some systems have in theirs.
  const path = mkdtempSync(join(realpathSync(tmpdir()), `${prefix}${process.pid}-`));
  const endings = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const end = (): void => {
      rmSync(path, { recursive: true, force: true });
      // Without our handler the signal does what it does by itself.
      process.off(signal, end);
      process.kill(process.pid, signal);
    };
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  return {
    path,
    remove() {
      for (const forget of endings) forget();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A process of another user counts as living; its folder is not ours to remove. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
