import { expect, test } from "vitest";
import { createLoginCode } from "../../platform/login-code.ts";
import { createTestMesh, operatorToken, problemOf, signingKey, viewerToken } from "../test-mesh.ts";

const mesh = createTestMesh();

function cookieOf(response: Response): string {
  const cookie = response.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  expect(cookie).toMatch(/Secure/);
  return cookie.split(";")[0] ?? "";
}

async function login(token: string): Promise<string> {
  return cookieOf(await mesh.request("/login", { method: "POST", token: null, body: JSON.stringify({ token }) }));
}

test("without a token, with a wrong one, or with an agent's, a person's route is closed", async () => {
  const refused = { status: 401, reason: "unauthorized", paths: [] };
  expect(await problemOf(await mesh.request("/agents", { token: null }))).toEqual(refused);
  expect(await problemOf(await mesh.request("/agents", { token: "operator-token-of-the-testz" }))).toEqual(refused);
  expect(await problemOf(await mesh.request("/agents", { token: `mesh_agent_${"a".repeat(43)}` }))).toMatchObject({
    status: 403,
    reason: "agent-token",
  });
});

test("a viewer reads and commands nothing", async () => {
  expect((await mesh.request("/agents", { token: viewerToken })).status).toBe(200);
  const refused = { status: 403, reason: "viewers-only-read", paths: [] };
  for (const [method, path] of [
    ["POST", "/tasks"],
    ["PATCH", "/settings"],
    ["POST", "/ops/reconcile"],
    ["POST", "/agents"],
    ["DELETE", "/tasks/mesh.a1-1"],
  ] as const) {
    expect(await problemOf(await mesh.request(path, { method, token: viewerToken, body: method === "DELETE" ? null : "{}" }))).toEqual(
      refused,
    );
  }
});

test("a cookie from a login opens what its role may, and changes only from our own pages", async () => {
  const cookie = await login(operatorToken);
  expect((await mesh.request("/agents", { token: null, headers: { cookie } })).status).toBe(200);
  const change = (headers: Record<string, string>) =>
    mesh.request("/settings", { method: "PATCH", token: null, headers: { cookie, ...headers }, body: "{}" });
  expect((await change({ origin: "https://dashboard.test" })).status).toBe(200);
  expect(await problemOf(await change({ origin: "https://evil.test" }))).toMatchObject({ status: 403, reason: "foreign-origin" });
  expect(await problemOf(await change({}))).toMatchObject({ status: 403, reason: "foreign-origin" });
  const socket = await mesh.request("/live", { token: null, headers: { cookie, upgrade: "websocket", origin: "https://evil.test" } });
  expect(await problemOf(socket)).toMatchObject({ status: 403, reason: "foreign-origin" });
});

test("a cookie that was changed is worth nothing", async () => {
  const cookie = await login(viewerToken);
  const forged = cookie.replace("viewer", "operator");
  expect(forged).not.toBe(cookie);
  expect((await mesh.request("/agents", { token: null, headers: { cookie: forged } })).status).toBe(401);
});

test("a login with a wrong token sets no cookie", async () => {
  const response = await mesh.request("/login", { method: "POST", token: null, body: JSON.stringify({ token: "not-the-operator" }) });
  expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
});

test("a login link lets in once and goes on to the dashboard", async () => {
  const made = await (await mesh.request("/login/link", { method: "POST" })).json<{ url: string }>();
  expect(made.url).toMatch(/^https:\/\/dashboard\.test\/api\/login\?code=/);
  const code = new URL(made.url).searchParams.get("code") ?? "";
  const first = await mesh.request(`/login?code=${code}`, { token: null, redirect: "manual" });
  expect([first.status, first.headers.get("location")]).toEqual([303, "https://dashboard.test"]);
  const cookie = cookieOf(first);
  expect((await mesh.request("/agents", { token: null, headers: { cookie } })).status).toBe(200);
  expect(await problemOf(await mesh.request(`/login?code=${code}`, { token: null }))).toMatchObject({ status: 410 });
  const old = await createLoginCode({ current: signingKey }, "operator", "id-12345", Date.now() - 3_600_000);
  expect(await problemOf(await mesh.request(`/login?code=${old}`, { token: null }))).toMatchObject({ status: 410 });
});

test("every answer carries x-request-id, the caller's own when it has the form of one", async () => {
  const given = await mesh.request("/healthz", { token: null, headers: { "x-request-id": "request-12345" } });
  expect(given.headers.get("x-request-id")).toBe("request-12345");
  const other = await mesh.request("/healthz", { token: null, headers: { "x-request-id": "no good!" } });
  expect(other.headers.get("x-request-id")).toMatch(/^[0-9a-z]{25}$/);
});

test("a route that is not there is a problem, and readiness names what is missing", async () => {
  expect(await problemOf(await mesh.request("/nothing/here"))).toMatchObject({ status: 404, reason: "not-found" });
  expect((await mesh.request("/readyz", { token: null })).status).toBe(200);
});

test("the API describes itself", async () => {
  const described = await (
    await mesh.request("/openapi.json", { token: null })
  ).json<{ paths: Record<string, Record<string, { requestBody?: unknown }>> }>();
  expect(described.paths["/tasks"]?.["post"]?.requestBody).toBeDefined();
  expect(Object.keys(described.paths)).toContain("/runs/{owner}/{name}/{issue}/explain");
  const page = await mesh.request("/docs", { token: null });
  const html = await page.text();
  expect(html).toContain("/webhooks/github/:hook");
  expect(html).not.toMatch(/(src|href)=/);
});

test("/session says who is asking, by token or cookie, and turns everyone else away", async () => {
  const role = async (init: { token: string | null; headers?: Record<string, string> }) => {
    const response = await mesh.request("/session", init);
    return [response.status, (await response.json<{ role?: string }>()).role];
  };
  expect(await role({ token: viewerToken })).toEqual([200, "viewer"]);
  expect(await role({ token: operatorToken })).toEqual([200, "operator"]);
  expect(await role({ token: null, headers: { cookie: await login(viewerToken) } })).toEqual([200, "viewer"]);
  expect(await role({ token: null })).toEqual([401, undefined]);
  expect(await role({ token: "operator-token-of-the-testz" })).toEqual([401, undefined]);
});
