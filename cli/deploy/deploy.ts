import { closeSync, fchmodSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Option, type Command } from "commander";
import pc from "picocolors";
import { carryOut, StepFailed } from "./carry-out.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, usage } from "../failure.ts";
import { CloudflareError, type CloudflareLogin } from "./cloudflare-api.ts";
import { environmentNames, type EnvironmentName } from "./environment.ts";
import { lookAtMesh, type MeshHealth } from "./look-at-mesh.ts";
import { stepText, type Step } from "./plan.ts";
import { NotReady, prepare, type Preparation } from "./preparation.ts";
import { planRollback, rollBack, type RollbackRequest } from "./rollback.ts";
import { generatedKeys, generateKey, readSettings, type SettingValues } from "./settings.ts";

interface Flags {
  env: EnvironmentName;
  yes?: true;
  json?: true;
  verbose?: true;
  settings?: string;
  saveKeys?: string;
  printKeys?: true;
  replace: string[];
  check: boolean;
  wait: string;
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** `mesh deploy`: creates what is missing of an environment at Cloudflare and Neon and deploys Worker and dashboard. */
export function addDeploy(program: Command): void {
  const deploy = program
    .command("deploy")
    .description("create what is missing at Cloudflare and Neon, and deploy; without --yes only says what it would do")
    .addOption(new Option("--env <name>", "the environment").choices(environmentNames).default("production"))
    .option("--yes", "do it")
    .option("--json", "for programs")
    .option("--verbose", "show what wrangler says")
    .option("--settings <file>", "settings in the form of .dev.vars, - for standard input; .dev.vars.<env> when left out")
    .option("--save-keys <file>", "where keys that are generated are kept; made readable by you alone, and read again by later runs")
    .option("--print-keys", "print keys that are generated, once, on standard error")
    .option("--replace <key>", `put the given value of ${generatedKeys.join(", ")} in the place of the present one`, collect, [])
    .option("--wait <seconds>", "how long the deployed mesh may take to answer", "90")
    .option("--no-check", "do not look at the deployed mesh afterwards")
    .addHelpText(
      "after",
      "\nCLOUDFLARE_API_TOKEN, and CLOUDFLARE_ACCOUNT_ID where the token reaches several accounts, are taken from the environment.",
    )
    .action((flags: Flags) => deployNow(flags).catch(failed(flags.env)));
  deploy
    .command("rollback")
    .description("go back to an earlier version of Worker and dashboard; without --yes only says which")
    .argument("[version]", "a version of the Worker; the one before when left out")
    .addOption(new Option("--env <name>", "the environment; production when left out").choices(environmentNames))
    .option("--yes", "do it")
    .option("--json", "for programs")
    .option("--message <text>", "why", "mesh deploy rollback")
    // Those which both commands have may have been taken by the outer one.
    .action((version: string | undefined, own: Partial<RollbackFlags>) =>
      rollBackNow(version, { ...deploy.opts<RollbackFlags>(), ...own }),
    );
}

async function deployNow(flags: Flags): Promise<void> {
  for (const name of flags.replace)
    if (!(generatedKeys as readonly string[]).includes(name)) throw usage(`--replace takes ${generatedKeys.join(", ")}, not ${name}`);
  const file = flags.settings ?? `.dev.vars.${flags.env}`;
  const saved = flags.saveKeys === undefined ? {} : readSettings(flags.saveKeys);
  const settings = { ...saved, ...readSettings(file) };
  const preparation = await prepare({
    root,
    environment: flags.env,
    login: loginFromEnvironment(),
    account: process.env.CLOUDFLARE_ACCOUNT_ID || undefined,
    settings,
    settingsFrom: file === "-" ? "the settings given" : file,
    replace: flags.replace,
  });
  if (!flags.json) sayPlan(preparation, flags.yes === true);
  if (!flags.yes) {
    if (flags.json) console.log(JSON.stringify(reportOf(preparation, "planned")));
    return;
  }
  const keys = makeKeys(preparation, flags);
  const done: Step[] = [];
  try {
    await carryOut(preparation, {
      keys,
      onStep: (step, state) => {
        if (state === "done") done.push(step);
        if (!flags.json) console.log(state === "begun" ? pc.dim(`… ${stepText(step)}`) : `${pc.green("done")}  ${stepText(step)}`);
      },
      onLine: (line) => flags.verbose && console.error(pc.dim(`  ${line}`)),
    });
  } catch (error) {
    if (flags.json && error instanceof StepFailed)
      console.log(
        JSON.stringify({
          ...reportOf(preparation, "failed"),
          done: done.map(described),
          failed: described(error.step),
          reason: error.message,
        }),
      );
    throw error;
  }
  const urls = await addressesNow(preparation);
  const health = flags.check ? await lookAtMesh(urls.worker, Number(flags.wait) * 1_000) : null;
  if (flags.json) console.log(JSON.stringify({ ...reportOf(preparation, "done"), urls, health }));
  else sayResult(preparation, urls, health);
  if (health && (!health.alive || health.missing.length > 0)) process.exitCode = 1;
}

/**
 * Values for the keys that are missing, kept where the person said before anything is changed: a run that dies leaves no key in use that nobody
 * knows, and a later run with the same file goes on with the same keys.
 */
function makeKeys({ toGenerate, request }: Preparation, flags: Flags): SettingValues {
  if (toGenerate.length === 0) return {};
  if (flags.saveKeys === undefined && !flags.printKeys) {
    const message = `will be generated: say where to with --save-keys <file> or --print-keys, or put your own into ${request.settingsFrom}`;
    throw new NotReady(toGenerate.map((path) => ({ path, message })));
  }
  const keys = Object.fromEntries(toGenerate.map((name) => [name, generateKey()]));
  const lines = Object.entries(keys).map(([name, value]) => `${name}=${value}\n`);
  if (flags.saveKeys !== undefined) append(flags.saveKeys, lines.join(""));
  else process.stderr.write(`${pc.bold("Keep these; they are shown only now:")}\n${lines.join("")}`);
  return keys;
}

/** Appends to a file only this user can read, and has it on the disk when it returns. */
function append(path: string, text: string): void {
  const descriptor = openSync(resolve(path), "a", 0o600);
  try {
    fchmodSync(descriptor, 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function sayPlan({ request, account, steps, warnings, toGenerate }: Preparation, doing: boolean): void {
  console.log(`${pc.bold(request.environment)} in account ${account}`);
  for (const warning of warnings) console.log(`${pc.yellow("note")}  ${warning}`);
  if (steps.length === 0) console.log("Nothing to do: everything is as wanted.");
  if (doing) return;
  for (const name of toGenerate) console.log(`      generate ${name}`);
  for (const step of steps) console.log(`      ${stepText(step)}`);
  if (steps.length > 0) console.log(`\nNothing was changed. With --yes it is done.`);
}

/** A Pages project that was only made now may have got a suffix to its name. */
async function addressesNow({ api, configurations, settings, urls }: Preparation): Promise<Preparation["urls"]> {
  const project = await api.pagesProject(configurations.pages.name);
  const isOwn = settings.DASHBOARD_URL === undefined || settings.DASHBOARD_URL === `https://${configurations.pages.name}.pages.dev`;
  return project && isOwn ? { ...urls, dashboard: `https://${project.subdomain}` } : urls;
}

function sayResult({ steps }: Preparation, urls: Preparation["urls"], health: MeshHealth | null): void {
  if (health && !health.alive) console.log(`${pc.red("fault")} ${urls.worker}/healthz does not answer`);
  for (const { path, message } of health?.missing ?? []) console.log(`${pc.red("fault")} ${path}: ${message}`);
  if (health?.alive && health.missing.length === 0) console.log(`${pc.green("ready")} ${urls.worker}`);
  console.log(`\nWorker     ${urls.worker}`);
  console.log(`webhooks   ${urls.worker}/webhooks/github/…  (made for each project when it is onboarded)`);
  console.log(`dashboard  ${urls.dashboard}`);
  if (steps.length > 0) console.log(`\nNext: mesh login --url ${urls.worker}, then mesh onboard owner/name`);
}

function reportOf({ request, account, steps, warnings, toGenerate, urls }: Preparation, state: "planned" | "done" | "failed"): object {
  return { environment: request.environment, account, state, steps: steps.map(described), generate: toGenerate, warnings, urls };
}

function described(step: Step): object {
  return { ...step, text: stepText(step) };
}

interface RollbackFlags {
  env: EnvironmentName;
  yes?: true;
  json?: true;
  message: string;
}

async function rollBackNow(version: string | undefined, flags: RollbackFlags): Promise<void> {
  const request: RollbackRequest = {
    root,
    environment: flags.env,
    login: loginFromEnvironment(),
    account: process.env.CLOUDFLARE_ACCOUNT_ID || undefined,
    version,
  };
  const planned = await planRollback(request);
  const { worker, dashboard } = planned.plan;
  if (!flags.json) {
    console.log(`Worker     ${worker.name}: ${worker.from} → ${worker.to}`);
    console.log(dashboard ? `dashboard  ${dashboard.name}: ${dashboard.from} → ${dashboard.to}` : "dashboard  stays");
  }
  if (flags.yes) {
    try {
      await rollBack(planned, request, flags.message, () => undefined);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}\nTo go on: mesh deploy rollback ${worker.to} --env ${flags.env} --yes`, { cause: error });
    }
  }
  if (flags.json) console.log(JSON.stringify({ environment: flags.env, state: flags.yes ? "done" : "planned", ...planned.plan }));
  else console.log(flags.yes ? "Done. The database stays as it is." : "\nNothing was changed. With --yes it is done.");
}

/** What went wrong, in the command's own form: why, and what to do. */
function failed(environment: EnvironmentName): (error: unknown) => never {
  return (error) => {
    if (error instanceof NotReady)
      throw new Failure({ exitCode: exitCodes.usage, reason: "not-ready", message: error.message, issues: error.issues });
    if (error instanceof StepFailed)
      throw new Failure({
        exitCode: exitCodes.failed,
        reason: "step-failed",
        message: error.message,
        fix: [`mesh deploy --env ${environment} --yes, with the same flags, goes on from here`],
      });
    if (!(error instanceof CloudflareError)) throw error;
    const { message, isRefusal, isAway } = error;
    const fix = isRefusal ? ["CLOUDFLARE_API_TOKEN is wrong, or may not do this: docs/operations.md lists its permissions"] : [];
    const exitCode = isRefusal ? exitCodes.unauthorized : isAway ? exitCodes.unreachable : exitCodes.failed;
    throw new Failure({ exitCode, reason: "cloudflare", message, fix });
  };
}

function loginFromEnvironment(): CloudflareLogin {
  const token = process.env.CLOUDFLARE_API_TOKEN;
  if (!token)
    throw new NotReady([
      { path: "CLOUDFLARE_API_TOKEN", message: "is not set: make a token as docs/operations.md says, and set it in the environment" },
    ]);
  const baseUrl = process.env.CLOUDFLARE_API_BASE_URL || "https://api.cloudflare.com/client/v4";
  return { token, baseUrl: baseUrl.replace(/\/+$/, "") };
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
