import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { putIntoTodo, watch } from "./demo/demonstration.ts";
import { demoTopic, personWithPhone } from "./demo/person.ts";
import { writeReport } from "./demo/report.ts";
import { startLocalMesh } from "./mesh/local-mesh.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const command = new Command("npm start --")
  .description("The whole mesh on this machine, with a demonstration board")
  .option("--exit", "run the demonstration to its end, print the report and exit: 0 when every issue ended as it should")
  .option("--fresh", "forget what earlier starts left in the data directory")
  .option("--report <file>", "write the report as JSON")
  .option("--data <dir>", "data directory", ".mesh")
  .option("--port <number>", "first port to try", "8788")
  .option("--limit <seconds>", "give up after this long (with --exit)", "600")
  .option("--automations", "switch the board's own automations on")
  .option("--verbose", "show what every part says")
  .parse();

const options = command.opts<{
  exit?: true;
  fresh?: true;
  report?: string;
  data: string;
  port: string;
  limit: string;
  automations?: true;
  verbose?: true;
}>();
const say = (line: string): void => console.log(line);
const detail = (line: string): void => {
  if (options.verbose) console.log(pc.dim(line));
};

const startedAt = Date.now();
const stopping = new AbortController();
const mesh = await startLocalMesh({
  root,
  dataDir: resolve(root, options.data),
  fresh: options.fresh === true || options.exit === true,
  port: Number(options.port),
  log: detail,
  automations: options.automations === true,
});
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stopping.abort());

try {
  for (const part of mesh.parts) say(part);
  const { url } = await mesh.client.post<{ url: string }>("/login/link", {});
  say(`\n${pc.bold("Dashboard, logged in:")} ${url}\n`);
  if (mesh.demonstration) await demonstrate();
  else say("Your own GitHub is set, so there is no demonstration: register your projects (README).");
  if (!options.exit && !stopping.signal.aborted) await untilStopped();
} finally {
  await mesh.stop();
}

async function demonstrate(): Promise<void> {
  await putIntoTodo(mesh);
  // Left to itself the demonstration brings its own person; otherwise that is you.
  const putAway = options.exit ? personWithPhone(mesh, ["Semicolon"], say) : undefined;
  if (!options.exit) say(`Issue 3 will ask you. Your phone: ${mesh.ntfy.url}/${demoTopic}\n`);
  const limitMs = options.exit ? Number(options.limit) * 1_000 : Number.POSITIVE_INFINITY;
  const done = await watch(mesh, { limitMs, log: say, signal: stopping.signal });
  putAway?.();
  if (stopping.signal.aborted) return;
  const report = await writeReport(mesh, startedAt);
  if (options.report) writeFileSync(resolve(options.report), `${JSON.stringify(report, null, 2)}\n`);
  printReport(report, done);
  if (options.exit) process.exitCode = report.ok ? 0 : 1;
}

function printReport(report: Awaited<ReturnType<typeof writeReport>>, done: boolean): void {
  const seconds = Math.round((report.finishedAt - report.startedAt) / 1_000);
  say(
    `\n${report.ok ? pc.green("Every issue ended as it should") : pc.red("Not every issue ended as it should")}${done ? "" : " (time is up)"} after ${seconds} s.`,
  );
  for (const issue of report.issues)
    say(
      `  ${issue.key.padEnd(16)} ${issue.outcome.padEnd(10)} ${issue.pullRequest ? `pull request #${issue.pullRequest.number}` : ""} $${issue.usd.toFixed(4)} ${issue.questions.map((question) => `question answered by ${question.answeredBy}`).join(", ")}`,
    );
  for (const fault of report.faults) say(pc.red(`  ${fault}`));
  say(
    `  ${Object.entries(report.counts)
      .map(([name, count]) => `${name} ${Math.round(count)}`)
      .join(", ")}`,
  );
}

function untilStopped(): Promise<void> {
  say("\nCtrl-C stops everything.");
  return new Promise((end) => stopping.signal.addEventListener("abort", () => end(), { once: true }));
}
