import { createHash, randomBytes } from "node:crypto";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { type Call, createStandInApp, listen, StandInControl, type StandInEnv } from "../stand-in/stand-in.ts";

export interface LiteLlmOptions {
  port?: number;
  /** Default `sk-local-admin`. LiteLLM's master key begins with `sk-`. */
  masterKey?: string;
}

export interface LiteLlm {
  url: string;
  port: number;
  masterKey: string;
  /** Every request but health checks, without bodies. */
  readonly calls: readonly Call[];
  teams(): readonly Team[];
  /** The valid keys, with their values, which the real one does not keep. */
  keys(): readonly Key[];
  /** As if a model call with the team's key had cost that. */
  spend(teamId: string, usd: number): void;
  setDown(down: boolean): void;
  close(): Promise<void>;
}

export interface Team {
  team_id: string;
  team_alias: string | null;
  max_budget: number | null;
  spend: number;
}

export interface Key {
  key: string;
  /** SHA-256 of the key, hex: what LiteLLM keeps of it. */
  token: string;
  key_alias: string | null;
  team_id: string | null;
  max_budget: number | null;
  spend: number;
}

const teamRequest = z.looseObject({
  team_id: z.string().nullish(),
  team_alias: z.string().nullish(),
  max_budget: z.number().nullish(),
});
const keyRequest = z.looseObject({
  key: z.string().nullish(),
  key_alias: z.string().nullish(),
  team_id: z.string().nullish(),
  max_budget: z.number().nullish(),
});

/** A refusal of the proxy's own, `{error: {message, type, param, code}}`; FastAPI's come as `{detail: {error}}`. */
function refuse(c: Context<StandInEnv>, status: ContentfulStatusCode, message: string, type = "bad_request_error", param = "None") {
  return c.json({ error: { message, type, param, code: String(status) } }, status);
}

/**
 * The part of a LiteLLM proxy that manages teams and virtual keys, in memory
 * (https://github.com/BerriAI/litellm/tree/main/litellm/proxy/management_endpoints): a key of a taken alias and a team of a taken id are
 * refused, values of keys are told once, and rotation is part of the paid edition. `POST /__spend {team_id, usd}` lets a team spend.
 */
export async function startLiteLlm(options: LiteLlmOptions = {}): Promise<LiteLlm> {
  const masterKey = options.masterKey ?? "sk-local-admin";
  const control = new StandInControl();
  const app = createStandInApp(control);
  const teams = new Map<string, Team>();
  let keys: Key[] = [];
  const spend = (teamId: string, usd: number): void => {
    const team = teams.get(teamId);
    if (team) team.spend += usd;
    for (const key of keys) if (key.team_id === teamId) key.spend += usd;
  };
  const shown = (each: Key): Omit<Key, "key"> => {
    const { key: _, ...rest } = each;
    return rest;
  };
  const hashOf = (key: string): string => (key.startsWith("sk-") ? createHash("sha256").update(key).digest("hex") : key);

  app.post("/__spend", async (c) => {
    const asked = z.object({ team_id: z.string(), usd: z.number() }).safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success || !teams.has(asked.data.team_id)) return c.text("no such team", 404);
    spend(asked.data.team_id, asked.data.usd);
    return c.body(null, 204);
  });
  app.get("/health/liveliness", (c) => c.json("I'm alive!"));
  app.use(async (c, next) => {
    if (c.req.path.startsWith("/__") || c.req.path.startsWith("/health/")) return next();
    const given = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined) return refuse(c, 401, "Authentication Error, No api key passed in.", "auth_error");
    if (given === masterKey) return next();
    if (keys.some(({ key }) => key === given))
      return refuse(c, 403, "Only proxy admin can be used to generate, delete, update info for new keys/users/teams.", "auth_error");
    return refuse(
      c,
      401,
      "Authentication Error, Invalid proxy server token passed. Unable to find token in cache or `LiteLLM_VerificationTokenTable`",
      "token_not_found_in_db",
    );
  });

  app.get("/team/info", (c) => {
    const id = c.req.query("team_id");
    if (id === undefined) return refuse(c, 422, "{'message': 'Malformed request. No team id passed in.'}", "auth_error");
    const team = teams.get(id);
    if (!team) return refuse(c, 404, `{'message': 'Team not found, passed team id: ${id}.'}`, "auth_error");
    return c.json({ team_id: id, team_info: team, keys: keys.filter((key) => key.team_id === id).map(shown), team_memberships: [] });
  });
  app.get("/team/list", (c) => c.json([...teams.values()]));
  app.post("/team/new", async (c) => {
    const asked = teamRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success)
      return c.json({ detail: asked.error.issues.map(({ path, message }) => ({ loc: ["body", ...path], msg: message })) }, 422);
    const { team_id, team_alias, max_budget } = asked.data;
    const id = team_id ?? randomBytes(16).toString("hex");
    if (teams.has(id)) return c.json({ detail: { error: `Team id = ${id} already exists. Please use a different team id.` } }, 400);
    if (typeof max_budget === "number" && max_budget < 0) return refuse(c, 400, `max_budget cannot be negative. Received: ${max_budget}`);
    const team: Team = { team_id: id, team_alias: team_alias ?? null, max_budget: max_budget ?? null, spend: 0 };
    teams.set(id, team);
    return c.json(team);
  });
  app.post("/team/update", async (c) => {
    const asked = teamRequest.safeParse(await c.req.json().catch(() => undefined));
    const id = asked.data?.team_id;
    if (!asked.success || !id) return c.json({ detail: { error: "No team id passed in" } }, 400);
    const team = teams.get(id);
    if (!team) return c.json({ detail: { error: `Team not found, passed team_id=${id}` } }, 404);
    if ("max_budget" in asked.data) team.max_budget = asked.data.max_budget ?? null;
    return c.json({ team_id: id, data: team });
  });
  app.post("/team/delete", async (c) => {
    const asked = z.object({ team_ids: z.array(z.string()) }).safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success) return c.json({ detail: { error: "No team id passed in" } }, 400);
    const missing = asked.data.team_ids.find((id) => !teams.has(id));
    if (missing !== undefined) return c.json({ detail: { error: `Team not found, passed team_id=${missing}` } }, 404);
    for (const id of asked.data.team_ids) teams.delete(id);
    keys = keys.filter(({ team_id }) => team_id === null || teams.has(team_id));
    return c.json(asked.data.team_ids.length);
  });

  app.post("/key/generate", async (c) => {
    const asked = keyRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success)
      return c.json({ detail: asked.error.issues.map(({ path, message }) => ({ loc: ["body", ...path], msg: message })) }, 422);
    const { key: wanted, key_alias, team_id, max_budget } = asked.data;
    if (team_id && !teams.has(team_id)) return refuse(c, 400, `Team not found for team_id=${team_id}`);
    if (key_alias && keys.some((each) => each.key_alias === key_alias)) {
      const message = `Key with alias '${key_alias}' already exists. Unique key aliases across all keys are required.`;
      return refuse(c, 400, message, "bad_request_error", "key_alias");
    }
    if (wanted && !wanted.startsWith("sk-")) return refuse(c, 400, "Invalid key format. LiteLLM Virtual Key must start with 'sk-'.");
    const key = wanted ?? `sk-${randomBytes(16).toString("base64url")}`;
    const made = {
      key,
      token: hashOf(key),
      key_alias: key_alias ?? null,
      team_id: team_id ?? null,
      max_budget: max_budget ?? null,
      spend: 0,
    };
    keys.push(made);
    return c.json({ ...made, key_name: `sk-...${key.slice(-4)}`, token_id: made.token });
  });
  app.get("/key/list", (c) => {
    const alias = c.req.query("key_alias");
    const page = Number(c.req.query("page") ?? 1);
    const size = Number(c.req.query("size") ?? 10);
    const all = keys.filter(({ key_alias }) => alias === undefined || key_alias === alias);
    const some = all.slice((page - 1) * size, page * size);
    const whole = c.req.query("return_full_object") === "true";
    return c.json({
      keys: some.map((key) => (whole ? shown(key) : key.token)),
      total_count: all.length,
      current_page: page,
      total_pages: Math.ceil(all.length / size),
    });
  });
  app.get("/key/info", (c) => {
    const asked = hashOf(c.req.query("key") ?? "");
    const found = keys.find(({ token }) => token === asked);
    return found ? c.json({ key: found.token, info: shown(found) }) : refuse(c, 404, "Key not found in database", "not_found_error");
  });
  app.post("/key/delete", async (c) => {
    const asked = z
      .object({ keys: z.array(z.string()).default([]), key_aliases: z.array(z.string()).default([]) })
      .safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success) return refuse(c, 400, "Either keys or key_aliases must be passed in.");
    const tokens = asked.data.keys.map(hashOf);
    const gone = keys.filter(({ token, key_alias }) => tokens.includes(token) || asked.data.key_aliases.includes(key_alias ?? ""));
    if (gone.length === 0) return refuse(c, 404, "{'error': 'No keys found'}", "auth_error");
    keys = keys.filter((key) => !gone.includes(key));
    return c.json({ deleted_keys: asked.data.key_aliases.length > 0 ? asked.data.key_aliases : asked.data.keys });
  });
  app.post("/key/:key/regenerate", (c) => refuse(c, 500, "Regenerating Virtual Keys is an Enterprise feature", "internal_server_error"));
  app.notFound((c) => c.json({ detail: "Not Found" }, 404));

  const listening = await listen(app, options.port);
  return {
    url: listening.url,
    port: listening.port,
    masterKey,
    calls: control.calls,
    teams: () => [...teams.values()],
    keys: () => keys,
    spend,
    setDown: (down) => control.setDown(down),
    close: listening.close,
  };
}
