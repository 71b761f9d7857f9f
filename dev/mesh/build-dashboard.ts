import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { own } from "./processes.ts";

/** Builds the dashboard when its sources are newer than what was built. */
export async function buildDashboard(root: string, log: (line: string) => void): Promise<void> {
  const built = join(root, "pages/dist/index.html");
  const newest = Math.max(
    ...["pages/src", "pages/public", "core"].map((folder) => newestIn(join(root, folder))),
    ...["pages/index.html", "pages/vite.config.ts", "package-lock.json"].map((file) => statSync(join(root, file)).mtimeMs),
  );
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  const lines: string[] = [];
  const vite = own(
    join(root, "node_modules/.bin/node"),
    [join(root, "node_modules/vite/bin/vite.js"), "build", "pages", "--logLevel", "warn"],
    {
      cwd: root,
      env: process.env,
      onLine: (line) => {
        lines.push(line);
        log(`vite: ${line}`);
      },
    },
  );
  const code = await vite.ended;
  if (code !== 0) throw new Error(`the dashboard could not be built (${code}):\n${lines.join("\n")}`);
}

function newestIn(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return newest;
}
