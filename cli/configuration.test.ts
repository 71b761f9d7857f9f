import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configurationPath, findAccess, meshUrl, readConfiguration, writeConfiguration } from "./configuration.ts";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { freshHome, runMesh } from "./testing/run-mesh.ts";

let mesh: MadeUpMesh;

beforeAll(async () => {
  mesh = await startMadeUpMesh();
  mesh.on("GET /session", { role: "operator" });
  mesh.on("GET /agents", { items: [], cursor: null });
});
afterAll(() => mesh.close());

const configured = (home: string): string => join(home, ".config", "mesh-six", "config.toml");

test("login stores address and token for this user alone, and never prints the token", async () => {
  const env = { HOME: freshHome() };
  const login = await runMesh(["login", "--url", `${mesh.url}/`], { env, input: `${mesh.token}\n` });
  expect(login).toEqual({
    code: 0,
    stdout: `Logged in to ${mesh.url} as operator; profile default in ${configured(env.HOME)}.\n`,
    stderr: "",
  });
  expect(statSync(configured(env.HOME)).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(configured(env.HOME))).mode & 0o777).toBe(0o700);
  expect(await runMesh(["agents", "list"], { env })).toMatchObject({ code: 0 });
  expect(mesh.asked.at(-1)?.authorization).toBe(`Bearer ${mesh.token}`);
  const listed = await runMesh(["profiles", "list", "--json"], { env });
  expect(JSON.parse(listed.stdout)).toEqual({ items: [{ name: "default", url: mesh.url, current: true }], cursor: null });
});

test("a token that is refused, an address that is no mesh: nothing is stored", async () => {
  const env = { HOME: freshHome() };
  const refused = await runMesh(["login", "--url", mesh.url], { env, input: "a-wrong-token\n" });
  expect(refused.code).toBe(4);
  expect(refused.stderr).not.toContain("a-wrong-token");
  expect((await runMesh(["login", "--url", "http://127.0.0.1:1024"], { env, input: "t\n" })).code).toBe(3);
  expect((await runMesh(["login", "--url", mesh.url], { env, input: "" })).code).toBe(2);
  expect(existsSync(configured(env.HOME))).toBe(false);
});

test("a dashboard's address leads to its mesh", async () => {
  const env = { HOME: freshHome() };
  mesh.on("GET /dashboard/api/healthz", { status: "ok" });
  mesh.on("GET /dashboard/api/session", { role: "viewer" });
  const login = await runMesh(["login", "--url", `${mesh.url}/dashboard`, "--json"], { env, input: mesh.token });
  expect(login.stderr).toBe("");
  expect(JSON.parse(login.stdout)).toMatchObject({ url: `${mesh.url}/dashboard/api`, role: "viewer" });
});

test("several meshes: profiles are used by name, by environment, made current, and forgotten", async () => {
  const env = { HOME: freshHome() };
  await runMesh(["login", "--url", mesh.url, "--profile", "home"], { env, input: mesh.token });
  mesh.on("GET /work/healthz", { status: "ok" });
  mesh.on("GET /work/session", { role: "operator" });
  mesh.on("GET /work/agents", { items: [], cursor: null });
  writeConfiguration(
    { current: "home", profiles: { home: { url: mesh.url, token: mesh.token }, work: { url: `${mesh.url}/work`, token: mesh.token } } },
    configured(env.HOME),
  );
  const askedAt = async (args: readonly string[], more: object = {}): Promise<string | undefined> => {
    expect(await runMesh(["agents", "list", ...args], { env: { ...env, ...more } })).toMatchObject({ code: 0 });
    return mesh.asked.at(-1)?.path;
  };
  expect(await askedAt([])).toBe("/agents");
  expect(await askedAt(["--profile", "work"])).toBe("/work/agents");
  expect(await askedAt([], { MESH_PROFILE: "work" })).toBe("/work/agents");
  await runMesh(["profiles", "use", "work"], { env });
  expect(await askedAt([])).toBe("/work/agents");
  expect((await runMesh(["profiles", "list"], { env })).stdout).toBe(
    `   profile  mesh\n   home     ${mesh.url}\n*  work     ${mesh.url}/work\n`,
  );
  await runMesh(["logout"], { env });
  expect(readConfiguration(configured(env.HOME))).toEqual({ current: "home", profiles: { home: { url: mesh.url, token: mesh.token } } });
  const unknown = await runMesh(["agents", "list", "--profile", "nosuch"], { env });
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("There is no profile nosuch.")]);
});

test("a stored token goes only to the address it was stored for", () => {
  const path = configured(freshHome());
  writeConfiguration({ current: "home", profiles: { home: { url: "https://mesh.example.com", token: "stored" } } }, path);
  expect(findAccess({}, {}, path)).toEqual({ url: "https://mesh.example.com", token: "stored", from: "profile home" });
  expect(findAccess({ url: "https://mesh.example.com/" }, {}, path).token).toBe("stored");
  expect(findAccess({ url: "https://elsewhere.example.com" }, {}, path).token).toBeNull();
  const env = { MESH_URL: "https://mesh.example.com", MESH_TOKEN: "of-the-environment" };
  expect(findAccess({}, env, path)).toEqual({ url: "https://mesh.example.com", token: "of-the-environment", from: "MESH_URL" });
  expect(findAccess({ url: "https://elsewhere.example.com" }, env, path).token).toBeNull();
  expect(findAccess({ profile: "home" }, env, path).token).toBe("stored");
});

test("a file that others may read, or that is malformed, is refused without quoting it", async () => {
  const env = { HOME: freshHome() };
  const path = configured(env.HOME);
  writeConfiguration({ current: "home", profiles: { home: { url: mesh.url, token: mesh.token } } }, path);
  chmodSync(path, 0o644);
  const open = await runMesh(["agents", "list"], { env });
  expect(open.code).toBe(2);
  expect(open.stderr).toContain(`chmod 600 ${path}`);
  writeFileSync(path, '[profiles.home]\ntoken = "a-secret', { mode: 0o600 });
  chmodSync(path, 0o600);
  const malformed = await runMesh(["agents", "list"], { env });
  expect([malformed.code, malformed.stderr]).toEqual([2, expect.stringContaining("config.toml, line 2: not TOML.")]);
  expect(malformed.stderr).not.toContain("a-secret");
});

test("addresses: https, or this machine; no user names in them", () => {
  expect(meshUrl("https://mesh.example.com/api/")).toBe("https://mesh.example.com/api");
  expect(meshUrl("http://localhost:8788")).toBe("http://localhost:8788");
  for (const wrong of ["mesh.example.com", "http://mesh.example.com", "ftp://localhost", "https://me:secret@mesh.example.com"])
    expect(() => meshUrl(wrong), wrong).toThrow();
  expect(configurationPath({ XDG_CONFIG_HOME: "/x", HOME: "/h" })).toBe("/x/mesh-six/config.toml");
  expect(configurationPath({ XDG_CONFIG_HOME: "relative", HOME: "/h" })).toBe("/h/.config/mesh-six/config.toml");
});

test("login --local takes the operator's token of a local mesh", async () => {
  const env = { HOME: freshHome() };
  const folder = join(env.HOME, "mesh");
  expect((await runMesh(["login", "--local", folder], { env })).stderr).toContain("holds no local mesh");
  mkdirSync(folder);
  writeFileSync(join(folder, "secrets.json"), JSON.stringify({ operatorToken: mesh.token }));
  expect(await runMesh(["login", "--local", folder, "--url", mesh.url], { env })).toMatchObject({ code: 0 });
  expect(readFileSync(configured(env.HOME), "utf8")).toContain(mesh.token);
});
