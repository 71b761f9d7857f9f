import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { migrate } from "../../drizzle/migrate.ts";
import { renderConfiguration } from "./environment.ts";
import { standInForFunctions } from "./pages-functions.ts";
import { stepText, type Step } from "./plan.ts";
import type { Preparation } from "./preparation.ts";
import { privateFolder } from "./private-folder.ts";
import type { SettingValues } from "./settings.ts";
import { nodeFor, runWrangler, WranglerFailed } from "./wrangler.ts";

/** A step failed. What was done before it holds, and deploying again goes on from there. */
export class StepFailed extends Error {
  override name = "StepFailed";
  readonly step: Step;
  readonly done: readonly Step[];
  constructor(step: Step, done: readonly Step[], cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const held = done.length === 0 ? "Nothing was changed before it" : `Done before it, and holding: ${done.map(stepText).join("; ")}`;
    super(`Could not ${stepText(step)}.\n${reason}\n\n${held}.`, { cause });
    this.step = step;
    this.done = done;
  }
}

export interface CarryOutOptions {
  /** Values for the keys in `toGenerate`, already shown or saved where the person said. */
  readonly keys: SettingValues;
  readonly onStep: (step: Step, state: "begun" | "done") => void;
  readonly onLine: (line: string) => void;
}

/** The branch whose deployments are production's, in every environment's Pages project. */
const productionBranch = "main";

/**
 * Carries out a plan, step by step. Secrets lie only in files of a folder that nobody else can read, while wrangler runs. Throws `StepFailed`.
 */
export async function carryOut(preparation: Preparation, options: CarryOutOptions): Promise<void> {
  const folder = privateFolder();
  const done: Step[] = [];
  try {
    const work = new Work(preparation, options, folder.path);
    for (const step of preparation.steps) {
      options.onStep(step, "begun");
      try {
        await work.carryOut(step);
      } catch (error) {
        throw new StepFailed(step, done, error);
      }
      done.push(step);
      options.onStep(step, "done");
    }
  } finally {
    folder.remove();
  }
}

class Work {
  readonly #preparation: Preparation;
  readonly #options: CarryOutOptions;
  readonly #folder: string;
  #settings: SettingValues;

  constructor(preparation: Preparation, options: CarryOutOptions, folder: string) {
    this.#preparation = preparation;
    this.#options = options;
    this.#folder = folder;
    this.#settings = { ...preparation.settings, ...options.keys };
  }

  async carryOut(step: Step): Promise<void> {
    const { api } = this.#preparation;
    switch (step.kind) {
      case "create-queue":
        return api.createQueue(step.name);
      case "create-bucket":
        return api.createBucket(step.name);
      case "create-dashboard":
        await api.createPagesProject(step.name, productionBranch);
        return this.#learnDashboard(step.name);
      case "migrate-database":
        return this.#migrate();
      case "deploy-worker":
        return this.#deployWorker(step.secrets);
      case "deploy-dashboard":
        return this.#deployDashboard(step.name, step.secrets);
    }
  }

  /** A project's address carries a suffix where its name was taken by someone else's. */
  async #learnDashboard(name: string): Promise<void> {
    const { request, settings } = this.#preparation;
    if (request.settings.DASHBOARD_URL !== undefined || settings.DASHBOARD_URL === undefined) return;
    const project = await this.#preparation.api.pagesProject(name);
    if (project) this.#settings = { ...this.#settings, DASHBOARD_URL: `https://${project.subdomain}` };
  }

  async #migrate(): Promise<void> {
    const { DATABASE_URL: url, DATABASE_FETCH_ENDPOINT: endpoint } = this.#settings;
    if (url === undefined) throw new Error("DATABASE_URL is missing");
    await migrate(url, endpoint);
  }

  /** Code and settings arrive as one version: there is never one without the other. */
  async #deployWorker(secrets: readonly string[]): Promise<void> {
    const { configurations, request, wanted } = this.#preparation;
    const cwd = this.#subfolder("worker");
    writeFileSync(
      join(cwd, "wrangler.toml"),
      renderConfiguration({ ...configurations.worker, main: join(request.root, configurations.worker.main) }),
    );
    const args = ["deploy", "--config", "wrangler.toml", "--tag", wanted.worker.fingerprint, "--message", await this.#message()];
    if (secrets.length === 0) return this.#wrangler(cwd, args);
    const file = join(cwd, "secrets.json");
    writeFileSync(file, JSON.stringify(this.#values(secrets)), { mode: 0o600 });
    try {
      await this.#wrangler(cwd, [...args, "--secrets-file", file]);
    } finally {
      rmSync(file, { force: true });
    }
  }

  async #deployDashboard(name: string, secrets: readonly string[]): Promise<void> {
    const { configurations, request, wanted } = this.#preparation;
    await this.#build();
    const cwd = this.#subfolder("pages");
    const output = relative(cwd, join(request.root, "pages", configurations.pages.pages_build_output_dir));
    writeFileSync(join(cwd, "wrangler.toml"), renderConfiguration({ ...configurations.pages, pages_build_output_dir: output }));
    standInForFunctions(join(request.root, "pages/functions"), join(cwd, "functions"));
    if (secrets.length > 0)
      await this.#wrangler(cwd, ["pages", "secret", "bulk", "--project-name", name], JSON.stringify(this.#values(secrets)));
    // The message is how a later run knows what is deployed.
    const message = `${wanted.dashboard.fingerprint} ${await this.#message()}`;
    const commit = await gitCommit(request.root);
    await this.#wrangler(cwd, [
      ...["pages", "deploy", "--project-name", name, "--branch", productionBranch, "--commit-message", message],
      ...(commit ? ["--commit-hash", commit] : []),
      "--commit-dirty=true",
      // Wrangler may turn a new project into a Worker; this one has functions of its own.
      "--force",
    ]);
  }

  async #build(): Promise<void> {
    const { root } = this.#preparation.request;
    const vite = spawn(nodeFor(root), [join(root, "node_modules/vite/bin/vite.js"), "build", "pages", "--logLevel", "warn"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    for (const stream of [vite.stdout, vite.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk.toString("utf8")));
    const [code] = (await once(vite, "close")) as [number | null];
    if (code !== 0) throw new WranglerFailed(`the dashboard could not be built (${code}):\n${said.join("")}`);
  }

  #values(names: readonly string[]): SettingValues {
    return Object.fromEntries(
      names.map((name) => {
        const value = this.#settings[name];
        if (value === undefined) throw new Error(`there is no value for ${name}`);
        return [name, value];
      }),
    );
  }

  async #wrangler(cwd: string, args: readonly string[], input?: string): Promise<void> {
    const { request, account } = this.#preparation;
    const { token, baseUrl } = request.login;
    const addresses = ["PUBLIC_URL", "DASHBOARD_URL"];
    const secrets = [token, ...Object.entries(this.#settings).flatMap(([name, value]) => (addresses.includes(name) ? [] : [value]))];
    const { root } = request;
    const { onLine } = this.#options;
    await runWrangler({ root, cwd, args, token, account, baseUrl, secrets, onLine, ...(input === undefined ? {} : { input }) });
  }

  /** What a person reads in Cloudflare's list of deployments. */
  async #message(): Promise<string> {
    const commit = await gitCommit(this.#preparation.request.root);
    return commit ? `mesh deploy of ${commit.slice(0, 12)}` : "mesh deploy";
  }

  #subfolder(name: string): string {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

async function gitCommit(root: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)("git", ["rev-parse", "HEAD"], { cwd: root });
    return stdout.trim();
  } catch {
    return null;
  }
}
