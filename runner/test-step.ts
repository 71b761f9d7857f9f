import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { mergeReports, parseJUnit, parsePlaywright, type TestReport } from "../core/inbound/test-report.ts";
import type { Command, TestResults } from "../core/protocol/frames.ts";
import type { Result } from "../core/result.ts";
import type { FailureKind } from "../core/task/state.ts";
import type { WorkFailure } from "./git/repository.ts";
import { collect } from "./git/run-git.ts";
import { prepareWorktree, type Worktree } from "./git/worktree.ts";
import { runCommand, type CommandRun } from "./run-command.ts";
import { redactedTail } from "./redact.ts";
import type { RunPlace } from "./run-place.ts";
import type { Step, StepOrder, StepTools } from "./step.ts";
import { parseTap } from "./tap-report.ts";

/** Begins the step that runs a project's test command on what the run has pushed. */
export function beginTestStep(order: StepOrder, tools: StepTools): Step {
  return new TestStep(order, tools);
}

type Cut =
  | { readonly type: "stopped"; readonly reason: string }
  | { readonly type: "task-failed"; readonly kind: FailureKind; readonly message: string };

class TestStep implements Step {
  readonly ended: Promise<void>;
  readonly #order: StepOrder;
  readonly #tools: StepTools;
  readonly #ref: { taskId: string; attempt: number };
  readonly #abort = new AbortController();
  #cut: Cut | undefined;

  constructor(order: StepOrder, tools: StepTools) {
    this.#order = order;
    this.#tools = tools;
    const { taskId, attempt } = order.record.assignment;
    this.#ref = { taskId, attempt };
    this.ended = this.#run().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      tools.report({ ...this.#ref, type: "task-failed", kind: "infrastructure", message: message.slice(0, 4_000) });
    });
  }

  apply({ body }: Command): boolean {
    if (body.type !== "stop") return false;
    this.stop(body.mode, body.reason);
    return true;
  }

  /** `after-step` lets the tests come to their end, which is the step. */
  stop(mode: "after-step" | "now", reason: string): void {
    if (mode === "now") this.#end({ type: "stopped", reason });
  }

  abandon(kind: FailureKind, message: string): void {
    this.#end({ type: "task-failed", kind, message });
  }

  #end(end: Cut): void {
    this.#cut ??= end;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { session } = this.#order;
    const { report, isolation, connected } = this.#tools;
    const command = session.testCommand;
    if (command === null)
      return report({ ...this.#ref, type: "task-failed", kind: "configuration", message: "the project has no test command" });
    const worktree = await this.#prepare();
    if (!worktree.ok) return report({ ...this.#ref, type: "task-failed", ...worktree.error });
    const environment = await this.#tools.environment(() => this.#cut !== undefined);
    if (this.#reportCut()) return;
    if (!environment.ok) return report({ ...this.#ref, type: "task-failed", ...environment.error });
    const { place } = worktree.value;
    const run = { tools: this.#tools, place, environment: environment.value };
    const sha = await worktree.value.head();
    const begun = Date.now();
    const ticker = setInterval(() => connected() && report({ ...this.#ref, type: "progress", summary: "tests are running" }), 30_000);
    let outcome: CommandRun;
    try {
      outcome = await runTests(command, session.testTimeoutMs, run, this.#abort.signal);
    } finally {
      clearInterval(ticker);
      await isolation.endAll(place);
    }
    if (this.#reportCut()) return;
    const found = await reportIn(outcome.output, run, begun);
    const results: TestResults = {
      command: command.slice(0, 2_000),
      exitCode: outcome.exitCode,
      timedOut: outcome.timedOut,
      format: found?.format ?? "none",
      ...(found === undefined ? {} : { counts: found.counts }),
      failures: found?.failures ?? [],
      tail: redactedTail(outcome.tail, this.#tools.secrets(), outcome.tail.length),
      ...(sha === undefined ? {} : { sha }),
    };
    report({ ...this.#ref, type: "test-results", results });
    report({ ...this.#ref, type: "task-done" });
  }

  #reportCut(): boolean {
    if (this.#cut === undefined) return false;
    this.#tools.report({ ...this.#ref, ...this.#cut });
    return true;
  }

  /** The run's own worktree when it is exactly what was pushed (it has what was installed); otherwise a fresh one. */
  async #prepare(): Promise<Result<Worktree, WorkFailure>> {
    const { session } = this.#order;
    const { repository, isolation, place } = this.#tools;
    await isolation.endAll(place);
    const credential = await this.#tools.credential(() => this.#cut !== undefined);
    if (!credential.ok) return credential;
    const fetched = await repository.fetch(session, credential.value);
    if (!fetched.ok) return fetched;
    const worktree = await prepareWorktree(repository, session, place, isolation);
    if (!worktree.ok) return worktree;
    const pushed = (await repository.shaOf(session.branch)) ?? (await repository.shaOf(session.baseBranch));
    if (pushed === undefined || ((await worktree.value.head()) === pushed && (await worktree.value.status()) === "")) return worktree;
    const clean = { ...place, tree: join(place.root, `tests-${pushed.slice(0, 12)}`) };
    const made = await prepareWorktree(repository, session, clean, isolation);
    if (made.ok) await made.value.restore(pushed);
    return made;
  }
}

/** Where and with what the tests run. */
interface TestPlace {
  readonly tools: StepTools;
  readonly place: RunPlace;
  readonly environment: Readonly<Record<string, string>>;
}

function runTests(command: string, timeoutMs: number, { tools, place, environment }: TestPlace, signal: AbortSignal): Promise<CommandRun> {
  const logs = join(place.root, "..", `${place.root.split("/").at(-1) ?? "run"}.logs`);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const [logFile, secrets] = [join(logs, `tests-${Date.now()}.log`), tools.secrets()];
  tools.show(`\u001B[1m$ ${command}\u001B[0m\n`);
  return runCommand(command, { place, isolation: tools.isolation, environment, timeoutMs, signal, logFile, secrets, show: tools.show });
}

/** Where test programs usually put their reports. */
const reportPaths = [
  "*junit*.xml",
  "TEST-*.xml",
  "*test-results*.xml",
  "*test-report*.xml",
  "results.xml",
  "report.xml",
  "*/test-results/*.xml",
  "*/test-results/*.json",
  "*/reports/*.xml",
  "*/playwright-report/*.json",
];

/** A report in the output, or in files that the tests have written. Files are looked for and read as the agent's user: they may be links to anywhere. */
async function reportIn(output: string, { tools, place, environment }: TestPlace, since: number): Promise<TestReport | undefined> {
  const inOutput = parseTap(output) ?? parsePlaywright(output.slice(Math.max(0, output.indexOf("{")))) ?? parseJUnit(output);
  if (inOutput !== undefined) return inOutput;
  const run = async (command: string, args: readonly string[]) => {
    const wrapped = tools.isolation.wrap(place, command, args);
    const ran = await collect(wrapped.command, wrapped.args, { cwd: place.tree, env: { ...environment }, timeoutMs: 30_000 });
    return ran.ok ? ran.value : "";
  };
  const named = reportPaths.flatMap((pattern, at) => [...(at === 0 ? [] : ["-o"]), pattern.includes("/") ? "-path" : "-name", pattern]);
  const newer = ["-newermt", `@${Math.floor(since / 1_000) - 1}`];
  const files = await run("find", [
    ".",
    "-maxdepth",
    "6",
    "-name",
    "node_modules",
    "-prune",
    "-o",
    "-type",
    "f",
    "-size",
    "-8M",
    ...newer,
    "(",
    ...named,
    ")",
    "-print",
  ]);
  const reports: TestReport[] = [];
  for (const file of files
    .split("\n")
    .filter((path) => path !== "")
    .toSorted()
    .slice(0, 50)) {
    const text = await run("cat", ["--", file]);
    const parsed = file.endsWith(".json") ? parsePlaywright(text) : parseJUnit(text);
    if (parsed !== undefined) reports.push(parsed);
  }
  return mergeReports(reports);
}
