import { Hono } from "hono";
import { z } from "zod";
import { createStandInApp, listen, StandInControl, type Call, type Fault, type StandInEnv } from "../stand-in/stand-in.ts";
import { addAccountRoutes } from "./account-routes.ts";
import { addPagesRoutes } from "./pages-routes.ts";
import { addQueueRoutes } from "./queue-routes.ts";
import { refuse, Refusal } from "./refusal.ts";
import { runVersion, type RunningVersion } from "./run-version.ts";
import { Account, deployedVersion, variablesOf, type Script } from "./state.ts";
import { addWorkerRoutes } from "./worker-routes.ts";

export interface CloudflareOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** The only API token that is let in. */
  token: string;
  accounts?: readonly { readonly id: string; readonly name: string; readonly subdomain: string | null }[];
  /** Names under pages.dev that others have. */
  takenNames?: readonly string[];
}

export interface Cloudflare {
  url: string;
  /** For `CLOUDFLARE_API_BASE_URL`. */
  apiUrl: string;
  accounts: ReadonlyMap<string, Account>;
  calls: readonly Call[];
  /** Where a deployed Worker answers. */
  addressOf(script: string): string;
  /** Plans a misbehaviour; see `faultSchema`. */
  plan(fault: Fault): void;
  close(): Promise<void>;
}

/**
 * The part of Cloudflare's API that wrangler and `mesh deploy` use, in memory: Workers with their versions and secrets, queues, buckets,
 * workflows, Pages. It refuses what Cloudflare refuses, with its codes where they are known. Point wrangler at it by `CLOUDFLARE_API_BASE_URL`.
 * `GET /__state` tells what there is, secrets by name only; under `/__workers/<name>/` the deployed version of a Worker answers, run by workerd.
 */
export async function startCloudflare(options: CloudflareOptions): Promise<Cloudflare> {
  const control = new StandInControl();
  const accounts = new Map(
    (options.accounts ?? [{ id: "account-1", name: "Acme", subdomain: "acme" }]).map(
      ({ id, name, subdomain }) => [id, new Account(id, name, subdomain)] as const,
    ),
  );
  const accountOf = (id: string): Account => {
    const account = accounts.get(id);
    if (!account) throw new Refusal(403, 10000, "Authentication error");
    return account;
  };
  const app = createStandInApp(control);
  app.onError((error, c) => {
    if (error instanceof Refusal) return refuse(c, error);
    if (error instanceof z.ZodError) return refuse(c, new Refusal(400, 10026, z.prettifyError(error)));
    if (error instanceof SyntaxError) return refuse(c, new Refusal(400, 10001, "the body is not JSON"));
    throw error;
  });
  app.notFound((c) => refuse(c, new Refusal(404, 7003, `Could not route to ${c.req.path}, perhaps your object identifier is invalid?`)));
  app.get("/__state", (c) => c.json([...accounts.values()].map(rendered)));
  app.use("/client/v4/*", async (c, next) => {
    // Files of a dashboard are uploaded with a token of their own.
    if (c.req.path.startsWith("/client/v4/pages/assets/")) return next();
    const given = c.req.header("authorization");
    if (given === undefined) throw new Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
    if (given !== `Bearer ${options.token}`) throw new Refusal(403, 10000, "Authentication error");
    return next();
  });
  addAccountRoutes(app, accounts, accountOf);
  addQueueRoutes(app, accountOf);
  addWorkerRoutes(app, accountOf);
  addPagesRoutes(app, accountOf, (name) => options.takenNames?.includes(name) ?? false);

  const running = new Map<string, Promise<RunningVersion>>();
  const runningOf = async (account: Account, script: Script): Promise<RunningVersion | undefined> => {
    const version = deployedVersion(script);
    const before = await running.get(script.name);
    if (!version || before?.id === version.id) return before;
    await before?.stop();
    const started = runVersion(account, script, version);
    running.set(script.name, started);
    return started;
  };
  // What goes wrong here is the Worker's, not the API's.
  const workers = new Hono<StandInEnv>().onError((error, c) => c.text(String(error), 502));
  workers.all("/__workers/:script/*", async (c) => {
    const name = c.req.param("script");
    for (const account of accounts.values()) {
      const script = account.scripts.get(name);
      const worker = script && (await runningOf(account, script));
      if (!worker) continue;
      const url = new URL(c.req.url);
      const path = url.pathname.slice(`/__workers/${name}`.length) + url.search;
      const hasBody = c.req.method !== "GET" && c.req.method !== "HEAD";
      return worker.fetch(path, { method: c.req.method, headers: c.req.raw.headers, body: hasBody ? await c.req.arrayBuffer() : null });
    }
    return c.text("There is nothing here yet", 404);
  });
  app.route("/", workers);

  const listening = await listen(app, options.port);
  return {
    url: listening.url,
    apiUrl: `${listening.url}/client/v4`,
    accounts,
    calls: control.calls,
    plan: (fault) => control.plan(fault),
    addressOf: (script) => `${listening.url}/__workers/${script}`,
    close: async () => {
      await Promise.all([...running.values()].map(async (worker) => (await worker).stop()));
      await listening.close();
    },
  };
}

function rendered(account: Account): object {
  const { id, name, queues, buckets, scripts, workflows, projects } = account;
  return {
    id,
    name,
    queues: [...queues.values()],
    buckets: [...buckets.keys()],
    workflows: [...workflows.values()],
    workers: [...scripts.values()].map((script) => {
      const version = deployedVersion(script);
      const { crons, versions } = script;
      return { name: script.name, crons, versions: versions.length, variables: version ? Object.keys(variablesOf(version)) : [] };
    }),
    projects: [...projects.values()].map(({ name: project, subdomain, deployments }) => ({
      project,
      subdomain,
      deployments: deployments.length,
    })),
  };
}
