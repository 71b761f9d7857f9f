import { Hono } from "hono";
import { z } from "zod";
import type { CallLog } from "./call-log.ts";
import type { Faults } from "./faults.ts";
import { HUMAN_ACTIONS } from "./human-actions.ts";
import type { RateLimits } from "./rate-limits.ts";
import { Refusal } from "./refusal.ts";
import type { Env } from "./rest/env.ts";
import type { State } from "./state.ts";
import type { World } from "./world.ts";

const RateLimit = z.object({ login: z.string(), resource: z.enum(["core", "graphql"]), remaining: z.number().int().min(0) });

/**
 * What only the stand-in has: faults, the call log, acting as a person, running out of rate limit, looking at the state. A browser page
 * cannot call these from elsewhere: they take JSON only.
 */
export function controlRoutes(world: World, parts: { faults: Faults; calls: CallLog; limits: RateLimits }): Hono<Env> {
  const app = new Hono<Env>();

  app.use("/__*", async (c, next) => {
    const json = c.req.header("content-type")?.startsWith("application/json");
    if (c.req.method === "POST" && !json) return c.json({ message: "expected application/json" }, 415);
    return next();
  });

  app.post("/__faults", async (c) => {
    parts.faults.add(await c.req.json());
    return c.body(null, 204);
  });
  app.delete("/__faults", (c) => {
    parts.faults.clear();
    return c.body(null, 204);
  });

  app.get("/__calls", (c) => c.json(parts.calls.all()));
  app.delete("/__calls", (c) => {
    parts.calls.clear();
    return c.body(null, 204);
  });

  app.post("/__rate-limit", async (c) => {
    const { login, resource, remaining } = RateLimit.parse(await c.req.json());
    parts.limits.set(login, resource, remaining);
    return c.body(null, 204);
  });

  app.get("/__state", (c) => c.json(withoutSecrets(world.state)));

  app.get("/__logs/:key", (c) => {
    const check = world.state.checks.find((candidate) => candidate.logsKey === c.req.param("key"));
    return check?.logs === undefined || check.logs === null ? c.notFound() : c.text(check.logs);
  });

  app.post("/__human/:action", async (c) => {
    const act = HUMAN_ACTIONS[c.req.param("action")];
    if (!act) return c.json({ message: "no such action", actions: Object.keys(HUMAN_ACTIONS) }, 404);
    return c.json((await act(world, await c.req.json())) as Record<string, unknown>);
  });

  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ message: z.prettifyError(error) }, 422);
    if (error instanceof Refusal)
      return c.json({ message: error.message, ...(error.errors ? { errors: error.errors } : {}) }, error.status);
    if (error instanceof SyntaxError) return c.json({ message: "Problems parsing JSON" }, 400);
    console.error(error);
    return c.json({ message: "Server Error" }, 500);
  });

  return app;
}

const SECRET_FIELDS = new Set(["hash", "secret", "logsKey"]);

/** The state for people to read: without token hashes, webhook secrets and log keys. */
function withoutSecrets(state: State): State {
  return JSON.parse(JSON.stringify(state, (key, value: unknown) => (SECRET_FIELDS.has(key) ? undefined : value))) as State;
}
