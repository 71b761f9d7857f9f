import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { isCredentialFile } from "../core/tools/credential-files.ts";
import type { ToolScene } from "../core/tools/tool-use.ts";
import type { RunPlace } from "./run-place.ts";

const mostEntries = 20_000;
const keptMs = 5_000;
const skipped = new Set([".git", "node_modules"]);

/** The folders of a run as the policy on tools sees them, links followed; which files hold credentials is looked up anew after 5 s. */
export function toolScene({ tree, home, tmp }: RunPlace): () => ToolScene {
  let files: readonly string[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const real = realPath(tree);
    if (performance.now() - lookedAt > keptMs) {
      files = credentialFilesIn(real);
      lookedAt = performance.now();
    }
    return { tree: real, home: realPath(home), tmp: realPath(tmp), realPath, credentialFiles: files };
  };
}

/** With links followed as far as there is something; a link that leads nowhere stays as it is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPath(above), path.slice(above.length));
  }
}

/** Told by their names; of 20,000 entries at most, without `node_modules`. */
function credentialFilesIn(folder: string): string[] {
  const found: string[] = [];
  const folders = [folder];
  for (let seen = 0, at = folders.shift(); at !== undefined && seen < mostEntries; at = folders.shift()) {
    for (const entry of entriesOf(at)) {
      seen += 1;
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) folders.push(path);
      } else if (isCredentialFile(path.slice(folder.length))) found.push(path);
    }
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // gone meanwhile
  }
}
