import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import Table from "cli-table3";
import { Command } from "commander";
import lighthouse, { type Result } from "lighthouse";
import TraceGatherer from "lighthouse/core/gather/gatherers/trace.js";
import { chromium as playwright } from "playwright-core";
import { demonstration, putIntoTodo, runOf, watch } from "../dev/demo/demonstration.ts";
import { freePort } from "../dev/mesh/free-port.ts";
import { startLocalMesh, type LocalMesh } from "../dev/mesh/local-mesh.ts";

/** What every page must reach, in hundredths. */
const budgets = { performance: 95, accessibility: 100, "best-practices": 100 } as const;
type Category = keyof typeof budgets;
const categories = Object.keys(budgets) as Category[];

const asking = "acme/todo-app#3";
const pages: Readonly<Record<string, string>> = {
  Overview: "/#/",
  Project: "/#/projects/acme/todo-app",
  Run: "/#/runs/acme/todo-app/3",
  Questions: "/#/questions",
};

const options = new Command("npm run lighthouse --")
  .description(
    "Audits four pages of the dashboard with Lighthouse (mobile, simulated slow network and processor) on a local mesh with the demonstration's data; exits 1 under the budgets",
  )
  .option("--runs <number>", "audits of each page; the one with the median performance counts", "3")
  .option("--only <page>", `one of ${Object.keys(pages).join(", ")}`)
  .parse()
  .opts<{ runs: string; only?: string }>();
const chosen = Object.entries(pages).filter(([name]) => options.only === undefined || name === options.only);
if (chosen.length === 0) throw new Error(`--only: there is no page "${options.only}", there are ${Object.keys(pages).join(", ")}`);

// Tracing this category ends the renderer of the Chromium that is used here; it counts which features of the web are used, which no score is made of.
const traced = TraceGatherer.getDefaultTraceCategories().filter((category) => category !== "blink.webdx_feature_usage");
TraceGatherer.getDefaultTraceCategories = () => traced;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dataDir = mkdtempSync(join(tmpdir(), "mesh-six-lighthouse-"));
// The agent's own user must be able to reach its worktree.
chmodSync(dataDir, 0o755);
const mesh = await startLocalMesh({ root, dataDir, fresh: false, port: 19_800, log: () => undefined, reconcileMs: 5_000 });
try {
  await putIntoTodo(mesh);
  await questionIn(mesh, asking);
  // What still works would take the processor from the browser.
  const others = demonstration.filter(({ key }) => key !== asking);
  if (!(await watch(mesh, { issues: others, limitMs: 240_000, log: () => undefined })))
    throw new Error("the demonstration did not come to rest");
  const rows: [string, Result][] = [];
  for (const [name, address] of chosen) rows.push([name, await audited(mesh, address)]);
  const table = new Table({ head: ["Page", ...categories, "first paint", "largest paint", "blocked", "shift", "transferred"] });
  for (const [name, { categories: scores, audits }] of rows)
    table.push([
      name,
      ...categories.map((category) => String(hundredths(scores[category]?.score))),
      ...["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "total-byte-weight"].map(
        (id) => audits[id]?.displayValue ?? "?",
      ),
    ]);
  console.log(table.toString());
  for (const [name, result] of rows) for (const line of failing(result)) console.log(`${name}: ${line}`);
  const under = rows.flatMap(([name, { categories: scores }]) =>
    categories
      .filter((category) => hundredths(scores[category]?.score) < budgets[category])
      .map((category) => `${name}: ${category} is ${hundredths(scores[category]?.score)}, must be ${budgets[category]}`),
  );
  for (const line of under) console.log(line);
  process.exitCode = under.length === 0 ? 0 : 1;
} finally {
  await mesh.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** The audit with the median performance, in a browser of its own that is logged in and has nothing in its cache. */
async function audited(local: LocalMesh, address: string): Promise<Result> {
  const results: Result[] = [];
  for (let run = 0; run < Number(options.runs); run += 1) {
    const port = await freePort(19_900);
    const profile = mkdtempSync(join(tmpdir(), "mesh-six-browser-"));
    const browser = await playwright.launchPersistentContext(profile, {
      executablePath: await chromium.executablePath(),
      args: ["--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`],
    });
    try {
      const { url } = await local.client.post<{ url: string }>("/login/link", {});
      // Not by a page, whose files would be in the cache then.
      await browser.request.get(url);
      const audit = await lighthouse(`${local.url}${address}`, { port, onlyCategories: categories, disableStorageReset: true });
      if (!audit || audit.lhr.runtimeError)
        throw new Error(`${address}: ${audit?.lhr.runtimeError?.message ?? "Lighthouse gave no result"}`);
      results.push(audit.lhr);
    } finally {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    }
  }
  const sorted = results.toSorted((a, b) => (a.categories["performance"]?.score ?? 0) - (b.categories["performance"]?.score ?? 0));
  const median = sorted[Math.floor(sorted.length / 2)];
  if (!median) throw new Error("--runs must be 1 or more");
  return median;
}

/** What a category holds against the page, one line each with the first places. */
function failing({ categories: scores, audits }: Result): string[] {
  return categories.flatMap((category) =>
    (scores[category]?.auditRefs ?? []).flatMap(({ id, weight }) => {
      const audit = audits[id];
      if (!audit || weight === 0 || audit.score === null || audit.score >= 0.9) return [];
      if (id === "cumulative-layout-shift")
        return [`${category}: ${audit.title} (${audit.displayValue}) ${placesOf(audits["layout-shifts"])}`];
      return [`${category}: ${audit.title} (${audit.displayValue ?? audit.score}) ${placesOf(audit)}`.trim()];
    }),
  );
}

function placesOf(audit: Result["audits"][string] | undefined): string {
  const details = audit?.details;
  return details && "items" in details ? JSON.stringify(details.items).slice(0, 900) : "";
}

function hundredths(score: number | null | undefined): number {
  return Math.round((score ?? 0) * 100);
}

/** Waits until the issue's run has asked a person. */
async function questionIn(local: LocalMesh, key: string): Promise<void> {
  for (const end = Date.now() + 180_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 500)))
    if ((await runOf(local, key))?.questions.some(({ status }) => status === "with-human")) return;
  throw new Error(`${key} asked nobody within three minutes`);
}
