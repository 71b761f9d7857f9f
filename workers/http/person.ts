import { verifyAccess } from "../../clients/access/verify-access.ts";
import type { AccessIdentity } from "../../clients/access/verify-access.ts";
import { secondMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { settings as settingsObject } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import type { Settings } from "../../platform/config.ts";
import { bearerOf, isAgentToken, roleOfToken } from "../../platform/tokens.ts";
import type { Role } from "../../platform/tokens.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { readSession } from "./session-cookie.ts";

/** Who asks on a route for people. */
export interface Person {
  readonly role: Role;
  /** How commands and answers name who gave them: the e-mail address where Access knows it, else the role. */
  readonly by: string;
  readonly via: "token" | "cookie" | "access";
  /** When the login ends; absent where each request shows who it is. */
  readonly until?: Moment;
}

/** By token, by the cookie of a login, or by Cloudflare Access; or why nobody is known. A login that is still good goes before Access, since it may reach further. */
export async function personOf(c: HttpContext): Promise<Person | Response> {
  const settings = settingsOf(c.env);
  const header = c.req.header("authorization");
  if (header !== undefined) return byToken(settings, bearerOf(header));
  const session = await readSession(c, () => loginsOf(c.env));
  if (session) {
    const { role, until } = session;
    return fromOurPages(c, settings) ? { role, by: role, via: "cookie", until } : foreign();
  }
  return (await byAccess(c, settings)) ?? unauthorized("Log in, or send an operator's token as bearer.");
}

async function byToken(settings: Settings, token: string | undefined): Promise<Person | Response> {
  const role = token === undefined ? undefined : await roleOfToken(settings, token);
  if (role) return { role, by: role, via: "token" };
  return token !== undefined && isAgentToken(token)
    ? problem(403, "agent-token", "An agent's token opens only that agent's own routes.")
    : unauthorized("The token is not one of this mesh.");
}

/** undefined where Access is not used, or did not let anybody through. */
async function byAccess(c: HttpContext, settings: Settings): Promise<Person | Response | undefined> {
  const token = c.req.header("cf-access-jwt-assertion");
  const { ACCESS_TEAM_DOMAIN: teamDomain, ACCESS_AUD: audience } = settings;
  if (token === undefined || !teamDomain || !audience) return undefined;
  const identity = await verifyAccess(token, { teamDomain, audience });
  if (!identity)
    return unauthorized("Cloudflare Access's token is not good here; ACCESS_TEAM_DOMAIN and ACCESS_AUD must be the application's.");
  const role = accessRole(settings, identity);
  if (!role) return problem(403, "no-role", `${identity.name} is in neither ACCESS_OPERATORS nor ACCESS_VIEWERS.`);
  // Access puts its token onto whatever a browser sends, a foreign page's requests too.
  if (!identity.isService && !fromOurPages(c, settings)) return foreign();
  return { role, by: identity.name, via: "access" };
}

function accessRole(settings: Settings, { name, isService }: AccessIdentity): Role | undefined {
  const domain = isService ? undefined : name.slice(name.lastIndexOf("@"));
  const lists = (names: readonly string[] | undefined) => names?.some((each) => each === name.toLowerCase() || each === domain) === true;
  if (lists(settings.ACCESS_OPERATORS)) return "operator";
  return lists(settings.ACCESS_VIEWERS) ? "viewer" : undefined;
}

export function unauthorized(detail: string): Response {
  return problem(401, "unauthorized", detail, undefined, { "www-authenticate": 'Bearer realm="mesh-six"' });
}

function foreign(): Response {
  return problem(403, "foreign-origin", "A request with the cookie must come from the dashboard's own origin.");
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

const loginsLifetimeMs = 5 * secondMs;
let known: { readonly logins: number; readonly until: Moment } | undefined;

/** How often all were logged out, as this isolate knew it in the last 5 s: so long a login may outlive its end. */
export async function loginsOf(env: Env): Promise<number> {
  if (known && known.until > now()) return known.logins;
  const logins = await settingsObject(env).logins();
  known = { logins, until: now() + loginsLifetimeMs };
  return logins;
}

/** Asks anew: after all were logged out. */
export function forgetLogins(): void {
  known = undefined;
}
