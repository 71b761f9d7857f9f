import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { commandLine, descendants, own, type OwnedProcess } from "./processes.ts";

/** The Worker and the dashboard in one wrangler process. */
export interface RunningWrangler {
  /** The dashboard's address; the Worker's routes are under `/api`. */
  readonly url: string;
  /** Pid of the workerd process that runs the Worker and its objects; undefined while there is none. Wrangler has a second one as its proxy. */
  runtime(): number | undefined;
  /** How often wrangler itself had to be started again, because it did not recover. */
  readonly restarts: number;
  /** How often the Worker was asked, and answered, whether it is there: requests that nobody but this machine makes. */
  readonly looks: number;
  stop(): Promise<void>;
}

/** Wrangler restarts a killed runtime within seconds; one that is silent for longer than this does not recover. */
const silentMs = 15_000;

export interface WranglerOptions {
  readonly root: string;
  /** Generated configuration and wrangler's storage. */
  readonly dir: string;
  readonly port: number;
  /** Settings and secrets of the Worker; written to a file only this user can read. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/**
 * Starts `wrangler pages dev` with the project's own two configurations, copied to `dir` so that their settings stand beside them and
 * a developer's `.dev.vars` is left alone.
 */
export async function startWrangler(options: WranglerOptions): Promise<RunningWrangler> {
  const worker = join(options.dir, "worker");
  const pages = join(options.dir, "pages");
  await writeConfiguration(options, worker, pages);
  const url = `http://127.0.0.1:${options.port}`;
  let child = await startOnce(options, worker, pages, url);
  let restarts = 0;
  let looks = 0;
  let stopped = false;
  const supervisor = (async () => {
    for (let lastAnswer = Date.now(); !stopped; await delay(1_000)) {
      if (await answers(`${url}/api/healthz`)) {
        looks += 1;
        lastAnswer = Date.now();
      }
      if (stopped || Date.now() - lastAnswer < silentMs) continue;
      options.log("silent for too long, started again");
      await child.stop();
      child = await startOnce(options, worker, pages, url);
      restarts += 1;
      lastAnswer = Date.now();
    }
  })();
  supervisor.catch((error: unknown) => options.log(`could not be started again: ${String(error)}`));
  return {
    url,
    get restarts() {
      return restarts;
    },
    get looks() {
      return looks;
    },
    // The proxy listens on our port, the runtime on one of its own.
    runtime: () => descendants(child.pid, "workerd").find((pid) => !commandLine(pid).includes(`entry=127.0.0.1:${options.port}`)),
    async stop() {
      stopped = true;
      await supervisor.catch(() => undefined);
      await child.stop();
    },
  };
}

async function startOnce(options: WranglerOptions, worker: string, pages: string, url: string): Promise<OwnedProcess> {
  const child = own(
    join(options.root, "node_modules/.bin/node"),
    [
      join(options.root, "node_modules/wrangler/bin/wrangler.js"),
      "pages",
      "dev",
      "-c",
      "wrangler.toml",
      "-c",
      join(worker, "wrangler.toml"),
      "--ip",
      "127.0.0.1",
      "--port",
      String(options.port),
      "--inspector-port",
      "0",
      "--persist-to",
      join(options.dir, "state"),
      "--show-interactive-dev-session=false",
    ],
    {
      cwd: pages,
      env: {
        ...process.env,
        CI: "1",
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: join(options.dir, "logs"),
        // Else Workers of the same name on this machine find each other: two meshes beside each other would share one.
        WRANGLER_REGISTRY_PATH: join(options.dir, "registry"),
      },
      onLine: options.log,
    },
  );
  const gone = child.ended.then((code) => {
    throw new Error(`wrangler ended with ${code} before the mesh answered`);
  });
  gone.catch(() => undefined);
  try {
    await Promise.race([answering(`${url}/api/healthz`, 120_000), gone]);
    return child;
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Waits until a URL answers 200. */
export async function answering(url: string, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    if (await answers(url)) return;
    await delay(250);
  }
  throw new Error(`${url} did not answer 200 within ${limitMs / 1_000} s`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function writeConfiguration(options: WranglerOptions, worker: string, pages: string): Promise<void> {
  await mkdir(worker, { recursive: true });
  await mkdir(pages, { recursive: true });
  const workerConfig = await readFile(join(options.root, "wrangler.toml"), "utf8");
  const pagesConfig = await readFile(join(options.root, "pages/wrangler.toml"), "utf8");
  const main = relative(worker, join(options.root, "workers/index.ts"));
  const dist = relative(pages, join(options.root, "pages/dist"));
  await writeFile(join(worker, "wrangler.toml"), workerConfig.replace(/^main = .*$/m, `main = ${JSON.stringify(main)}`));
  await writeFile(
    join(pages, "wrangler.toml"),
    pagesConfig.replace(/^pages_build_output_dir = .*$/m, `pages_build_output_dir = ${JSON.stringify(dist)}`),
  );
  const functions = join(pages, "functions");
  await rm(functions, { force: true });
  await symlink(relative(pages, join(options.root, "pages/functions")), functions);
  await writeVars(join(worker, ".dev.vars"), options.settings);
  const { DATABASE_URL, DATABASE_FETCH_ENDPOINT } = options.settings;
  await writeVars(join(pages, ".dev.vars"), {
    ...(DATABASE_URL ? { DATABASE_URL } : {}),
    ...(DATABASE_FETCH_ENDPOINT ? { DATABASE_FETCH_ENDPOINT } : {}),
  });
}

/** dotenv form: https://developers.cloudflare.com/workers/configuration/secrets/#local-development-with-secrets */
async function writeVars(path: string, vars: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  await rm(path, { force: true });
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
}
