import { Hono } from "hono";
import { forbidden, notFound, Refusal } from "../refusal.ts";
import { renderAccount, renderOrganization } from "../render/render-account.ts";
import { rateLimitHeaders, type Budget, type RateLimits, type Resource } from "../rate-limits.ts";
import type { World } from "../world.ts";
import type { Env } from "./env.ts";

/** Users, organisations and the rate limit. */
export function accountRoutes(world: World, limits: RateLimits): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/user", (c) => {
    const actor = c.get("actor");
    if (actor.kind === "anonymous") throw new Refusal(401, "FORBIDDEN", "Requires authentication");
    if (actor.kind === "installation" || actor.kind === "app") throw forbidden("Resource not accessible by integration");
    return c.json({ ...renderAccount(world, actor.login), name: world.account(actor.login).name });
  });

  app.get("/users/:login", (c) => {
    const account = world.account(c.req.param("login"));
    return c.json({ ...renderAccount(world, account.login), name: account.name, created_at: account.createdAt });
  });

  app.get("/orgs/:org", (c) => {
    const account = world.account(c.req.param("org"));
    if (account.type !== "Organization") throw notFound();
    return c.json({ ...renderOrganization(world, account.login), name: account.name, type: "Organization", created_at: account.createdAt });
  });

  app.get("/rate_limit", (c) => {
    const show = (resource: Resource): Budget & { remaining: number; resource: Resource } => {
      const budget = limits.budget(c.get("actor"), resource);
      return { ...budget, remaining: budget.limit - budget.used, resource };
    };
    for (const [name, value] of Object.entries(rateLimitHeaders("core", limits.budget(c.get("actor"), "core")))) c.header(name, value);
    return c.json({ resources: { core: show("core"), graphql: show("graphql") }, rate: show("core") });
  });

  return app;
}
