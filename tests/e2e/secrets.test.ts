import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CredentialHealth } from "../../core/credentials/credential.ts";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { localSecrets } from "../../dev/mesh/secrets.ts";
import { startOAuth } from "../../dev/oauth/start-oauth.ts";
import { lookThroughFolder, lookThroughReadModel } from "../support/folder-search.ts";
import { SecretSearch } from "../support/secret-search.ts";
import type { KnownSecret } from "../support/secret-search.ts";
import { journalAndReadModel } from "./read-model.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

const issue = "acme/todo-app#1";
const credentials = "/projects/acme/todo-app/credentials";
const dataDir = mkdtempSync(join(tmpdir(), "mesh-six-secrets-"));
let mesh: Awaited<ReturnType<typeof meshForTest>>;
let provider: Awaited<ReturnType<typeof startOAuth>>;

beforeAll(async () => {
  chmodSync(dataDir, 0o755);
  [mesh, provider] = await Promise.all([meshForTest({ dataDir }), startOAuth({ expiresIn: 3_600 })]);
});
afterAll(async () => {
  await mesh?.stop();
  await provider?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test("a pushed key is what the agent works with, a login is renewed by itself, and afterwards no secret lies anywhere", async () => {
  const secrets: KnownSecret[] = [];
  const keep = (name: string, value = `${randomBytes(24).toString("base64url")}-${name}`): string => {
    secrets.push({ name, value });
    return value;
  };
  const apiKey = keep("api-key", `sk-ant-api03-${randomBytes(32).toString("base64url")}`);
  await mesh.client.post(credentials, { variables: { ANTHROPIC_API_KEY: apiKey, NPM_TOKEN: keep("npm") } });
  const refresh = {
    tokenUrl: provider.tokenUrl,
    clientId: "mesh-client",
    refreshToken: keep("refresh", provider.login()),
    variable: "TOKEN",
  };
  await mesh.client.post(credentials, { name: "login", variables: { TOKEN: keep("access") }, expiresAt: Date.now() + 1_000, refresh });
  await until("the login is renewed", async () => {
    const { credentials: all } = await mesh.client.get<CredentialHealth>(`${credentials}/health`);
    return all.some(({ name, version }) => name === "login" && version === 2);
  });
  expect(provider.refreshes).toBe(1);
  const { token } = await mesh.client.post<{ token: string }>("/agents", { id: "onlooker" });
  keep("agent-token", token);

  await putIntoTodo(
    mesh,
    demonstration.filter(({ key }) => key === issue),
  );
  await until("the issue is done", async () => (await runOf(mesh, issue))?.phase === "ACCEPTED");
  const used = mesh.model.calls.filter(({ path }) => path.startsWith("/v1/messages")).flatMap(({ note }) => note?.["key"] ?? []);
  expect(new Set(used)).toEqual(new Set([createHash("sha256").update(apiKey).digest("hex")]));
  const health = await mesh.client.get<CredentialHealth>(`${credentials}/health`);
  expect(health).toMatchObject({ hasValidCredential: true, activeBundleId: expect.any(String) });
  expect(await mesh.client.post("/ops/vault/rotate", {})).toMatchObject({ rewrapped: 0, failed: [] });
  await journalAndReadModel(mesh, "acme/todo-app");

  const own = localSecrets(dataDir);
  for (const name of ["operatorToken", "signingKey", "masterKey", "boardToken"] as const) keep(name, own[name]);
  keep("app-key", own.appPrivateKey.split("\n")[5]);
  const search = new SecretSearch(secrets);
  expect(await lookThroughReadModel(search, mesh.neon)).toBeGreaterThan(50);
  await mesh.stop();
  const looked = lookThroughFolder(search, dataDir);
  search.lookInto("log", mesh.said);
  expect(search.leaks).toEqual([]);
  expect(looked.databases).toBeGreaterThan(5);
  expect(mesh.said.length).toBeGreaterThan(20);
});
