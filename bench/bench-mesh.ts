import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const root = join(import.meta.dirname, "..");
const compatibilityDate = "2026-10-20";

/** What the measured Worker is configured with; nothing outside is ever asked. */
export const settings = {
  OPERATOR_TOKEN: "operator-token-of-the-bench",
  SIGNING_KEY: "a-signing-key-of-32-characters-01",
  MASTER_KEY: "a-master-key-of-32-characters-001",
  DATABASE_URL: "postgresql://mesh:mesh@db.invalid/mesh",
  PUBLIC_URL: "https://mesh.test",
  GITHUB_TOKEN: "ghp_of_the_bench",
  NTFY_URL: "https://ntfy.test",
  NTFY_TOPIC: "mesh",
  LLM_BASE_URL: "https://model.test/v1",
  LLM_API_KEY: "key",
  LLM_MODEL: "model",
} as const;

/** The secret that the bare Worker's webhooks are signed with. */
export const bareSecret = "a secret of the bare worker";

export interface BenchMesh {
  /** Our Worker, on workerd's own socket. */
  readonly mesh: URL;
  /** The bare Worker beside it, in the same process. */
  readonly bare: URL;
  /** The rig: direct calls of an orchestrator. */
  readonly rig: URL;
  /** Of the runtime's inspector. */
  readonly inspector: URL;
  stop(): Promise<void>;
}

export interface BenchMeshOptions {
  /** Where storage is put while it runs: a disk, or what is measured is not durable. */
  readonly home?: string;
  /** The Worker's entry file, from the project's root. */
  readonly entry?: string;
}

const queues = ["mesh-inbound", "mesh-tasks", "mesh-effects", "mesh-github-writes", "mesh-projections"] as const;
const objects = {
  ORCHESTRATORS: "ProjectOrchestrator",
  POOL: "AgentPool",
  MAILBOXES: "AgentMailbox",
  LIVE: "LiveFeed",
  FEEDS: "SessionFeed",
  SETTINGS: "Settings",
} as const;

const producers = {
  INBOUND: "mesh-inbound",
  TASKS: "mesh-tasks",
  EFFECTS: "mesh-effects",
  GITHUB_WRITES: "mesh-github-writes",
  PROJECTIONS: "mesh-projections",
} as const;

/**
 * Starts our Worker and the bare one in one workerd process, on a real disk, each on workerd's own socket: the HTTP front of the local tools
 * would cost more than what is measured. Queue messages go to a consumer that does nothing.
 */
export async function startBenchMesh({
  home = join(root, ".mesh"),
  entry = "workers/index.ts",
}: BenchMeshOptions = {}): Promise<BenchMesh> {
  await mkdir(home, { recursive: true });
  const dir = await mkdtemp(join(home, "bench-"));
  const [ours, bare, drain, rig] = await Promise.all([
    bundle(entry),
    bundle("bench/bare-worker.mjs"),
    bundle("bench/drain-worker.mjs"),
    bundle("bench/rig-worker.mjs"),
  ]);
  const common = { compatibilityDate, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.ERROR),
      resourcePersistencePath: dir,
      inspectorPort: 0,
      cf: false,
      workers: [
        {
          ...common,
          ...ours,
          name: "mesh-six",
          bindings: settings,
          durableObjects: Object.fromEntries(
            Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
          ),
          queueProducers: producers,
          r2Buckets: { ARCHIVE: "mesh-archive" },
        },
        {
          ...common,
          ...bare,
          name: "bare",
          bindings: { SECRET: bareSecret },
          durableObjects: { BARE: { className: "BareObject", useSQLite: true } },
          queueProducers: { INBOUND: "bare-inbound" },
        },
        {
          ...common,
          ...drain,
          name: "drain",
          queueConsumers: Object.fromEntries(
            [...queues, "bare-inbound"].map((queue) => [queue, { maxBatchSize: 100, maxBatchTimeout: 0 }]),
          ),
        },
        {
          ...common,
          ...rig,
          name: "rig",
          durableObjects: {
            ORCHESTRATORS: { className: "ProjectOrchestrator", scriptName: "mesh-six", useSQLite: true },
            FEEDS: { className: "SessionFeed", scriptName: "mesh-six", useSQLite: true },
          },
        },
      ],
    }),
  );
  try {
    await runtime.ready;
    const [mesh, bareUrl, rigUrl, inspector] = await Promise.all([
      runtime.unsafeGetDirectURL("mesh-six"),
      runtime.unsafeGetDirectURL("bare"),
      runtime.unsafeGetDirectURL("rig"),
      runtime.getInspectorURL(),
    ]);
    return {
      mesh,
      bare: bareUrl,
      rig: rigUrl,
      inspector,
      async stop() {
        await runtime.dispose();
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await runtime.dispose();
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** As wrangler bundles it, minus source maps. */
async function bundle(entry: string) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".sql": "text" },
    logLevel: "error",
  });
  const contents = outputFiles[0]?.text ?? "";
  return { modules: [{ type: "ESModule" as const, path: "index.mjs", contents }], modulesRoot: "/" };
}
