import * as z from "zod";
import { liveFeed, settings as settingsObject } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { signingKeys } from "../../platform/keys.ts";
import { createLoginCode, loginCodeLifetimeMs, readLoginCode } from "../../platform/login-code.ts";
import { randomId } from "../../platform/random-id.ts";
import { roleOfToken } from "../../platform/tokens.ts";
import { problem } from "./errors.ts";
import { forgetLogins } from "./person.ts";
import type { Routes } from "./routes.ts";
import { clearSession, setSession } from "./session-cookie.ts";

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
      await setSession(c, role, await settingsObject(c.env).logins());
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
      const { known } = read ? await settingsObject(c.env).callBegins(`login-link ${read.id}`, ["used"], now()) : { known: "never" };
      if (!read || known !== "first") return problem(410, "login-link-expired", "The link was used, or is too old. Ask for a new one.");
      await setSession(c, read.role, await settingsObject(c.env).logins());
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
      answers: {
        200: "the role, the name, how that is known (`token`, `cookie`, `access`), until when, and where to log out of Cloudflare Access",
      },
    },
    (c) => {
      const { ACCESS_TEAM_DOMAIN: team } = settingsOf(c.env);
      const via = c.get("via");
      const logoutUrl = via === "access" && team ? `https://${team}/cdn-cgi/access/logout` : null;
      return c.json({ role: c.get("role"), by: c.get("by"), via, until: c.get("until") ?? null, logoutUrl });
    },
  );
  routes.add(
    { method: "post", path: "/logout", tag: "login", summary: "Forgets the cookie", access: "public", answers: { 204: "logged out" } },
    (c) => {
      clearSession(c);
      return c.body(null, 204);
    },
  );
  routes.add(
    {
      method: "post",
      path: "/logout/everywhere",
      tag: "login",
      summary: "Ends every login to the dashboard, one's own too, within 5 s; tokens and Cloudflare Access stay as they are",
      access: "operator",
      answers: { 204: "logged out" },
    },
    async (c) => {
      await settingsObject(c.env).endLogins();
      forgetLogins();
      await liveFeed(c.env).endLogins();
      clearSession(c);
      return c.body(null, 204);
    },
  );
}
