import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { hourMs, secondMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { derivedSecret } from "../../platform/keys.ts";
import type { Role } from "../../platform/tokens.ts";
import type { HttpContext } from "./http.ts";

const name = "mesh_session";
const sessionMs = 12 * hourMs;

/** What the cookie of a login says. */
export interface Session {
  readonly role: Role;
  readonly until: Moment;
}

/** The login that the request's cookie shows: signed by us, not at its end, and not from before all were logged out; else undefined. */
export async function readSession(c: HttpContext, logins: () => Promise<number>): Promise<Session | undefined> {
  const { SIGNING_KEY: present, SIGNING_KEY_PREVIOUS: previous } = settingsOf(c.env);
  for (const key of previous ? [present, previous] : [present]) {
    const value = await getSignedCookie(c, await derivedSecret(key, "cookie"), name);
    const [, role, until, count] = /^(operator|viewer)\.(\d{1,12})\.(\d{1,9})$/.exec(value || "") ?? [];
    if (!role || Number(until) * secondMs <= now()) continue;
    return Number(count) === (await logins()) ? { role: role as Role, until: Number(until) * secondMs } : undefined;
  }
  return undefined;
}

/** Logs in: HttpOnly, SameSite=Strict, signed, for twelve hours; `logins` = how often all were logged out so far. */
export async function setSession(c: HttpContext, role: Role, logins: number): Promise<void> {
  const until = Math.floor((now() + sessionMs) / secondMs);
  await setSignedCookie(c, name, `${role}.${until}.${logins}`, await derivedSecret(settingsOf(c.env).SIGNING_KEY, "cookie"), {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure: new URL(c.req.url).protocol === "https:",
    maxAge: sessionMs / secondMs,
  });
}

/** Has the browser forget the login. */
export function clearSession(c: HttpContext): void {
  deleteCookie(c, name, { path: "/" });
}
