import { type Context, Hono } from "hono";
import { demand, demandOrganizationHooks } from "../access.ts";
import { forbidden, invalid, notFound, Refusal } from "../refusal.ts";
import { deliveryUrl, renderDelivery, renderHook } from "../render/render-hook.ts";
import type { Delivery, Hook, HookTarget, Level } from "../state.ts";
import type { Webhooks } from "../webhooks.ts";
import { same, type World } from "../world.ts";
import { bodyOf, type Env, repositoryOf, texts } from "./env.ts";

const HOOKS_PER_EVENT = 20;

/** Webhooks of repositories, organisations and Apps with their deliveries. @see https://docs.github.com/rest/webhooks */
export function hookRoutes(world: World, webhooks: Webhooks): Hono<Env> {
  const app = new Hono<Env>();

  for (const base of ["/repos/:owner/:repo/hooks", "/orgs/:org/hooks"]) {
    app.get(base, (c) => {
      const target = targetOf(c, "read");
      return c.json(world.state.hooks.filter((hook) => sameTarget(hook.target, target)).map((hook) => renderHook(world, hook)));
    });

    app.post(base, async (c) => {
      const target = targetOf(c, "write");
      const body = await bodyOf(c);
      const config = configOf(body);
      if (config.url === undefined) throw invalid({ resource: "Hook", field: "url", code: "custom", message: "url cannot be blank" });
      const events = body.events === undefined ? ["push"] : texts(body.events);
      const present = world.state.hooks.filter((hook) => sameTarget(hook.target, target));
      if (present.some((hook) => hook.url === config.url)) {
        throw invalid({ resource: "Hook", code: "custom", message: "Hook already exists on this repository" });
      }
      for (const event of events) {
        if (present.filter((hook) => hook.events.includes(event)).length >= HOOKS_PER_EVENT) {
          throw invalid({
            resource: "Hook",
            code: "custom",
            message: `The "${event}" event cannot have more than ${HOOKS_PER_EVENT} hooks`,
          });
        }
      }
      const now = world.now();
      const hook: Hook = {
        id: world.state.nextId++,
        target,
        active: body.active !== false,
        events,
        url: config.url,
        secret: config.secret ?? null,
        contentType: config.contentType ?? "form",
        createdAt: now,
        updatedAt: now,
      };
      world.state.hooks.push(hook);
      world.changed();
      if (hook.active) webhooks.ping(hook, c.get("actor").login);
      return c.json(renderHook(world, hook), 201);
    });

    app.get(`${base}/:id`, (c) => c.json(renderHook(world, hookOf(c, "read"))));

    app.patch(`${base}/:id`, async (c) => {
      const hook = hookOf(c, "write");
      const body = await bodyOf(c);
      const config = configOf(body);
      if (body.active !== undefined) hook.active = body.active === true;
      if (body.events !== undefined) hook.events = texts(body.events);
      if (body.add_events !== undefined) hook.events = [...new Set([...hook.events, ...texts(body.add_events)])];
      if (body.remove_events !== undefined) hook.events = hook.events.filter((event) => !texts(body.remove_events).includes(event));
      if (config.url !== undefined) hook.url = config.url;
      if (config.contentType !== undefined) hook.contentType = config.contentType;
      // GitHub takes the secret away when a config comes without one.
      if (body.config !== undefined) hook.secret = config.secret ?? null;
      hook.updatedAt = world.now();
      world.changed();
      return c.json(renderHook(world, hook));
    });

    app.delete(`${base}/:id`, (c) => {
      const hook = hookOf(c, "write");
      world.state.hooks = world.state.hooks.filter((other) => other !== hook);
      world.changed();
      return c.body(null, 204);
    });

    app.post(`${base}/:id/pings`, (c) => {
      webhooks.ping(hookOf(c, "read"), c.get("actor").login);
      return c.body(null, 204);
    });

    deliveryRoutes(`${base}/:id`, hookOf);
  }

  app.get("/app/hook/config", (c) => c.json(renderHook(world, appHook(c)).config as Record<string, unknown>));

  app.patch("/app/hook/config", async (c) => {
    const hook = appHook(c);
    const config = configOf({ config: await bodyOf(c) });
    if (config.url !== undefined) hook.url = config.url;
    if (config.secret !== undefined) hook.secret = config.secret;
    if (config.contentType !== undefined) hook.contentType = config.contentType;
    world.changed();
    return c.json(renderHook(world, hook).config as Record<string, unknown>);
  });

  deliveryRoutes("/app/hook", appHook);

  function appHook(c: Context<Env>): Hook {
    const actor = c.get("actor");
    if (actor.kind !== "app") throw new Refusal(401, "FORBIDDEN", "A JSON web token could not be decoded");
    const hook = world.state.hooks.find(({ target }) => target.type === "integration" && target.appId === actor.appId);
    if (!hook) throw notFound();
    return hook;
  }

  function deliveryRoutes(base: string, find: (c: Context<Env>, level: Level) => Hook): void {
    app.get(`${base}/deliveries`, (c) => {
      const hook = find(c, "read");
      const { status, cursor, per_page: size = "30" } = c.req.query();
      const all = webhooks
        .deliveries(hook)
        .filter((delivery) => status === undefined || (delivery.status === "OK") === (status === "success"))
        .filter((delivery) => cursor === undefined || delivery.id <= Number(cursor.replace(/^v1_/, "")));
      const limit = Math.min(100, Number(size) || 30);
      const next = all[limit];
      if (next) c.header("Link", `<${world.publicUrl}${c.req.path}?per_page=${limit}&cursor=v1_${next.id}>; rel="next"`);
      return c.json(all.slice(0, limit).map(renderDelivery));
    });

    app.get(`${base}/deliveries/:delivery`, (c) => {
      const hook = find(c, "read");
      const delivery = deliveryOf(c, hook);
      return c.json({
        ...renderDelivery(delivery),
        url: deliveryUrl(world, hook, delivery),
        request: delivery.request,
        response: delivery.response,
      });
    });

    app.post(`${base}/deliveries/:delivery/attempts`, (c) => {
      webhooks.redeliver(deliveryOf(c, find(c, "write")));
      return c.json({}, 202);
    });
  }

  function deliveryOf(c: Context<Env>, hook: Hook): Delivery {
    const found = webhooks.deliveries(hook).find((delivery) => String(delivery.id) === c.req.param("delivery"));
    if (!found) throw notFound();
    return found;
  }

  function targetOf(c: Context<Env>, level: Level): HookTarget {
    const actor = c.get("actor");
    if (actor.kind === "anonymous") throw new Refusal(401, "FORBIDDEN", "Requires authentication");
    const organization = c.req.param("org");
    if (organization !== undefined) {
      demandOrganizationHooks(world, actor, organization, level);
      return { type: "organization", login: world.account(organization).login };
    }
    const repository = repositoryOf(world, c);
    if (actor.kind === "app") throw forbidden("Resource not accessible by integration");
    demand(world, actor, repository, "repository_hooks", level, "admin");
    return { type: "repository", repositoryId: repository.id };
  }

  function hookOf(c: Context<Env>, level: Level): Hook {
    const target = targetOf(c, level);
    const found = world.state.hooks.find((hook) => String(hook.id) === c.req.param("id") && sameTarget(hook.target, target));
    if (!found) throw notFound();
    return found;
  }

  return app;
}

function configOf(body: Record<string, unknown>): { url?: string; secret?: string; contentType?: "json" | "form" } {
  const config = (body.config ?? {}) as Record<string, unknown>;
  if (config.url !== undefined && !URL.canParse(String(config.url))) {
    throw invalid({ resource: "Hook", field: "url", code: "custom", message: "url is not a valid URL" });
  }
  return {
    ...(config.url === undefined ? {} : { url: String(config.url) }),
    ...(typeof config.secret === "string" && config.secret !== "" ? { secret: config.secret } : {}),
    ...(config.content_type === undefined ? {} : { contentType: config.content_type === "json" ? "json" : "form" }),
  };
}

function sameTarget(a: HookTarget, b: HookTarget): boolean {
  if (a.type === "repository" && b.type === "repository") return a.repositoryId === b.repositoryId;
  if (a.type === "organization" && b.type === "organization") return same(a.login, b.login);
  return a.type === "integration" && b.type === "integration" && a.appId === b.appId;
}
