import { afterEach, expect, test, vi } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import { meshProject } from "../../core/ids.ts";
import { dayMs, hourMs, minuteMs } from "../../core/time.ts";
import { vault } from "../../durable-objects/remote.ts";
import { clock, now } from "../../platform/clock.ts";
import { hookSecret } from "../../platform/hook-id.ts";
import { derivedSecret } from "../../platform/keys.ts";
import type { KeyPurpose } from "../../platform/keys.ts";
import { archiveJournal } from "../../workers/scheduled/archive-journal.ts";
import { settingSecrets, signingKey } from "../../workers/test-mesh.ts";
import { askPerson, colours, phone } from "../support/asking.ts";
import { lookThroughMesh } from "../support/mesh-dump.ts";
import { createScenario, until } from "../support/scenario.ts";
import { SecretSearch } from "../support/secret-search.ts";
import type { KnownSecret } from "../support/secret-search.ts";

const { mesh, story } = createScenario();
const lines: string[] = [];
for (const level of ["log", "info", "warn", "error", "debug"] as const) {
  vi.spyOn(console, level).mockImplementation((...said: unknown[]) => void lines.push(said.map(String).join(" ")));
}
afterEach(() => clock.reset());

/** Every secret that is put into the mesh, or made by it for others. */
const secrets: KnownSecret[] = Object.entries(settingSecrets).map(([name, value]) => ({ name, value }));
function keep(name: string, value = `${name}-${crypto.randomUUID()}`): string {
  secrets.push({ name, value });
  return value;
}

test("nothing that was put in is found in any object's storage, any file or any log line", async () => {
  const it = await story("acme/secrets");
  const path = "/projects/acme/secrets/credentials";
  const push = (body: object) => mesh.send("POST", path, body);

  // Credentials: pushed, pushed anew, ended, refused, renewed, renewed in vain.
  const [first, second, ended] = [keep("api key"), keep("newer api key"), keep("ended credential")];
  expect((await push({ variables: { ANTHROPIC_API_KEY: first, NPM_TOKEN: keep("npm token") } })).status).toBe(201);
  expect((await push({ variables: { ANTHROPIC_API_KEY: second } })).status).toBe(201);
  expect((await push({ name: "ended", variables: { KEY: ended } })).status).toBe(201);
  expect((await mesh.request(`${path}/ended`, { method: "DELETE" })).status).toBe(204);
  expect((await push({ variables: { GITHUB_TOKEN: keep("refused by name") } })).status).toBe(400);
  expect((await push({ variables: { KEY: keep("subscription login", `sk-ant-oat01-${crypto.randomUUID()}`) } })).status).toBe(400);
  const refreshToken = keep("refresh token");
  const refresh = { tokenUrl: "https://id.example/token", clientId: "mesh", refreshToken, variable: "TOKEN" };
  expect((await push({ name: "renewed", variables: { TOKEN: keep("access token") }, expiresAt: now() + hourMs, refresh })).status).toBe(
    201,
  );
  mesh.oauth.give({ accessToken: keep("access token 2"), expiresAt: now() + hourMs, refreshToken: keep("refresh token 2") });
  expect((await mesh.send("POST", `${path}/refresh`, { name: "renewed" })).status).toBe(200);
  mesh.oauth.give(new ClientError("OAuth", "id.example answers 503; tried again later", { code: "unavailable", retryable: true }));
  expect((await mesh.send("POST", `${path}/refresh`, { name: "renewed" })).status).toBe(503);
  await vault(mesh.env, meshProject).put("litellm-key", keep("litellm key"), "onboarding");
  expect(await vault(mesh.env, meshProject).read("litellm-key", "onboarding", "asks for the spend")).toMatchObject({ ok: true });

  // A run with a question to a person: links and buttons are given out, and used.
  const { tap } = phone(mesh);
  const asked = await askPerson(mesh, it, "secrets-runner", colours);
  for (const [n, token] of asked.taps.entries()) keep(`button ${n}`, token);
  keep("reply link", asked.page.split("/").at(-1));
  const [runner] = it.runners;
  const attempt = runner?.given.at(-1);
  const live = { taskId: attempt?.taskId, attempt: attempt?.attempt };
  const token = keep("agent token", (runner as unknown as { token: string }).token);
  const as = (action: string, body: object) =>
    mesh.request(`/agents/secrets-runner/${action}`, { method: "POST", token, body: JSON.stringify(body) });
  const bundle = await (await as("bundle", live)).json<{ bundleId: string }>();
  expect(await (await as(`bundle/${bundle.bundleId}`, live)).json()).toMatchObject({ variables: { ANTHROPIC_API_KEY: second } });
  expect((await as(`bundle/${bundle.bundleId}`, live)).status).toBe(410);
  const git = await (await as("git-credential", live)).json<{ password: string }>();
  keep("git credential", git.password);
  expect((await tap(asked.taps[0])).status).toBe(200);
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  await it.settled();

  // What is sent with a wrong or a right secret and comes to nothing.
  const wrong = keep("wrong operator token");
  expect((await mesh.request("/projects", { token: wrong })).status).toBe(401);
  expect((await mesh.request(`/r/${keep("made-up reply token")}`, { token: null })).status).toBe(404);
  expect((await mesh.request(`/events?access_token=${settingSecrets.OPERATOR_TOKEN}`)).status).toBeGreaterThanOrEqual(400);
  mesh.github.failNext("observeBoard", new ClientError("GitHub", "away", { code: "unavailable", retryable: true }));
  await it.reconcile();

  // A Vault whose rows were changed refuses, and says so.
  clock.shift(minuteMs);
  await until(async () => expect((await it.events("credential-recorded")).length).toBeGreaterThan(8));
  clock.shift(dayMs);
  await archiveJournal(mesh.env, it.key);

  for (const purpose of ["hook-id", "hook-secret", "cookie", "login-link", "reply-link", "command"] satisfies KeyPurpose[]) {
    keep(`key for ${purpose}`, await derivedSecret(signingKey, purpose));
  }
  for (const hook of [
    { kind: "repository", subject: it.key, version: 1 },
    { kind: "organization", subject: "acme", version: 1 },
  ] as const) {
    keep(`webhook secret of ${hook.kind}`, await hookSecret({ current: signingKey }, hook));
  }

  const search = new SecretSearch(secrets);
  const looked = await lookThroughMesh(search);
  search.lookInto("log", lines);
  search.lookInto("queued", mesh.queued);
  expect(search.leaks).toEqual([]);
  expect(looked.objects).toMatchObject({ POOL: 1, SETTINGS: 1, VAULTS: expect.any(Number) });
  expect(Math.min(...Object.values(looked.objects), looked.files)).toBeGreaterThan(0);
  expect(lines.length).toBeGreaterThan(3);
  expect(secrets.length).toBeGreaterThan(30);
  // The search would have found them: a sealed value lies there, and what is no secret is found.
  const control = new SecretSearch([{ name: "a task's id", value: live.taskId ?? "" }]);
  await lookThroughMesh(control);
  expect(control.leaks.length).toBeGreaterThan(0);
});
