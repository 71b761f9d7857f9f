import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { CredentialHealth, CredentialRecord, CredentialView } from "../../core/credentials/credential.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { dayMs, hourMs, minuteMs } from "../../core/time.ts";
import { orchestrator, vault } from "../../durable-objects/remote.ts";
import { firstMasterKey, giveMasterKeys, secondMasterKey } from "../../durable-objects/test-vault.ts";
import { clock, now } from "../../platform/clock.ts";
import { reconcile } from "../scheduled/reconcile.ts";
import { createTestMesh, problemOf, viewerToken } from "../test-mesh.ts";

const mesh = createTestMesh();
const secret = "sk-test-a-secret-of-the-tests";
const refresh = { tokenUrl: "https://id.example/token", clientId: "mesh", refreshToken: "refresh-1", variable: "TOKEN" };
let project = "";
let key = "" as ProjectKey;
let number = 0;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  number += 1;
  project = `acme/vault-${"abcdefghijklmnopqrstuvwxyz"[number]}`;
  key = (await mesh.addProject(project)).profile.key;
});
afterEach(async () => {
  expect(lines.join("\n")).not.toContain(secret);
  vi.restoreAllMocks();
  clock.reset();
  await giveMasterKeys(firstMasterKey);
  await vault(mesh.env, key).wipe("the test", "forget");
});

const at = (path: string) => `/projects/${project}/credentials${path}`;
const push = (body: object) => mesh.send("POST", at(""), body);
const health = async () => (await mesh.request(at("/health"))).json<CredentialHealth>();

describe("pushing", () => {
  test("takes a key, says who pushed it, and never shows it again", async () => {
    const answer = await push({ variables: { ANTHROPIC_API_KEY: secret } });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([201, "no-store"]);
    expect(await answer.json()).toMatchObject({ name: "agent", version: 1, variables: ["ANTHROPIC_API_KEY"], pushedBy: "operator" });
    const texts = await Promise.all(
      [at("/health"), at("/history"), `/projects/${project}`].map(async (path) => (await mesh.request(path)).text()),
    );
    expect(texts.join("")).not.toContain(secret);
    expect(await health()).toMatchObject({ hasValidCredential: true, credentials: [{ name: "agent" }] });
  });

  test("is for operators, of projects that are there, in a form that fits", async () => {
    const body = JSON.stringify({ variables: { KEY: secret } });
    expect(await problemOf(await mesh.request(at(""), { method: "POST", token: viewerToken, body }))).toMatchObject({ status: 403 });
    expect(await problemOf(await mesh.send("POST", "/projects/acme/unknown/credentials", { variables: { KEY: secret } }))).toMatchObject({
      status: 404,
    });
    expect(await problemOf(await push({ variables: { PATH: secret, "1": secret }, expiresAt: "soon", more: 1 }))).toMatchObject({
      status: 400,
      paths: expect.arrayContaining(["expiresAt", "more"]),
    });
  });

  test.each([
    [{ variables: { GIT_SSH_COMMAND: "x" } }, "variables.GIT_SSH_COMMAND", "would change the runner"],
    [{ variables: { GITHUB_TOKEN: "x" } }, "variables.GITHUB_TOKEN", "would change the runner"],
    [{ variables: { CLAUDE_CODE_OAUTH_TOKEN: "x" } }, "variables.CLAUDE_CODE_OAUTH_TOKEN", "claude auth login"],
    [{ variables: { ANTHROPIC_AUTH_TOKEN: "sk-ant-oat01-hidden" } }, "variables.ANTHROPIC_AUTH_TOKEN", "claude auth login"],
    [{ variables: { TOKEN: "x" }, refresh: { ...refresh, tokenUrl: "http://id.example/token" } }, "refresh.tokenUrl", "https"],
    [{ variables: { TOKEN: "x" }, refresh: { ...refresh, tokenUrl: "https://10.0.0.1/token" } }, "refresh.tokenUrl", "private"],
    [
      { variables: { TOKEN: "x" }, refresh: { ...refresh, tokenUrl: "https://console.anthropic.com/v1/oauth/token" } },
      "refresh.tokenUrl",
      "Anthropic",
    ],
  ])("%j is refused with what to do", async (body, path, said) => {
    const answer = await push(body);
    const { issues } = await answer.clone().json<{ issues: { path: string; message: string }[] }>();
    expect(await problemOf(answer)).toEqual({ status: 400, reason: "invalid-input", paths: [path] });
    expect(issues[0]?.message).toContain(said);
    expect(JSON.stringify(issues)).not.toContain("hidden");
    expect(await vault(mesh.env, key).list()).toEqual([]);
  });
});

test("a credential is ended by its name, and may be ended again", async () => {
  await push({ variables: { KEY: secret } });
  expect((await mesh.request(at("/agent"), { method: "DELETE" })).status).toBe(204);
  expect((await mesh.request(at("/agent"), { method: "DELETE" })).status).toBe(204);
  expect(await problemOf(await mesh.request(at("/other"), { method: "DELETE" }))).toMatchObject({ status: 404 });
  expect(await health()).toMatchObject({ hasValidCredential: false });
});

test("the history goes by pages, and is in the project's journal and events", async () => {
  for (const value of ["a", "b", "c"]) await push({ variables: { KEY: value } });
  const first = await (await mesh.request(at("/history?limit=2"))).json<{ items: CredentialRecord[]; cursor: number | null }>();
  expect(first.items.map(({ seq, action, by }) => [seq, action, by])).toEqual([
    [3, "pushed", "operator"],
    [2, "pushed", "operator"],
  ]);
  const second = await (
    await mesh.request(at(`/history?limit=2&cursor=${first.cursor}`))
  ).json<{ items: CredentialRecord[]; cursor: number | null }>();
  expect([second.items.map(({ seq }) => seq), second.cursor]).toEqual([[1], null]);
  await vi.waitFor(async () => {
    const { events } = await orchestrator(mesh.env, key).journalSince(0, 100);
    expect(events.filter(({ type }) => type === "credential-recorded")).toHaveLength(3);
  });
});

describe("renewing", () => {
  const tokens = (n: number) => ({ accessToken: `access-${n}`, expiresAt: now() + hourMs, refreshToken: `refresh-${n}` });

  test("when asked", async () => {
    await push({ variables: { TOKEN: "access-1" }, expiresAt: now() + hourMs, refresh });
    mesh.oauth.give(tokens(2));
    const answer = await mesh.send("POST", at("/refresh"));
    expect([answer.status, (await answer.json<CredentialView>()).version]).toEqual([200, 2]);
    expect(mesh.oauth.asked.at(-1)).toEqual(refresh);
    expect(await problemOf(await mesh.send("POST", at("/refresh"), { name: "other" }))).toMatchObject({ status: 404 });
    await push({ name: "plain", variables: { KEY: "x" } });
    expect(await problemOf(await mesh.send("POST", at("/refresh"), { name: "plain" }))).toMatchObject({
      status: 409,
      reason: "no-refresh-token",
    });
  });

  test("by the cron ahead of its end, once; in between no Vault is asked", async () => {
    await push({ variables: { TOKEN: "access-1" }, expiresAt: now() + hourMs, refresh });
    const requests = async () => (await vault(mesh.env, key).costs()).requests;
    expect(await reconcile(mesh.env, mesh.clients, "due")).toMatchObject({ refreshed: 0 });
    clock.shift(2 * minuteMs);
    const before = await requests();
    await reconcile(mesh.env, mesh.clients, "due");
    expect(await requests()).toBe(before + 1);
    clock.shift(53 * minuteMs);
    mesh.oauth.give(tokens(2));
    const asked = mesh.oauth.asked.length;
    const [one, other] = await Promise.all([reconcile(mesh.env, mesh.clients, "due"), reconcile(mesh.env, mesh.clients, "due")]);
    expect(one.refreshed + other.refreshed).toBe(1);
    expect(mesh.oauth.asked.length).toBe(asked + 1);
    expect(await health()).toMatchObject({ hasValidCredential: true, credentials: [{ version: 2 }] });
  });

  test("a provider that is away is asked again later, and one that has ended the login ends the credential and tells people", async () => {
    await push({ variables: { TOKEN: "access-1" }, expiresAt: now() + hourMs, refresh });
    mesh.oauth.give(new ClientError("OAuth", "id.example answers 503; tried again later", { code: "unavailable", retryable: true }));
    expect(await problemOf(await mesh.send("POST", at("/refresh")))).toMatchObject({ status: 503, reason: "oauth-unavailable" });
    expect(await health()).toMatchObject({ hasValidCredential: true });
    mesh.oauth.give(
      new ClientError("OAuth", "id.example no longer takes the refresh token (invalid_grant)", { code: "gone", retryable: false }),
    );
    expect(await problemOf(await mesh.send("POST", at("/refresh")))).toMatchObject({ status: 502, reason: "oauth-gone" });
    expect(await health()).toMatchObject({ hasValidCredential: false });
    await vi.waitFor(async () => {
      const { events } = await orchestrator(mesh.env, key).journalSince(0, 100);
      expect(events.filter(({ type, data }) => type === "effect-requested" && data["kind"] === "notify")).toHaveLength(1);
    });
  });

  test("one that cannot be renewed stops no other project, and is in nobody's way", async () => {
    await push({ variables: { TOKEN: "x" }, expiresAt: now() - dayMs, refresh });
    mesh.oauth.give(new ClientError("OAuth", "away", { code: "unreachable", retryable: true }));
    const asked = mesh.oauth.asked.length;
    for (let n = 0; n < 2; n += 1) {
      const { refreshed, failures } = await reconcile(mesh.env, mesh.clients, "now");
      expect([refreshed, failures.filter(({ what }) => what === "credential-refresh")]).toEqual([0, []]);
    }
    expect(mesh.oauth.asked.length).toBe(asked + 1);
  });
});

describe("bundles", () => {
  let token = "";
  const agent = "bundle-runner";
  const as = (method: string, path: string, body?: unknown) =>
    mesh.request(path, { method, token, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  beforeAll(async () => {
    token = (await (await mesh.send("POST", "/agents", { id: agent })).json<{ token: string }>()).token;
    await as("POST", `/agents/${agent}/register`, { capabilities: [{ name: "environment", slots: 20 }], slots: 20 });
    await as("GET", `/agents/${agent}/tasks`);
  });
  const liveAttempt = async () => {
    const answer = await mesh.send("POST", "/tasks", { capability: "environment", project, agent });
    const [task] = (await answer.json<{ tasks: { id: string }[] }>()).tasks;
    await as("GET", `/agents/${agent}/tasks?wait=20`);
    return { taskId: task?.id ?? "", attempt: 1 };
  };

  test("hand a live attempt its variables, once", async () => {
    const live = await liveAttempt();
    const none = await as("POST", `/agents/${agent}/bundle`, live);
    expect([none.status, await none.json()]).toEqual([200, { status: "no_credentials" }]);
    await push({ variables: { ANTHROPIC_API_KEY: secret } });
    const made = await (await as("POST", `/agents/${agent}/bundle`, { ...live, have: null })).json<{ status: string; bundleId: string }>();
    expect(made).toMatchObject({ status: "provisioned", expiresAt: expect.any(Number) });
    const opened = await as("POST", `/agents/${agent}/bundle/${made.bundleId}`, live);
    expect([opened.status, opened.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await opened.json()).toMatchObject({ variables: { ANTHROPIC_API_KEY: secret }, expiresAt: expect.any(Number) });
    expect(await problemOf(await as("POST", `/agents/${agent}/bundle/${made.bundleId}`, live))).toMatchObject({
      status: 410,
      reason: "bundle-over",
    });
    const again = await as("POST", `/agents/${agent}/bundle`, { ...live, have: made.bundleId });
    expect(await again.json()).toMatchObject({ status: "current", bundleId: made.bundleId });
    expect(await health()).toMatchObject({ activeBundleId: made.bundleId });
  });

  test("not to another agent, an attempt that is over, or after the credential has ended", async () => {
    await push({ variables: { KEY: secret } });
    const live = await liveAttempt();
    const { bundleId } = await (await as("POST", `/agents/${agent}/bundle`, live)).json<{ bundleId: string }>();
    const thief = (await (await mesh.send("POST", "/agents", { id: "bundle-thief" })).json<{ token: string }>()).token;
    const stolen = await mesh.request(`/agents/bundle-thief/bundle/${bundleId}`, {
      method: "POST",
      token: thief,
      body: JSON.stringify(live),
    });
    expect(await problemOf(stolen)).toMatchObject({ status: 403, reason: "no-live-attempt" });
    expect(await problemOf(await as("POST", `/agents/${agent}/bundle`, { ...live, attempt: 2 }))).toMatchObject({
      reason: "no-live-attempt",
    });
    await mesh.request(at("/agent"), { method: "DELETE" });
    expect(await problemOf(await as("POST", `/agents/${agent}/bundle/${bundleId}`, live))).toMatchObject({ status: 410 });
    await push({ variables: { KEY: secret } });
    const next = await (await as("POST", `/agents/${agent}/bundle`, live)).json<{ bundleId: string }>();
    await mesh.request(`/tasks/${live.taskId}`, { method: "DELETE" });
    expect(await problemOf(await as("POST", `/agents/${agent}/bundle/${next.bundleId}`, live))).toMatchObject({ status: 403 });
  });
});

describe("master keys", () => {
  test("every Vault is re-wrapped, again changes nothing, and then the old key is not needed", async () => {
    await push({ variables: { KEY: secret } });
    await giveMasterKeys(secondMasterKey, firstMasterKey);
    const rotate = async () =>
      (await mesh.send("POST", "/ops/vault/rotate")).json<{ projects: number; rewrapped: number; failed: object[] }>();
    const done = await rotate();
    expect(done.projects).toBeGreaterThan(1);
    expect(done.rewrapped).toBeGreaterThan(0);
    expect(done.failed).toEqual([]);
    expect(await rotate()).toMatchObject({ rewrapped: 0, failed: [] });
    await giveMasterKeys(secondMasterKey);
    expect(await health()).toMatchObject({ hasValidCredential: true });
    await giveMasterKeys(firstMasterKey, secondMasterKey);
    await rotate();
  });

  test("/readyz says when the Vault was sealed under another key", async () => {
    expect((await mesh.request("/readyz", { token: null })).status).toBe(200);
    await giveMasterKeys(secondMasterKey);
    clock.shift(2 * minuteMs);
    expect(await problemOf(await mesh.request("/readyz", { token: null }))).toEqual({
      status: 503,
      reason: "vault-closed",
      paths: ["MASTER_KEY"],
    });
    await giveMasterKeys(firstMasterKey);
    clock.shift(2 * minuteMs);
    expect((await mesh.request("/readyz", { token: null })).status).toBe(200);
  });
});
