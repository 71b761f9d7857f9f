import { deleteCookie, setSignedCookie } from "hono/cookie";
import * as z from "zod";
import { hourMs, secondMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { derivedSecret, signingKeys } from "../../platform/keys.ts";
import { createLoginCode, loginCodeLifetimeMs, readLoginCode } from "../../platform/login-code.ts";
import { randomId } from "../../platform/random-id.ts";
import { roleOfToken } from "../../platform/tokens.ts";
import type { Role } from "../../platform/tokens.ts";
import { cookieValue, sessionCookie } from "./auth.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import type { Routes } from "./routes.ts";

const sessionMs = 12 * hourMs;
const usedCodes = new Set<string>();

/** Login by token or by a short-lived link; the cookie is HttpOnly, SameSite=Strict and signed. */
export function addLogin(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/login",
      tag: "login",
      summary: "Exchanges an operator's or viewer's token for a cookie",
      access: "public",
      body: z.strictObject({ token: z.string().min(1).max(1_000) }),
      answers: { 200: "logged in", 401: "not a token of this mesh" },
    },
    async (c, { body }) => {
      const role = await roleOfToken(settingsOf(c.env), body.token);
      if (!role) return problem(401, "unauthorized", "The token is not one of this mesh.");
      await setSession(c, role);
      return c.json({ role });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/login",
      tag: "login",
      summary: "Follows a login link and goes on to the dashboard",
      access: "public",
      query: z.object({ code: z.string().min(1).max(2_000) }),
      answers: { 303: "logged in", 410: "used, too old, or not ours" },
    },
    async (c, { query }) => {
      const settings = settingsOf(c.env);
      const read = await readLoginCode(signingKeys(settings), query.code, now());
      if (!read || usedCodes.has(read.id))
        return problem(410, "login-link-expired", "The link was used, or is too old. Ask for a new one.");
      if (usedCodes.size > 10_000) usedCodes.clear();
      usedCodes.add(read.id);
      await setSession(c, read.role);
      return c.redirect(settings.DASHBOARD_URL ?? "/", 303);
    },
  );
  routes.add(
    {
      method: "post",
      path: "/login/link",
      tag: "login",
      summary: "Makes a login link",
      access: "operator",
      secretAnswer: true,
      answers: { 200: "the link and when it ends" },
    },
    async (c) => {
      const settings = settingsOf(c.env);
      const code = await createLoginCode(signingKeys(settings), "operator", randomId(), now());
      const base = settings.DASHBOARD_URL ? `${settings.DASHBOARD_URL}/api` : settings.PUBLIC_URL;
      return c.json({ url: `${base}/login?code=${code}`, expiresAt: now() + loginCodeLifetimeMs });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/session",
      tag: "login",
      summary: "Who is asking: the dashboard's functions ask before they read history",
      access: "viewer",
      answers: { 200: "the role" },
    },
    (c) => c.json({ role: c.get("role") }),
  );
  routes.add(
    { method: "post", path: "/logout", tag: "login", summary: "Forgets the cookie", access: "public", answers: { 204: "logged out" } },
    (c) => {
      deleteCookie(c, sessionCookie, { path: "/" });
      return c.body(null, 204);
    },
  );
}

async function setSession(c: HttpContext, role: Role): Promise<void> {
  const secret = await derivedSecret(settingsOf(c.env).SIGNING_KEY, "cookie");
  await setSignedCookie(c, sessionCookie, cookieValue(role, Math.floor((now() + sessionMs) / secondMs)), secret, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure: new URL(c.req.url).protocol === "https:",
    maxAge: sessionMs / secondMs,
  });
}
