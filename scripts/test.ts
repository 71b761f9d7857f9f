import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Everything that CI runs: format, lint, generated types, type-check, then every layer of tests. Prints each layer's count and closes with
 * one line over all: `N passed, N failed, N skipped`. Exits 1 when anything failed, or when a layer ran no test.
 *
 * `node scripts/test.ts [static] [node] [workers] [e2e]` runs only the parts named.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules/.bin/node");

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["node_modules/oxfmt/bin/oxfmt", "--check", "."]],
  ["lint", ["node_modules/oxlint/bin/oxlint", "."]],
  ["generated types", ["node_modules/wrangler/bin/wrangler.js", "types", "--check"]],
  ...["tsconfig.json", "core/tsconfig.json", "tsconfig.node.json", "pages/tsconfig.json"].map(
    (project) => [`types of ${project}`, ["node_modules/typescript/bin/tsc", "-p", project]] as const,
  ),
];

const layers: readonly (readonly [string, RegExp])[] = [
  ["properties", /\.propert(y|ies)\.test\.ts$/],
  ["scenarios", /^tests\/scenarios\//],
  ["end to end", /^tests\/e2e\//],
  ["shells", /\.workers\.test\.tsx?$/],
  ["core", /^core\//],
  ["contracts", /^clients\//],
  ["read model", /^drizzle\//],
  ["stand-ins", /^dev\//],
  ["runner", /^runner\//],
  ["dashboard", /^pages\//],
  ["command", /^cli\//],
  ["the rest", /./],
];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
}

const wanted = process.argv.slice(2);
const wants = (part: string): boolean => wanted.length === 0 || wanted.includes(part);
const counted = new Map<string, Counts>();
let broken = false;

if (wants("static")) {
  for (const [name, args] of checks) {
    const code = await run(args);
    console.log(`${code === 0 ? "ok  " : "FAIL"} ${name}`);
    if (code !== 0) broken = true;
  }
}
const output = mkdtempSync(join(tmpdir(), "mesh-six-tests-"));
for (const project of ["node", "workers", "e2e"].filter(wants)) {
  const file = join(output, `${project}.json`);
  const code = await run([
    "node_modules/vitest/vitest.mjs",
    "run",
    ...(project === "e2e"
      ? ["--project", "e2e", "--project", "e2e-alone"]
      : // On two cores vitest would leave one of them idle.
        ["--project", project, `--maxWorkers=${Math.max(2, availableParallelism())}`]),
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  if (code !== 0) broken = true;
  count(file);
}
rmSync(output, { recursive: true, force: true });

for (const [layer, counts] of counted) console.log(`${layer.padEnd(12)} ${line(counts)}`);
const total = [...counted.values()].reduce(
  (sum, { passed, failed, skipped }) => ({ passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped }),
  {
    passed: 0,
    failed: 0,
    skipped: 0,
  },
);
console.log(line(total));
process.exitCode = broken || total.failed > 0 || total.passed === 0 ? 1 : 0;

function line({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, stdio: "inherit", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** A file that could not be run counts as one failure, so that it is never overlooked. */
function count(file: string): void {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  } catch {
    broken = true;
    return;
  }
  for (const { name, status, assertionResults } of report.testResults) {
    const path = relative(root, name);
    const layer = layers.find(([, pattern]) => pattern.test(path))?.[0] ?? "the rest";
    const counts = counted.get(layer) ?? { passed: 0, failed: 0, skipped: 0 };
    for (const result of assertionResults) {
      if (result.status === "passed") counts.passed += 1;
      else if (result.status === "failed") counts.failed += 1;
      else counts.skipped += 1;
    }
    if (status === "failed" && !assertionResults.some((result) => result.status === "failed")) counts.failed += 1;
    counted.set(layer, counts);
  }
}
