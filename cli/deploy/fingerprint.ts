import { createHash, type Hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SettingValues } from "./settings.ts";

/** Whatever may end up in the Worker's bundle. */
export const workerSources = ["core", "platform", "clients", "drizzle", "durable-objects", "workers", "package-lock.json"] as const;
/** Whatever may end up in the dashboard. */
export const dashboardSources = [
  "core",
  "platform",
  "drizzle",
  "pages/src",
  "pages/public",
  "pages/functions",
  "pages/index.html",
  "package-lock.json",
] as const;

const tests = /\.(test|fixture)\.tsx?$|(^|\/)test-[^/]*\.ts$/;

/**
 * A mark for sources, configuration and settings together: equal when a deployment of them would change nothing. 64 bits of SHA-256; it is
 * shown at Cloudflare, and says nothing of the settings, which always hold the database's password.
 */
export function fingerprintOf(root: string, sources: readonly string[], configuration: string, settings: SettingValues): string {
  const hash = createHash("sha256");
  for (const source of sources) addFile(hash, root, source);
  const sorted = Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify([configuration, sorted]));
  return `mesh-${hash.digest("hex").slice(0, 16)}`;
}

/** Each file by path and content, folders in order; tests are no part of what is deployed. */
function addFile(hash: Hash, root: string, path: string): void {
  if (tests.test(path)) return;
  const full = join(root, path);
  if (statSync(full).isDirectory()) {
    for (const name of readdirSync(full).toSorted()) addFile(hash, root, `${path}/${name}`);
    return;
  }
  const content = readFileSync(full);
  hash.update(`${path}\n${content.byteLength}\n`).update(content);
}
