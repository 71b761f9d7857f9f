import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startLocalMesh, type LocalMesh, type LocalMeshOptions } from "../../dev/mesh/local-mesh.ts";
import { lookThroughFolder, lookThroughReadModel } from "../support/folder-search.ts";
import { SecretSearch, type KnownSecret } from "../support/secret-search.ts";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface MeshForTest extends LocalMesh {
  readonly said: string[];
  /** What its parts keep on the disk. */
  readonly dataDir: string;
  /** Secrets that the test itself has put in: they are looked for at the end, too. */
  readonly putIn: KnownSecret[];
  /** Stops it and looks for every secret in all that it leaves behind; throws when one is found where it was not put. */
  end(): Promise<void>;
}

/** Files that run beside each other have ranges of their own: a port that was found free is taken only seconds later. */
const firstPort = 18_000 + 200 * Number(process.env["VITEST_POOL_ID"] ?? 1);

/** A local mesh in a folder of its own; what its parts say is kept for a failing test to show. */
export async function meshForTest(options: Partial<LocalMeshOptions> = {}): Promise<MeshForTest> {
  const dataDir = mkdtempSync(join(tmpdir(), "mesh-six-e2e-"));
  // The agent's own user must be able to reach its worktree.
  chmodSync(dataDir, 0o755);
  const said: string[] = [];
  const mesh = await startLocalMesh({ root, dataDir, fresh: false, port: firstPort, log: (line) => said.push(line), ...options });
  const putIn: KnownSecret[] = [];
  return Object.assign(mesh, {
    said,
    dataDir,
    putIn,
    async end() {
      const search = new SecretSearch([...mesh.secrets, ...putIn]);
      try {
        await lookThroughReadModel(search, mesh.neon);
      } finally {
        await mesh.stop();
      }
      lookThroughFolder(search, dataDir);
      search.lookInto("log", said);
      rmSync(dataDir, { recursive: true, force: true });
      if (search.leaks.length > 0) throw new Error(`secrets were found: ${JSON.stringify(search.leaks.slice(0, 20))}`);
    },
  });
}

/** Waits until `look` gives something other than null, undefined or false. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = 120_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${limitMs / 1_000} s${last === undefined ? "" : ` (${String(last)})`}`);
}

/** Numbers from a seed, so that a failing run can be had again. https://en.wikipedia.org/wiki/Xorshift#xorshift*, mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
