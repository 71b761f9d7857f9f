import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectName } from "../../core/ids.ts";
import { startGitHub } from "../../dev/github/start-github.ts";
import type { GitHubStandIn } from "../../dev/github/start-github.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
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
let byToken: ReturnType<typeof connected>;

function connected(settings: Parameters<typeof createGitHubCredentials>[0]) {
  const transport = createGitHubTransport({ now: Date.now, sleep: async () => {}, apiUrl: standIn.url });
  const credentials = createGitHubCredentials(settings, transport, Date.now, async () => {});
  return {
    discovery: createProjectDiscovery(transport, credentials),
    webhooks: createProjectWebhooks(transport, credentials, keys, "http://127.0.0.1:9"),
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
  const token = seed.addToken({ login: "alice", kind: "classic", scopes: ["repo", "project", "admin:repo_hook", "admin:org_hook"] });
  byApp = connected({ app: { appId: String(app.id), privateKeyPem } });
  byToken = connected({ token });
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
    standIn.world.state.hooks.push({ ...like, id: Math.max(...standIn.world.state.hooks.map(({ id }) => id)) + 1, url });
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
