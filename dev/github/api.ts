import { Hono } from "hono";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { setTimeout as delay } from "node:timers/promises";
import { ANONYMOUS } from "./access.ts";
import { authenticate } from "./authenticate.ts";
import type { CallLog } from "./call-log.ts";
import type { Fault, Faults } from "./faults.ts";
import { operationName, runGraphQL, type GraphQLRequest } from "./graphql/run-graphql.ts";
import { rateLimitHeaders, type RateLimits } from "./rate-limits.ts";
import { Refusal } from "./refusal.ts";
import { accountRoutes } from "./rest/account-routes.ts";
import { appRoutes } from "./rest/app-routes.ts";
import { boardRoutes } from "./rest/board-routes.ts";
import { checkRoutes } from "./rest/check-routes.ts";
import type { Env } from "./rest/env.ts";
import { gitRoutes } from "./rest/git-routes.ts";
import { hookRoutes } from "./rest/hook-routes.ts";
import { issueRoutes } from "./rest/issue-routes.ts";
import { pullRoutes } from "./rest/pull-routes.ts";
import { redirectRoutes } from "./rest/redirect-routes.ts";
import { repositoryRoutes } from "./rest/repository-routes.ts";
import type { Webhooks } from "./webhooks.ts";
import type { World } from "./world.ts";

export interface ApiParts {
  world: World;
  limits: RateLimits;
  webhooks: Webhooks;
  faults: Faults;
  calls: CallLog;
}

const API_PATH =
  /^\/(?:repos|repositories|user|app|installation|rate_limit|graphql)(?:\/|$)|^\/(?:users|orgs)\/[^/]+(?:$|\/(?!projects\/))/;

/** Whether a path belongs to the API, and not to a page for people. */
export function isApiPath(path: string): boolean {
  return API_PATH.test(path);
}

/** What api.github.com answers: REST and GraphQL, with faults, rate limits and the call log around them. */
export function createApi({ world, limits, webhooks, faults, calls }: ApiParts): Hono<Env> {
  const app = new Hono<Env>();

  app.use(async (c, next) => {
    c.set("actor", ANONYMOUS);
    const started = performance.now();
    const asked =
      c.req.path === "/graphql" ? await c.req.json<Partial<GraphQLRequest>>().catch(() => ({}) as Partial<GraphQLRequest>) : undefined;
    const operation = asked && operationName(asked);
    const fault = faults.strike({ method: c.req.method, path: c.req.path, operation });
    if (fault) await delay(fault.delayMs);
    const replaced = fault && replacement(fault);
    if (fault?.after || !(replaced || fault?.drop)) await next();
    if (replaced) c.res = replaced;
    const { kind, login } = c.get("actor");
    calls.add({
      at: new Date().toISOString(),
      method: c.req.method,
      path: c.req.path,
      query: new URL(c.req.url).search,
      ...(operation === undefined ? {} : { operation }),
      ...(asked?.variables ? { variables: asked.variables } : {}),
      status: fault?.drop ? 0 : c.res.status,
      tokenKind: kind,
      login,
      durationMs: Math.round(performance.now() - started),
      ...(fault ? { faulted: true as const } : {}),
    });
    if (!fault?.drop) return;
    c.env.incoming.socket.destroy();
    c.res = RESPONSE_ALREADY_SENT;
  });

  app.use(async (c, next) => {
    const graphql = c.req.path === "/graphql";
    const actor = await authenticate(world, c.req.header("authorization"));
    c.set("actor", actor);
    c.header("X-GitHub-Request-Id", crypto.randomUUID().slice(0, 18).toUpperCase());
    if (graphql || c.req.path === "/rate_limit") return next();
    const allowed = limits.spend(actor, "core", 1);
    for (const [name, value] of Object.entries(rateLimitHeaders("core", limits.budget(actor, "core")))) c.header(name, value);
    if (actor.kind === "classic") c.header("X-OAuth-Scopes", actor.scopes.join(", "));
    if (allowed) return next();
    throw new Refusal(403, "RATE_LIMITED", `API rate limit exceeded for user ID ${world.findAccount(actor.login)?.id ?? 0}.`);
  });

  app.post("/graphql", async (c) => {
    const actor = c.get("actor");
    if (actor.kind === "anonymous" || actor.kind === "app")
      throw new Refusal(401, "FORBIDDEN", "This endpoint requires you to be authenticated.");
    const request = await c.req.json<GraphQLRequest>().catch(() => undefined);
    if (typeof request?.query !== "string") throw new Refusal(400, "UNPROCESSABLE", "Problems parsing JSON");
    const answer = await runGraphQL(world, limits, actor, request);
    for (const [name, value] of Object.entries(rateLimitHeaders("graphql", limits.budget(actor, "graphql")))) c.header(name, value);
    return c.json(answer);
  });

  for (const routes of [
    redirectRoutes(world),
    accountRoutes(world, limits),
    appRoutes(world),
    boardRoutes(world),
    gitRoutes(world),
    hookRoutes(world, webhooks),
    issueRoutes(world),
    pullRoutes(world),
    checkRoutes(world),
    repositoryRoutes(world),
  ]) {
    app.route("/", routes);
  }

  app.notFound((c) => c.json({ message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" }, 404));

  app.onError((error, c) => {
    if (!(error instanceof Refusal)) {
      console.error(error);
      return c.json({ message: "Server Error" }, 500);
    }
    if (error.accepted !== undefined) c.header("X-Accepted-GitHub-Permissions", error.accepted);
    return c.json(
      {
        message: error.message,
        ...(error.errors ? { errors: error.errors } : {}),
        documentation_url: c.req.path === "/graphql" ? "https://docs.github.com/graphql" : "https://docs.github.com/rest",
        status: String(error.status),
      },
      error.status,
    );
  });

  return app;
}

function replacement(fault: Fault): Response | undefined {
  if (fault.status === undefined && fault.body === undefined) return undefined;
  const body = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body ?? { message: "Server Error" });
  return new Response(body, { status: fault.status ?? 200, headers: { "Content-Type": "application/json", ...fault.headers } });
}
