import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** What Pages takes for a handler: https://developers.cloudflare.com/pages/functions/api-reference/#onrequests */
const handler = /^export (?:async )?(?:function|const) (onRequest(?:Get|Post|Put|Patch|Delete|Options|Head)?)\b/gm;

/**
 * Makes a folder of functions that stands for another: the same files, each handing on the other's handlers. Wrangler takes functions only
 * from its current folder, and loses its way in one that is a symbolic link.
 */
export function standInForFunctions(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      standInForFunctions(join(from, entry.name), join(to, entry.name));
      continue;
    }
    const path = resolve(from, entry.name);
    const handlers = [...readFileSync(path, "utf8").matchAll(handler)].map(([, name]) => name);
    if (handlers.length > 0) writeFileSync(join(to, entry.name), `export { ${handlers.join(", ")} } from ${JSON.stringify(path)};\n`);
  }
}
