import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Issue } from "../../core/result.ts";
import { check } from "../../drizzle/migrate.ts";
import { CloudflareApi, accountsOf, type CloudflareLogin } from "./cloudflare-api.ts";
import {
  addressOf,
  configurationFaults,
  configurationsOf,
  queuesOf,
  renderConfiguration,
  type Configurations,
  type EnvironmentName,
} from "./environment.ts";
import { dashboardSources, fingerprintOf, workerSources } from "./fingerprint.ts";
import { stepsLeft, type Present, type Step, type Wanted } from "./plan.ts";
import { dashboardSettings, generatedKeys, settingFaults, type SettingValues } from "./settings.ts";
import { survey } from "./survey.ts";

/** What a deployment is asked for. */
export interface DeployRequest {
  readonly root: string;
  readonly environment: EnvironmentName;
  readonly login: CloudflareLogin;
  /** The account's id; needed only where the token reaches several. */
  readonly account: string | undefined;
  /** As in the environment's file; those of keys that were generated earlier may be among them. */
  readonly settings: SettingValues;
  /** Where the settings come from, for messages. */
  readonly settingsFrom: string;
  /** Names of keys whose given value replaces the present one. */
  readonly replace: readonly string[];
}

/** All that is known before anything is changed. */
export interface Preparation {
  readonly request: DeployRequest;
  readonly api: CloudflareApi;
  readonly account: string;
  readonly configurations: Configurations;
  readonly present: Present;
  readonly wanted: Wanted;
  readonly steps: readonly Step[];
  /** The given settings, and those Cloudflare's own addresses give. */
  readonly settings: SettingValues;
  /** Keys that neither the Worker nor the settings have. */
  readonly toGenerate: readonly string[];
  /** Where the mesh answers: as the settings say, else at Cloudflare's own addresses. */
  readonly urls: { readonly worker: string; readonly dashboard: string };
  readonly warnings: readonly string[];
}

/** Something is missing or wrong, and nothing was changed; each issue names what and how to mend it. */
export class NotReady extends Error {
  override name = "NotReady";
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super("Not ready to deploy; nothing was changed.");
    this.issues = issues;
  }
}

/** Checks everything that can be checked and plans what is left to do; changes nothing. Throws `NotReady` with all that is in the way. */
export async function prepare(request: DeployRequest): Promise<Preparation> {
  const { root, environment, login } = request;
  const files = {
    worker: readFileSync(join(root, "wrangler.toml"), "utf8"),
    pages: readFileSync(join(root, "pages/wrangler.toml"), "utf8"),
  };
  const configurations = configurationsOf(environment, files);
  const { worker, pages } = configurations;
  const { account, api } = await reachAccount(login, request.account);
  const issues: Issue[] = configurationFaults(configurations).map((message) => ({ path: "wrangler.toml", message }));
  const database = await databaseState(request.settings);
  issues.push(...database.issues);
  const present = await survey(api, configurations, database.pending);
  const there = present.worker?.secrets ?? new Set<string>();
  const [subdomain, project] = await Promise.all([api.subdomain(), api.pagesProject(pages.name)]);
  if (subdomain === null) issues.push({ path: "workers.dev", message: noSubdomain(account) });
  const own = {
    PUBLIC_URL: addressOf(worker, subdomain) ?? "",
    DASHBOARD_URL: `https://${project?.subdomain ?? `${pages.name}.pages.dev`}`,
  };
  const left = Object.entries(own).filter(([name]) => request.settings[name] === undefined && !there.has(name));
  const settings: SettingValues = { ...Object.fromEntries(left), ...request.settings };
  const toGenerate = generatedKeys.filter((name) => !there.has(name) && settings[name] === undefined);
  const complete = { ...settings, ...Object.fromEntries(toGenerate.map((name) => [name, "to be generated, and long enough"])) };
  const faults = settingFaults(complete, there);
  issues.push(...faults.map(({ path, message }) => ({ path, message: `${message} (in ${request.settingsFrom})` })));
  issues.push(...masterKeyFaults(request, present));
  for (const name of request.replace)
    if (request.settings[name] === undefined)
      issues.push({ path: name, message: `is to be replaced, and ${request.settingsFrom} has no value for it` });
  if (issues.length > 0) throw new NotReady(issues);
  const wanted = wantedOf(request, configurations, settings);
  return {
    request,
    api,
    account,
    configurations,
    present,
    wanted,
    steps: stepsLeft(present, wanted),
    settings,
    toGenerate,
    urls: { worker: settings.PUBLIC_URL ?? own.PUBLIC_URL, dashboard: settings.DASHBOARD_URL ?? own.DASHBOARD_URL },
    warnings: [
      ...database.warnings,
      ...(await gitWarnings(root)),
      ...(settings.ALLOW_PRIVATE_ADDRESSES ? ["ALLOW_PRIVATE_ADDRESSES is meant for a mesh on one machine"] : []),
      ...[...there]
        .filter((name) => !isWanted(name, wanted))
        .map((name) => `${name} is set at Cloudflare and not in ${request.settingsFrom}: it stays`),
    ],
  };
}

/** The account to deploy to: the one named, or the only one the token reaches. */
export async function reachAccount(login: CloudflareLogin, account: string | undefined): Promise<{ account: string; api: CloudflareApi }> {
  if (account !== undefined) return { account, api: new CloudflareApi(login, account) };
  const accounts = await accountsOf(login);
  const [only] = accounts;
  if (only && accounts.length === 1) return { account: only.id, api: new CloudflareApi(login, only.id) };
  const named = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new NotReady([
    { path: "CLOUDFLARE_ACCOUNT_ID", message: accounts.length === 0 ? "the token reaches no account" : `set it to one of ${named}` },
  ]);
}

function wantedOf(request: DeployRequest, { worker, pages }: Configurations, settings: SettingValues): Wanted {
  const given = Object.fromEntries(Object.entries(request.settings).filter(([name]) => !isGenerated(name)));
  const forDashboard = Object.fromEntries(
    dashboardSettings.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])),
  );
  return {
    queues: queuesOf(worker),
    consumers: worker.queues.consumers,
    buckets: worker.r2_buckets.map(({ bucket_name: name }) => name),
    workflows: worker.workflows.map(({ name }) => name),
    crons: worker.triggers.crons,
    worker: { name: worker.name, fingerprint: fingerprintOf(request.root, workerSources, renderConfiguration(worker), given) },
    settings: Object.keys(settings).filter((name) => !isGenerated(name)),
    keys: generatedKeys,
    replaced: request.replace,
    dashboard: {
      name: pages.name,
      fingerprint: fingerprintOf(request.root, dashboardSources, renderConfiguration(pages), forDashboard),
      secrets: Object.keys(forDashboard),
    },
  };
}

/** The Vault is read with the key it was sealed with, or with the one before it; with neither its secrets are lost. */
function masterKeyFaults({ settings, settingsFrom, replace }: DeployRequest, { worker }: Present): Issue[] {
  if (!worker) return [];
  const path = "MASTER_KEY";
  if (!worker.secrets.has(path) && settings.MASTER_KEY === undefined)
    return [
      {
        path,
        message: `is missing from a Worker that may have sealed its Vault with one: put the value you kept into ${settingsFrom}, or a new one if it never had any`,
      },
    ];
  if (worker.secrets.has(path) && replace.includes(path) && settings.MASTER_KEY_PREVIOUS === undefined)
    return [
      {
        path,
        message: `is to be replaced: put the present one into ${settingsFrom} as MASTER_KEY_PREVIOUS, or the Vault's secrets are lost`,
      },
    ];
  return [];
}

function isGenerated(name: string): boolean {
  return (generatedKeys as readonly string[]).includes(name);
}

function isWanted(name: string, wanted: Wanted): boolean {
  return wanted.settings.includes(name) || wanted.keys.includes(name) || name === "PUBLIC_URL" || name === "DASHBOARD_URL";
}

function noSubdomain(account: string): string {
  return `the account has no workers.dev subdomain, which Workflows need: make one at https://dash.cloudflare.com/${account}/workers/onboarding`;
}

interface DatabaseState {
  readonly pending: readonly string[];
  readonly issues: readonly Issue[];
  readonly warnings: readonly string[];
}

/** Migrations only add, so a database that is ahead of the code goes on working with it. */
async function databaseState(settings: SettingValues): Promise<DatabaseState> {
  const url = settings.DATABASE_URL;
  if (url === undefined)
    return { pending: [], issues: [{ path: "DATABASE_URL", message: "is needed to migrate the database" }], warnings: [] };
  try {
    const { pending, drift } = await check(url, settings.DATABASE_FETCH_ENDPOINT);
    const ahead = drift.filter((difference) => /not in this version/.test(difference));
    const broken = drift.filter((difference) => !ahead.includes(difference));
    return { pending, issues: broken.map((message) => ({ path: "DATABASE_URL", message })), warnings: ahead };
  } catch (error) {
    // The driver's own words may quote the connection string.
    const { code } = (error instanceof Error ? (error.cause ?? error) : {}) as { code?: string };
    const message = code?.startsWith("28") ? "the database refuses the login" : "the database cannot be reached";
    return { pending: [], issues: [{ path: "DATABASE_URL", message }], warnings: [] };
  }
}

async function gitWarnings(root: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)("git", ["status", "--porcelain"], { cwd: root });
    return stdout.trim() === "" ? [] : ["the working tree has changes that are not committed; they are deployed too"];
  } catch {
    return ["this is not a git checkout: what is deployed cannot be told from its commit"];
  }
}
