import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProjectName } from "../../core/ids.ts";
import { startGitHub } from "../../dev/github/start-github.ts";
import type { GitHubStandIn } from "../../dev/github/start-github.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import type { SigningKeys } from "../../platform/keys.ts";
import { createProjectDiscovery } from "./discover-project.ts";
import { createGitHubCredentials } from "./github-credentials.ts";
import { createGitHubTransport } from "./github-transport.ts";
import { createProjectWebhooks } from "./project-webhooks.ts";

const keys = { current: "a-signing-key-of-32-characters-01" };
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
let dataDir: string;
let standIn: GitHubStandIn;
let byApp: ReturnType<typeof connected>;
let everything: string;
let byToken: ReturnType<typeof connected>;

function connected(settings: Parameters<typeof createGitHubCredentials>[0], signedWith: SigningKeys = keys) {
  const transport = createGitHubTransport({ now: Date.now, sleep: async () => {}, apiUrl: standIn.url });
  const credentials = createGitHubCredentials(settings, transport, Date.now, async () => {});
  return {
    discovery: createProjectDiscovery(transport, credentials),
    webhooks: createProjectWebhooks(transport, credentials, signedWith, "http://127.0.0.1:9"),
  };
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "github-"));
  standIn = await startGitHub({ dataDir });
  const { seed } = standIn;
  seed.addUser("alice");
  seed.addOrganization("acme", { alice: "admin" });
  await seed.addRepository({ owner: "acme", name: "Shop", private: true });
  await seed.addRepository({ owner: "alice", name: "toy" });
  seed.addBoard({ owner: "acme", title: "Shop", statusOptions: ["Todo"], repositories: ["acme/Shop"] });
  seed.addBoard({ owner: "alice", title: "Toy", statusOptions: ["Todo"], repositories: ["alice/toy"] });
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const { app } = seed.addApp({
    owner: "acme",
    webhook: { url: "http://127.0.0.1:1/", secret: "s" },
    publicKeyPem,
    installations: [{ account: "acme" }],
  });
  everything = seed.addToken({ login: "alice", kind: "classic", scopes: ["repo", "project", "admin:repo_hook", "admin:org_hook"] });
  byApp = connected({ app: { appId: String(app.id), privateKeyPem } });
  byToken = connected({ token: everything });
});
afterAll(async () => {
  await standIn.close();
  await rm(dataDir, { recursive: true });
});

const shop = { repository: "acme/shop" as ProjectName, board: { owner: "ACME", number: 1 }, overrides: { retryBudget: 1 } };
const toy = { repository: "alice/toy" as ProjectName, board: { owner: "alice", number: 1 }, overrides: {} };

test("a project of an organisation is found through the App's installation", async () => {
  expect(await byApp.discovery.discover(shop)).toMatchObject({
    name: "acme/shop",
    key: expect.stringMatching(/^R_/),
    defaultBranch: "main",
    cloneUrl: expect.stringMatching(/acme\/Shop\.git$/i),
    credential: { kind: "app", installation: expect.any(Number) },
    board: { id: expect.stringMatching(/^PVT_/), owner: "acme", ownerKind: "organization", observedBy: "webhook" },
    overrides: { retryBudget: 1 },
  });
});

test("a user's board is found by the token, and will be polled", async () => {
  expect(await byToken.discovery.discover(toy)).toMatchObject({
    credential: { kind: "token" },
    board: { owner: "alice", ownerKind: "user", observedBy: "poll" },
  });
});

test("what is not there, or not to be seen, is said", async () => {
  await expect(byToken.discovery.discover({ ...toy, repository: "alice/none" as ProjectName })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(byToken.discovery.discover({ ...toy, board: { owner: "alice", number: 99 } })).rejects.toMatchObject({ code: "not-found" });
});

test("webhooks are made once, with the secret that the Worker derives", async () => {
  const profile = await byToken.discovery.discover(shop);
  const made = await byToken.webhooks.ensure(profile);
  expect(made.map(({ kind, state }) => [kind, state])).toEqual([
    ["repository", "made"],
    ["organization", "made"],
  ]);
  const again = await byToken.webhooks.ensure(profile);
  expect(again.map(({ state, number }) => [state, number])).toEqual(made.map(({ number }) => ["present", number]));
  expect(await byToken.webhooks.repositoryHook(profile)).toBe(made[0]?.number);
  const secrets = standIn.world.state.hooks.filter((hook) => hook.url.startsWith("http://127.0.0.1:9/")).map((hook) => hook.secret);
  const derived = [
    await hookSecret(keys, { kind: "repository", subject: profile.key, version: 1 }),
    await hookSecret(keys, { kind: "organization", subject: "acme", version: 1 }),
  ];
  expect(secrets).toEqual(derived);
});

test("the mesh's own webhooks are removed, of whatever version; others, and one that other projects need, stay", async () => {
  const profile = await byToken.discovery.discover(shop);
  const [repository, organization] = await byToken.webhooks.ensure(profile);
  const seeded = (kind: "repository" | "organization", url: string) => {
    const like = standIn.world.state.hooks.find(({ url: each }) => each === (kind === "repository" ? repository?.url : organization?.url));
    if (!like) throw new Error(`no ${kind} hook`);
    standIn.world.state.hooks.push({ ...like, id: standIn.world.state.nextId++, url });
  };
  const later = await hookId(keys, { kind: "repository", subject: profile.key, version: 2 });
  const others = await hookId(keys, { kind: "repository", subject: "R_other", version: 1 });
  const own = ["r1.x.forged", others].map((id) => `http://127.0.0.1:9/webhooks/github/${id}`);
  const foreign = [...own, "http://ci.test/hook"];
  for (const url of [`http://127.0.0.1:9/webhooks/github/${later}`, ...foreign]) seeded("repository", url);

  const first = await byToken.webhooks.remove(profile, { organization: false });
  expect(first.map(({ kind, state }) => [kind, state])).toEqual([
    ["repository", "removed"],
    ["repository", "removed"],
    ["organization", "shared"],
  ]);
  const urls = () => standIn.world.state.hooks.map(({ url }) => url);
  expect(urls()).toEqual(expect.arrayContaining([...foreign, organization?.url]));
  expect(urls()).not.toContain(repository?.url);
  const second = await byToken.webhooks.remove(profile, { organization: true });
  expect(second.map(({ kind, state }) => [kind, state])).toEqual([
    ["repository", "absent"],
    ["organization", "removed"],
  ]);
  expect(urls()).toEqual(expect.arrayContaining(foreign));
});

test("webhooks of a repository that is gone, or that may not be touched, are said to be left", async () => {
  const profile = await byToken.discovery.discover(toy);
  const gone = { ...profile, name: "alice/gone" as ProjectName };
  expect(await byToken.webhooks.remove(gone, { organization: false })).toEqual([{ kind: "repository", state: "not-allowed", url: null }]);
});

test("a hook that was switched off or sends other events is mended, with its secret", async () => {
  const profile = await byToken.discovery.discover(shop);
  const [repository, organization] = await byToken.webhooks.ensure(profile);
  const hookOf = (number: number | null | undefined) => standIn.world.state.hooks.find(({ id }) => id === number);
  const [one, two] = [hookOf(repository?.number), hookOf(organization?.number)];
  if (!one || !two) throw new Error("no hooks");
  const secret = one.secret;
  Object.assign(one, { active: false });
  Object.assign(two, { events: ["team"] });
  expect((await byToken.webhooks.ensure(profile)).map(({ state }) => state)).toEqual(["mended", "mended"]);
  expect(one).toMatchObject({ active: true, secret, contentType: "json" });
  expect(two.events).toEqual(["projects_v2_item", "team"]);
  expect((await byToken.webhooks.ensure(profile)).map(({ state }) => state)).toEqual(["present", "present"]);
});

test("hooks of older versions and of older signing keys are taken away, strangers' stay", async () => {
  const profile = await byToken.discovery.discover(shop);
  const stranger = { name: "web", config: { url: "http://127.0.0.1:9/webhooks/github/other" } };
  const token = standIn.seed.addToken({ login: "alice", kind: "classic", scopes: ["repo"] });
  await fetch(`${standIn.url}/repos/acme/Shop/hooks`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(stranger),
  });
  const count = () => standIn.world.state.hooks.filter(({ url }) => url.startsWith("http://127.0.0.1:9/")).length;
  const next = { ...profile, hookVersion: 2, organizationHookVersion: 2 };
  await byToken.webhooks.ensure(profile);
  const before = count() + 2;
  expect((await byToken.webhooks.ensure(next)).map(({ state }) => state)).toEqual(["made", "made"]);
  expect(count()).toBe(before);
  expect(await byToken.webhooks.removeOlder(profile)).toBe(0);
  expect(await byToken.webhooks.removeOlder(next)).toBe(2);
  expect(await byToken.webhooks.removeOlder(next)).toBe(0);
  const rekeyed = connected({ token: everything }, { current: "another-signing-key-of-32-charac", previous: keys.current }).webhooks;
  expect((await rekeyed.ensure(next)).map(({ state }) => state)).toEqual(["made", "made"]);
  expect(await rekeyed.removeOlder(next)).toBe(2);
  expect(await rekeyed.organizationHook(next)).toEqual(expect.any(Number));
  expect((await rekeyed.remove(next, { organization: true })).map(({ state }) => state)).toEqual(["removed", "removed"]);
  expect(count()).toBe(before - 4);
});

test("a credential that may not is told of, and nothing fails", async () => {
  const profile = await byToken.discovery.discover(shop);
  const reader = connected({ token: standIn.seed.addToken({ login: "alice", kind: "classic", scopes: ["project"] }) });
  expect((await reader.webhooks.ensure(profile)).map(({ state }) => state)).toEqual(["not-allowed", "not-allowed"]);
  expect(await reader.webhooks.removeOlder(profile)).toBe(0);
  expect(await reader.webhooks.organizationHook(profile)).toBeUndefined();
});

describe("a repository that was renamed or transferred", () => {
  async function human(action: string, input: object): Promise<void> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(input) };
    expect((await fetch(`${standIn.url}/__human/${action}`, init)).status).toBe(200);
  }

  test("is followed by its node id, with the App and with the token; twice is once", async () => {
    for (const [client, request] of [
      [byApp, shop],
      [byToken, toy],
    ] as const) {
      const before = await client.discovery.discover(request);
      expect(await client.discovery.refresh(before)).toEqual(before);
      const [owner = "", short = ""] = before.name.split("/");
      await human("rename-repository", { repository: before.name, name: `${short}-renamed` });
      const after = await client.discovery.refresh(before);
      expect(after).toEqual({
        ...before,
        name: `${owner}/${short}-renamed`,
        repositoryUrl: expect.stringMatching(/-renamed$/),
        cloneUrl: expect.stringMatching(/-renamed\.git$/),
      });
      expect(await client.discovery.refresh(before)).toEqual(after);
      expect((await client.discovery.discover(request)).key).toBe(before.key);
      expect(await client.webhooks.repositoryHook(before)).toEqual(await client.webhooks.repositoryHook(after));
    }
  });

  test("to another owner: the installation there serves it, the webhook goes with it, the board stays where it is", async () => {
    const { seed } = standIn;
    seed.addOrganization("globex", { alice: "admin" });
    await seed.addRepository({ owner: "acme", name: "moving", private: true });
    seed.addBoard({ owner: "acme", title: "Moving", statusOptions: ["Todo"], repositories: ["acme/moving"] });
    const before = await byApp.discovery.discover({ ...shop, repository: "acme/moving" as ProjectName });
    await byApp.webhooks.ensure(before);
    await human("transfer-repository", { repository: "acme/moving", owner: "globex" });
    await expect(byApp.discovery.refresh(before)).rejects.toMatchObject({ code: "not-found" });
    const app = standIn.world.state.apps[0];
    standIn.world.state.installations.push({
      id: 99_001,
      appId: app?.id ?? 0,
      account: "globex",
      repositories: "all",
      permissions: app?.permissions ?? {},
      createdAt: "",
    });
    const after = await byApp.discovery.refresh(before);
    expect(after).toMatchObject({
      key: before.key,
      name: "globex/moving",
      board: before.board,
      credential: { kind: "app", installation: 99_001 },
    });
    expect(await byApp.webhooks.repositoryHook(after)).toEqual(expect.any(Number));
  });

  test("whose owner has another name: its board is found under that name, too", async () => {
    const { seed, world } = standIn;
    seed.addOrganization("oldname", { alice: "admin" });
    const moved = await seed.addRepository({ owner: "oldname", name: "kit", private: true });
    const board = seed.addBoard({ owner: "oldname", title: "Kit", statusOptions: ["Todo"], repositories: ["oldname/kit"] });
    const request = { repository: "oldname/kit" as ProjectName, board: { owner: "oldname", number: 1 }, overrides: {} };
    const before = await byToken.discovery.discover(request);
    Object.assign(world.account("oldname"), { login: "newname" });
    Object.assign(board, { owner: "newname" });
    Object.assign(moved, { owner: "newname", formerNames: ["oldname/kit"] });
    expect(await byToken.discovery.refresh(before)).toMatchObject({
      key: before.key,
      name: "newname/kit",
      board: { id: before.board?.id, owner: "newname", url: expect.stringContaining("/newname/") },
    });
  });

  test("that was deleted is said to be out of reach", async () => {
    await standIn.seed.addRepository({ owner: "alice", name: "doomed" });
    const doomed = await byToken.discovery.discover({ ...toy, board: null, repository: "alice/doomed" as ProjectName });
    standIn.world.state.repositories = standIn.world.state.repositories.filter(({ name }) => name !== "doomed");
    await expect(byToken.discovery.refresh(doomed)).rejects.toMatchObject({ code: "not-found" });
  });
});
