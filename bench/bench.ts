import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { risen, writeBaseline } from "./baseline.ts";
import { startBenchMesh } from "./bench-mesh.ts";
import type { BenchMesh } from "./bench-mesh.ts";
import { measureHistory } from "./history.ts";
import type { Aged } from "./history.ts";
import { measureIdle } from "./idle.ts";
import type { Idle } from "./idle.ts";
import { measureIngest } from "./ingest.ts";
import { measureTaskPrice, readIssuePrice } from "./price.ts";
import type { Priced } from "./price.ts";
import type { Figure, Pace } from "./rounds.ts";
import { measureStreaming } from "./streaming.ts";
import type { Streamed } from "./streaming.ts";
import { figureTable, historyTable, idleTable, priceTable, streamingTable } from "./tables.ts";
import { measureTasks } from "./tasks.ts";

const parts = ["ingest", "tasks", "price", "history", "streaming", "idle"] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly only: Part | undefined;
  readonly quick: boolean;
  readonly report: string | undefined;
  readonly json: string | undefined;
  readonly storage: string | undefined;
  readonly check: boolean;
  readonly baseline: boolean;
}

interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly runs: number;
  figures: Figure[];
  prices: Priced[];
  history: Aged[];
  streaming: Streamed[];
  idle: Idle[];
}

const defaultReport = join(import.meta.dirname, "../r.json");

const options = new Command("bench")
  .description("Measures the mesh on this machine, beside what the platform can do without it.")
  .addOption(new Option("--only <part>", "one part").choices(parts))
  .option("--quick", "one run of each, short", false)
  .option(
    "--report <file>",
    "the demonstration's report (npm start -- --exit --report r.json), for the price of an issue; r.json when it is there",
  )
  .option("--json <file>", "writes the figures to a file")
  .option("--storage <folder>", "where storage is put while it runs; a disk, or nothing measured is durable")
  .option("--check", "fails when a counter of the price has risen above baseline.json", false)
  .option("--baseline", "makes the counters measured now the baseline", false)
  .parse()
  .opts<Options>();

const pace: Pace = options.quick ? { runs: 1, forMs: 1_000, bulk: 2_000 } : { runs: 5, forMs: 1_500, bulk: 10_000 };
const ages = options.quick ? [10, 1_000] : [10, 1_000, 10_000];
const [cpu] = cpus();
const results: Results = {
  machine: { cpu: cpu?.model ?? "", cores: cpus().length, node: process.version },
  runs: pace.runs,
  figures: [],
  prices: [],
  history: [],
  streaming: [],
  idle: [],
};

if (wants("ingest")) await measure("Webhooks", async (mesh) => figureTable(keep(results.figures, await measureIngest(mesh, pace))));
if (wants("tasks")) await measure("Tasks", async (mesh) => figureTable(keep(results.figures, await measureTasks(mesh, pace))));
if (wants("price")) {
  await measure(
    "Price",
    async (mesh) => priceTable(keep(results.prices, [...(await measureTaskPrice(mesh)), ...(await issuePrice())])),
    "bench/counted-worker.mjs",
  );
}
if (wants("history")) await measure("Age", async (mesh) => historyTable(keep(results.history, await measureHistory(mesh, ages))));
if (wants("streaming"))
  await measure("Streaming", async (mesh) =>
    streamingTable(keep(results.streaming, [await measureStreaming(mesh, options.quick ? 5 : 60)])),
  );
if (wants("idle")) {
  await measure(
    "Idle",
    async (mesh) => idleTable(keep(results.idle, [await measureIdle(mesh, 200, options.quick ? 60_000 : 300_000)])),
    "bench/counted-worker.mjs",
  );
}

if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
if (options.baseline) await writeBaseline(results.prices);
if (options.check) {
  if (results.prices.length === 0) throw new Error("--check needs the price to be measured");
  const faults = await risen(results.prices);
  for (const fault of faults) say(`dearer than before: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else say("no counter has risen");
}

function wants(part: Part): boolean {
  return options.only === undefined || options.only === part;
}

/** Each part has a runtime of its own, so that none bears what another has left. */
async function measure(title: string, part: (mesh: BenchMesh) => Promise<string>, entry?: string): Promise<void> {
  const mesh = await startBenchMesh({
    ...(options.storage === undefined ? {} : { home: options.storage }),
    ...(entry === undefined ? {} : { entry }),
  });
  try {
    say(
      `${title}: median of ${pace.runs} ${pace.runs === 1 ? "run" : "runs"} on ${results.machine.cores} × ${results.machine.cpu}, workerd's own socket`,
    );
    say(await part(mesh));
  } finally {
    await mesh.stop();
  }
}

async function issuePrice(): Promise<Priced[]> {
  const report = options.report ?? (existsSync(defaultReport) ? defaultReport : undefined);
  return report === undefined ? [] : [await readIssuePrice(report)];
}

function keep<T>(all: T[], more: readonly T[]): readonly T[] {
  all.push(...more);
  return more;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
