import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createApi, isApiPath } from "./api.ts";
import { followAutomations } from "./automations.ts";
import { createCallLog, type CallLog } from "./call-log.ts";
import { controlRoutes } from "./control-routes.ts";
import { createFaults, type Faults } from "./faults.ts";
import { isGitPath, serveGit } from "./git-http.ts";
import { openJsonFile } from "./json-file.ts";
import { pageRoutes } from "./pages.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import type { Env } from "./rest/env.ts";
import { createSeed, type Seed } from "./seed.ts";
import { type Delivery, emptyState, type State } from "./state.ts";
import { startWebhooks, type Webhooks } from "./webhooks.ts";
import { World } from "./world.ts";

export interface GitHubOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Where state and repositories are kept; what is there already is gone on with. */
  dataDir: string;
  /** How others reach it, for the links it gives; `http://127.0.0.1:<port>` when left out. */
  publicUrl?: string;
  /** Fills a new data directory; not called when there is state already. */
  seed?: (seed: Seed) => void | Promise<void>;
}

/** A running stand-in for GitHub: API, git, webhooks and pages at one address. */
export interface GitHubStandIn {
  url: string;
  port: number;
  world: World;
  seed: Seed;
  calls: CallLog;
  faults: Faults;
  limits: RateLimits;
  webhooks: Webhooks;
  /** Stops answering, gives up deliveries on their way and writes the state. */
  close(): Promise<void>;
}

/** Starts the stand-in on 127.0.0.1. @throws when the port is taken. */
export async function startGitHub(options: GitHubOptions): Promise<GitHubStandIn> {
  const state = openJsonFile<State>(join(options.dataDir, "state.json"), emptyState);
  const deliveries = openJsonFile<Delivery[]>(join(options.dataDir, "deliveries.json"), () => []);
  const world = new World(state, options.dataDir, options.publicUrl ?? "");
  const webhooks = startWebhooks(world, deliveries);
  followAutomations(world);
  const parts = { world, webhooks, limits: createRateLimits(), faults: createFaults(), calls: createCallLog() };
  const listener = getRequestListener(routes(parts), { overrideGlobalObjects: false });

  const server = createServer((request, response) => {
    if (!isGitPath(pathOf(request))) return void listener(request, response);
    answerGit(parts, request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  world.publicUrl = options.publicUrl?.replace(/\/$/, "") ?? `http://127.0.0.1:${port}`;

  const seed = createSeed(world);
  const stop = async (): Promise<void> => {
    await webhooks.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  try {
    if (!state.existed) await options.seed?.(seed);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...parts,
    seed,
    port,
    url: world.publicUrl,
    async close() {
      await stop();
      state.flush();
      deliveries.flush();
    },
  };
}

type Parts = Pick<GitHubStandIn, "world" | "webhooks" | "limits" | "faults" | "calls">;

function routes(parts: Parts): Hono<Env>["fetch"] {
  const api = createApi(parts);
  const control = controlRoutes(parts.world, parts);
  const pages = pageRoutes(parts.world);
  return (request, env, context) => {
    const url = new URL(request.url);
    const { pathname } = url;
    const byId = pathname.match(/^\/repositories\/(\d+)\/(.+)$/);
    const moved = byId && parts.world.state.repositories.find(({ id }) => String(id) === byId[1]);
    if (byId && moved) {
      url.pathname = `/repos/${moved.owner}/${moved.name}/${byId[2]}`;
      return api.fetch(new Request(url, request), env, context);
    }
    const app = pathname.startsWith("/__") ? control : isApiPath(pathname) ? api : pages;
    return app.fetch(request, env, context);
  };
}

async function answerGit({ world, faults, calls }: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now();
  const path = pathOf(request);
  const method = request.method ?? "GET";
  const fault = faults.strike({ method, path });
  if (fault) await delay(fault.delayMs);
  let status = fault?.status ?? 200;
  let served: Awaited<ReturnType<typeof serveGit>> | undefined;
  if (fault?.drop) request.socket.destroy();
  else if (fault?.status !== undefined)
    response.writeHead(fault.status, fault.headers).end(typeof fault.body === "string" ? fault.body : "");
  else {
    served = await serveGit(world, request, response);
    status = served.status;
  }
  calls.add({
    at: new Date().toISOString(),
    method,
    path,
    query: (request.url ?? "").slice(path.length),
    status,
    tokenKind: served?.actor?.kind ?? "anonymous",
    login: served?.actor?.login ?? "",
    durationMs: Math.round(performance.now() - started),
    ...(fault ? { faulted: true as const } : {}),
  });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}
