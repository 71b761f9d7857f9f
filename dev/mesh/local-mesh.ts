import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runnerCapabilities } from "../../core/protocol/runner-work.ts";
import { migrate } from "../../drizzle/migrate.ts";
import { startApp } from "../app/start-app.ts";
import { demoTopic } from "../demo/person.ts";
import { demoApp, demoBoards, seedGitHub } from "../demo/seed-github.ts";
import { startGitHub, type GitHubStandIn } from "../github/start-github.ts";
import { startLiteLlm, type LiteLlm } from "../litellm/start-litellm.ts";
import { startModel } from "../model/start-model.ts";
import { startNeon } from "../neon/start-neon.ts";
import { startNtfy } from "../ntfy/start-ntfy.ts";
import { freePort } from "./free-port.ts";
import { startLocalRunner, type LocalRunner, type RunnerChoices } from "./local-runner.ts";
import { MeshClient } from "./mesh-client.ts";
import { localSecrets, madeSecrets, ownSettings } from "./secrets.ts";
import { buildDashboard } from "./build-dashboard.ts";
import { startWrangler, type RunningWrangler } from "./wrangler.ts";

export interface LocalMeshOptions {
  readonly root: string;
  /** Where everything is kept; `.mesh` of the checkout usually. */
  readonly dataDir: string;
  /** Forget what an earlier start left. */
  readonly fresh: boolean;
  /** First port to try for the dashboard; the stand-ins take those above. */
  readonly port: number;
  readonly log: (line: string) => void;
  /** How often the cron's work is done, in milliseconds; wrangler fires no cron for the second configuration. */
  readonly reconcileMs?: number;
  /** Without a runner tasks for coding agents wait. */
  readonly runner?: boolean;
  /** Board automations of the organisation's board. */
  readonly automations?: boolean;
  /** With a LiteLLM stand-in, so that projects have keys and budgets of their own. */
  readonly litellm?: boolean;
  /** More settings of the Worker. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A whole mesh on this machine: Worker, dashboard, stand-ins, and a runner with the real Claude Code. */
export interface LocalMesh {
  readonly url: string;
  readonly client: MeshClient;
  readonly github: GitHubStandIn;
  readonly neon: Awaited<ReturnType<typeof startNeon>>;
  readonly ntfy: Awaited<ReturnType<typeof startNtfy>>;
  readonly model: Awaited<ReturnType<typeof startModel>>;
  readonly app: Awaited<ReturnType<typeof startApp>>;
  /** Only with the option `litellm`. */
  readonly litellm: LiteLlm | null;
  readonly wrangler: RunningWrangler;
  readonly operatorToken: string;
  /** What it was started with, and the tokens its runners were given since: whatever must be found nowhere but where it was put. */
  readonly secrets: readonly { readonly name: string; readonly value: string }[];
  /** False with a GitHub of the developer's own in `.dev.vars`. */
  readonly demonstration: boolean;
  /** Which parts are stand-ins and which are real, one line each. */
  readonly parts: readonly string[];
  startRunner(id?: string, choices?: RunnerChoices): Promise<LocalRunner>;
  readonly runners: readonly LocalRunner[];
  stop(): Promise<void>;
}

/** Starts everything in order; when a part fails, what was started is ended again. */
export async function startLocalMesh(options: LocalMeshOptions): Promise<LocalMesh> {
  if (options.fresh) rmSync(options.dataDir, { recursive: true, force: true });
  mkdirSync(options.dataDir, { recursive: true, mode: 0o755 });
  const endings: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed())
      await end().catch((error: unknown) => options.log(`while stopping: ${String(error)}`));
  };
  try {
    return await assemble(options, endings, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(options: LocalMeshOptions, endings: (() => Promise<void>)[], stop: () => Promise<void>): Promise<LocalMesh> {
  const { dataDir, root, log } = options;
  const secrets = localSecrets(dataDir);
  const own = ownSettings(root);
  const port = await freePort(options.port);
  const url = `http://127.0.0.1:${port}`;
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    endings.push(() => part.close());
    return part;
  };

  const neon = keep(await startNeon({ port: await freePort(port + 1), dataDir: join(dataDir, "pg") }));
  const github = keep(
    await startGitHub({
      port: await freePort(port + 2),
      dataDir: join(dataDir, "github"),
      seed: (seed) => seedGitHub(seed, secrets, options.automations ?? false),
    }),
  );
  const ntfy = keep(await startNtfy({ port: await freePort(port + 3) }));
  const model = keep(await startModel({ port: await freePort(port + 4) }));
  const litellm = options.litellm ? keep(await startLiteLlm({ port: await freePort(port + 6) })) : null;
  const repository = github.world.findRepository("acme", "todo-app");
  if (!repository) throw new Error("the demonstration's repository is missing from the GitHub stand-in");
  const app = keep(
    await startApp({ port: await freePort(port + 5), gitDir: github.world.gitDir(repository), branch: "main", pollMs: 300 }),
  );

  const database = own.DATABASE_URL
    ? { DATABASE_URL: own.DATABASE_URL, ...(own.DATABASE_FETCH_ENDPOINT ? { DATABASE_FETCH_ENDPOINT: own.DATABASE_FETCH_ENDPOINT } : {}) }
    : { DATABASE_URL: neon.url, DATABASE_FETCH_ENDPOINT: neon.fetchEndpoint };
  await migrate(database.DATABASE_URL, database.DATABASE_FETCH_ENDPOINT);
  await buildDashboard(root, log);

  const realGitHub = own.GITHUB_APP_ID !== undefined || own.GITHUB_TOKEN !== undefined;
  const settings: Record<string, string> = {
    OPERATOR_TOKEN: secrets.operatorToken,
    SIGNING_KEY: secrets.signingKey,
    MASTER_KEY: secrets.masterKey,
    PUBLIC_URL: `${url}/api`,
    DASHBOARD_URL: url,
    ...(realGitHub
      ? {}
      : {
          GITHUB_APP_ID: String(demoApp.id),
          GITHUB_PRIVATE_KEY: secrets.appPrivateKey,
          GITHUB_BOARD_TOKEN: secrets.boardToken,
          GITHUB_API_URL: github.url,
          GITHUB_URL: github.url,
          GITHUB_WRITE_SPACING_MS: "0",
        }),
    NTFY_URL: ntfy.url,
    NTFY_TOPIC: demoTopic,
    LLM_BASE_URL: model.openaiBaseUrl,
    LLM_API_KEY: "local",
    LLM_MODEL: "scripted",
    ALLOW_PRIVATE_ADDRESSES: "1",
    ...(litellm ? { LITELLM_URL: litellm.url, LITELLM_ADMIN_KEY: litellm.masterKey } : {}),
    ...options.settings,
    ...own,
    ...database,
  };
  const wrangler = await startWrangler({ root, dir: join(dataDir, "wrangler"), port, settings, log: (line) => log(`wrangler: ${line}`) });
  endings.push(() => wrangler.stop());

  const client = new MeshClient(`${url}/api`, settings.OPERATOR_TOKEN ?? secrets.operatorToken);
  const runners: LocalRunner[] = [];
  const given = madeSecrets(secrets);
  const startRunner = async (id = "local-1", more: RunnerChoices = {}): Promise<LocalRunner> => {
    const capabilities = ["planning", "implementation", "qa", ...Object.values(runnerCapabilities)];
    const { token } = await client.post<{ token: string }>("/agents", { id, capabilities, projects: "all" });
    given.push({ name: `token of ${id}`, value: token });
    const runner = startLocalRunner({
      root,
      id,
      token,
      url: `${url}/api`,
      dir: join(dataDir, "runners", id),
      modelUrl: model.url,
      slots: 2,
      log,
      ...more,
    });
    runners.push(runner);
    endings.push(() => runner.stop());
    return runner;
  };
  // With a GitHub of your own there is no demonstration: register your projects.
  if (!realGitHub) for (const board of demoBoards(app.url)) await client.post("/projects", board);
  if (options.runner !== false) await startRunner();
  endings.push(repeatReconcile(client, options.reconcileMs ?? 1_000, log));
  return {
    url,
    client,
    github,
    neon,
    ntfy,
    model,
    app,
    litellm,
    wrangler,
    operatorToken: secrets.operatorToken,
    secrets: given,
    demonstration: !realGitHub,
    parts: [
      `Worker, Durable Objects, Queues, R2   workerd on this machine (wrangler)`,
      `dashboard                             ${url}`,
      `database                              ${own.DATABASE_URL ? "your own" : `stand-in: PGlite behind the Neon protocol, ${neon.fetchEndpoint}`}`,
      `GitHub                                ${realGitHub ? (settings.GITHUB_API_URL ?? "https://api.github.com") : `stand-in: ${github.url}`}`,
      `notifications                         ${own.NTFY_URL ?? `stand-in: ${ntfy.url}/${demoTopic}`}`,
      `models of the mesh                    ${own.LLM_BASE_URL ?? `stand-in, scripted: ${model.openaiBaseUrl}`}`,
      `coding agent                          the real Claude Code; the model's words are scripted: ${model.url}`,
      `deployment of acme/todo-app           ${app.url}`,
    ],
    startRunner,
    runners,
    stop,
  };
}

/** Does what the cron would, one after the other. */
function repeatReconcile(client: MeshClient, everyMs: number, log: (line: string) => void): () => Promise<void> {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await client.post("/ops/reconcile?due=1", {}).catch((error: unknown) => log(`reconcile: ${String(error)}`));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    stopped = true;
    await loop;
  };
}
