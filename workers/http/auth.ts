import { parseAgentId } from "../../core/ids.ts";
import type { AgentGrant } from "../../core/pool/state.ts";
import { tokenProtocolPrefix } from "../../core/protocol/frames.ts";
import { secondMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { bearerOf, hashToken, isAgentToken } from "../../platform/tokens.ts";
import { pool } from "../../durable-objects/remote.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { personOf, unauthorized } from "./person.ts";

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
  c.set("by", person.by);
  c.set("via", person.via);
  c.set("until", person.until);
  return undefined;
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
