import { getSignedCookie } from "hono/cookie";
import { parseAgentId } from "../../core/ids.ts";
import type { AgentGrant } from "../../core/pool/state.ts";
import { tokenProtocolPrefix } from "../../core/protocol/frames.ts";
import { secondMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import type { Settings } from "../../platform/config.ts";
import { derivedSecret } from "../../platform/keys.ts";
import { bearerOf, hashToken, isAgentToken, roleOfToken } from "../../platform/tokens.ts";
import type { Role } from "../../platform/tokens.ts";
import { pool } from "../../durable-objects/remote.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";

/**
 * Who may use a route. `agent` = the agent that the path names, by its token, as this isolate knew it in the last 5 s; `agent-now`: as the pool knows it
 * now, for what lasts (connections, registrations) and for what is handed out (secrets).
 */
export type Access = "public" | "viewer" | "operator" | "agent" | "agent-now";

export const sessionCookie = "mesh_session";

/** Lets a request in (its role or grant is then in the context), or says why not. */
export async function admit(c: HttpContext, access: Access): Promise<Response | undefined> {
  if (access === "public") return undefined;
  if (access === "agent" || access === "agent-now") return admitAgent(c, access);
  const person = await personOf(c);
  if (person instanceof Response) return person;
  if (access === "operator" && person.role !== "operator") return problem(403, "viewers-only-read", "This needs the role of an operator.");
  c.set("role", person.role);
  c.set("by", person.role);
  return undefined;
}

async function personOf(c: HttpContext): Promise<{ role: Role } | Response> {
  const settings = settingsOf(c.env);
  const header = c.req.header("authorization");
  if (header !== undefined) {
    const token = bearerOf(header);
    const role = token === undefined ? undefined : await roleOfToken(settings, token);
    if (role) return { role };
    return token !== undefined && isAgentToken(token)
      ? problem(403, "agent-token", "An agent's token opens only that agent's own routes.")
      : unauthorized("The token is not one of this mesh.");
  }
  const role = await cookieRole(c, settings);
  if (!role) return unauthorized("Log in, or send an operator's token as bearer.");
  if (!fromOurPages(c, settings))
    return problem(403, "foreign-origin", "A request with the cookie must come from the dashboard's own origin.");
  return { role };
}

function unauthorized(detail: string): Response {
  return problem(401, "unauthorized", detail, undefined, { "www-authenticate": 'Bearer realm="mesh-six"' });
}

/** The value of the session cookie: who, until when (epoch seconds). */
export function cookieValue(role: Role, untilSeconds: number): string {
  return `${role}.${untilSeconds}`;
}

async function cookieRole(c: HttpContext, settings: Settings): Promise<Role | undefined> {
  for (const key of settings.SIGNING_KEY_PREVIOUS ? [settings.SIGNING_KEY, settings.SIGNING_KEY_PREVIOUS] : [settings.SIGNING_KEY]) {
    const value = await getSignedCookie(c, await derivedSecret(key, "cookie"), sessionCookie);
    const [, role, until] = /^(operator|viewer)\.(\d{1,12})$/.exec(value || "") ?? [];
    if (role && Number(until) * secondMs > now()) return role as Role;
  }
  return undefined;
}

/**
 * Cookies go along with requests of foreign pages too, so whatever changes something, and every socket, must name our origin.
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
function fromOurPages(c: HttpContext, settings: Settings): boolean {
  const harmless = (c.req.method === "GET" || c.req.method === "HEAD") && c.req.header("upgrade") === undefined;
  if (harmless) return true;
  const origin = c.req.header("origin");
  const ours = [new URL(c.req.url).origin, new URL(settings.PUBLIC_URL).origin];
  if (settings.DASHBOARD_URL) ours.push(new URL(settings.DASHBOARD_URL).origin);
  return origin !== undefined && ours.includes(origin);
}

const grantLifetimeMs = 5 * secondMs;
const grants = new Map<string, { grant: AgentGrant; until: number }>();

async function admitAgent(c: HttpContext, access: "agent" | "agent-now"): Promise<Response | undefined> {
  const token = bearerOf(c.req.header("authorization")) ?? tokenOfSocket(c.req.raw);
  if (token === undefined || !isAgentToken(token)) return unauthorized("Send the agent's token as bearer.");
  const grant = await grantOf(c.env, await hashToken(token), access === "agent-now");
  if (!grant) return unauthorized("The token is not one of this mesh.");
  if (parseAgentId(c.req.param("id") ?? "") !== grant.agent) return problem(403, "other-agent", "The token is another agent's.");
  c.set("grant", grant);
  return undefined;
}

/**
 * The token of an upgrade request without headers of its own, which is what the WebSocket of browsers, Node and Deno sends: it is among the subprotocols.
 * Not in the address: addresses are logged on the way.
 */
function tokenOfSocket({ headers }: Request): string | undefined {
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  const offered = subprotocolsOf(headers);
  return offered.find((name) => name.startsWith(tokenProtocolPrefix))?.slice(tokenProtocolPrefix.length);
}

/** The subprotocols that an upgrade request offers, in its order. */
export function subprotocolsOf(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

/** Known tokens are kept for 5 s in the isolate, so that reports need not ask the pool each time; unknown ones are always asked for. */
async function grantOf(env: Env, hash: string, anew: boolean): Promise<AgentGrant | null> {
  const known = grants.get(hash);
  if (!anew && known && known.until > now()) return known.grant;
  const grant = await pool(env).authenticate(hash);
  if (grants.size > 10_000) grants.clear();
  if (grant) grants.set(hash, { grant, until: now() + grantLifetimeMs });
  else grants.delete(hash);
  return grant;
}

/** Forgets what this isolate knows of tokens: after one was withdrawn. */
export function forgetGrants(): void {
  grants.clear();
}
