import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProjectName } from "../../core/ids.ts";
import { startGitHub } from "../../dev/github/start-github.ts";
import type { GitHubStandIn } from "../../dev/github/start-github.ts";
import { USUAL_PERMISSIONS } from "../../dev/github/seed.ts";
import { createGitHubParts } from "./create-github.ts";
import { createRepositoryPreparation } from "./create-repository-preparation.ts";
import type { GitHubCredentialSettings } from "./github-credentials.ts";
import type { PermissionCheckName, RepositoryPreparation, RepositoryProbe } from "./repository-preparation.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
const everyScope = ["repo", "project", "workflow", "admin:org_hook", "admin:repo_hook"];
const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];
const name = (text: string) => text as ProjectName;
let dataDir: string;
let standIn: GitHubStandIn;
let nextApp = 1_000;

function prepared(credentials: GitHubCredentialSettings): RepositoryPreparation {
  const outside = { now: Date.now, sleep: async () => {} };
  return createRepositoryPreparation(createGitHubParts({ ...outside, apiUrl: standIn.url, credentials, writeSpacingMs: 0 }));
}

function classic(scopes: string[], login = "alice"): string {
  return standIn.seed.addToken({ kind: "classic", login, scopes });
}

/** A client with an App of its own, installed on acme and alice with these permissions. */
function byApp(permissions: Record<string, "read" | "write" | "admin">, more: GitHubCredentialSettings & { events?: string[] } = {}) {
  nextApp += 1;
  const { events = ["issues"], ...settings } = more;
  const installations = [{ account: "acme" }, { account: "alice" }];
  standIn.seed.addApp({ appId: nextApp, slug: `app-${nextApp}`, owner: "acme", publicKeyPem, permissions, events, installations });
  return prepared({ ...settings, app: { appId: String(nextApp), privateKeyPem } });
}

function byToken(scopes: string[], login?: string) {
  return prepared({ token: classic(scopes, login), lendToken: true });
}

function byFineGrained(permissions: Record<string, "read" | "write">, login = "alice") {
  return prepared({ token: standIn.seed.addToken({ kind: "fine-grained", login, permissions }), lendToken: true });
}

function without(permission: string, level?: "read"): Record<string, "read" | "write" | "admin"> {
  const { [permission]: _taken, ...rest } = USUAL_PERMISSIONS;
  return level ? { ...rest, [permission]: level } : rest;
}

async function human(action: string, input: unknown): Promise<void> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(input) };
  expect((await fetch(`${standIn.url}/__human/${action}`, init)).status).toBe(200);
}

/** Check → result, of those that do not simply work. */
function troubles({ checks }: RepositoryProbe): Partial<Record<PermissionCheckName, string>> {
  return Object.fromEntries(checks.filter(({ result }) => result !== "works").map((check) => [check.name, check.result]));
}

function fixOf({ checks }: RepositoryProbe, wanted: PermissionCheckName): string {
  return checks.find((check) => check.name === wanted)?.fix ?? "";
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "github-"));
  standIn = await startGitHub({ dataDir });
  const { seed } = standIn;
  for (const login of ["alice", "bob", "mallory"]) seed.addUser(login);
  seed.addOrganization("acme", { alice: "admin", bob: "member" });
  await seed.addRepository({ owner: "acme", name: "shop", private: true });
  await seed.addRepository({ owner: "alice", name: "toy", private: true });
  await seed.addRepository({ owner: "acme", name: "attic", private: true, archived: true });
  await seed.addRepository({ owner: "acme", name: "silent", issuesOff: true });
  await seed.addRepository({ owner: "acme", name: "blank", private: true, files: {} });
  seed.setPermission("bob", "acme/shop", "write");
});
afterAll(async () => {
  await standIn.close();
  await rm(dataDir, { recursive: true });
});

describe("probing changes nothing and says check by check", () => {
  test("everything works with an App on an organisation, and cards come by webhook", async () => {
    const before = JSON.stringify(standIn.world.state.boards);
    const probe = await byApp(USUAL_PERMISSIONS, { events: ["projects_v2_item"] }).probe(name("acme/shop"));
    expect(troubles(probe)).toEqual({});
    expect(probe).toMatchObject({ ownerKind: "organization", private: true, archived: false, hasIssues: true, observedBy: "webhook" });
    expect(probe.profile).toMatchObject({ name: "acme/shop", defaultBranch: "main", board: null, credential: { kind: "app" } });
    expect(JSON.stringify(standIn.world.state.boards)).toBe(before);
  });

  test("everything works with a classic token with every scope, for an organisation and for a user", async () => {
    const preparation = byToken(everyScope);
    expect(troubles(await preparation.probe(name("acme/shop")))).toEqual({});
    const ofUser = await preparation.probe(name("alice/toy"));
    expect(troubles(ofUser)).toEqual({});
    expect(ofUser).toMatchObject({ ownerKind: "user", observedBy: "poll" });
  });

  test.each([
    ["issues", "issues-write", "missing", /Issues: Read and write/],
    ["contents", "contents-write", "missing", /Contents: Read and write/],
    ["pull_requests", "pull-requests-write", "missing", /Pull requests: Read and write/],
    ["checks", "checks-read", "missing", /Checks: Read-only/],
    ["repository_hooks", "webhooks-write", "degraded", /Webhooks: Read and write/],
    ["organization_hooks", "organization-webhooks-write", "degraded", /organization permission "Webhooks/],
    ["organization_projects", "board-read", "missing", /organization permission "Projects: Read and write/],
  ] as const)("an App without %s: %s is %s", async (permission, check, result, fix) => {
    const probe = await byApp(without(permission)).probe(name("acme/shop"));
    expect(troubles(probe)).toMatchObject({ [check]: result });
    expect(fixOf(probe, check)).toMatch(fix);
    expect(fixOf(probe, check)).toContain("/settings/installations/");
  });

  test("an App that may read boards only: they are seen, not changed", async () => {
    const probe = await byApp(without("organization_projects", "read")).probe(name("acme/shop"));
    expect(troubles(probe)).toEqual({ "board-write": "missing" });
  });

  test("an App alone cannot serve a user's board; with a classic token in GITHUB_BOARD_TOKEN it can", async () => {
    const alone = await byApp(USUAL_PERMISSIONS).probe(name("alice/toy"));
    expect(troubles(alone)).toEqual({ "board-read": "missing", "board-write": "missing" });
    expect(fixOf(alone, "board-write")).toMatch(/classic token with scope project and repo .*GITHUB_BOARD_TOKEN/);
    const beside = await byApp(USUAL_PERMISSIONS, { boardToken: classic(["repo", "project"]) }).probe(name("alice/toy"));
    expect(troubles(beside)).toEqual({});
    const blind = await byApp(USUAL_PERMISSIONS, { boardToken: classic(["project"]) }).probe(name("alice/toy"));
    expect(troubles(blind)).toEqual({ "board-read": "missing", "board-write": "missing" });
    expect(fixOf(blind, "board-read")).toMatch(/GITHUB_BOARD_TOKEN the scope repo/);
  });

  test.each([
    [["project"], "repo"],
    [["repo"], "project"],
    [["repo", "read:project"], "project"],
  ])("a classic token with %s lacks %s, and is told so", async (scopes, lacking) => {
    const preparation = byToken(scopes);
    if (lacking === "repo") {
      await expect(preparation.probe(name("acme/shop"))).rejects.toThrow(/cannot be seen with GITHUB_TOKEN.*scope repo/);
      return;
    }
    const probe = await preparation.probe(name("acme/shop"));
    expect(troubles(probe)).toMatchObject({ "board-write": "missing" });
    expect(fixOf(probe, "board-write")).toContain("GITHUB_TOKEN the scope project");
  });

  test("without the scopes for hooks, changes are found by looking", async () => {
    const probe = await byToken(["repo", "project"]).probe(name("acme/shop"));
    expect(troubles(probe)).toEqual({ "organization-webhooks-write": "degraded" });
    expect(probe.observedBy).toBe("poll");
  });

  test("a person's own rights count: a collaborator makes no webhooks, a stranger sees nothing", async () => {
    const probe = await byToken(everyScope, "bob").probe(name("acme/shop"));
    expect(troubles(probe)).toEqual({ "webhooks-write": "degraded", "organization-webhooks-write": "degraded" });
    expect(fixOf(probe, "webhooks-write")).toMatch(/Give bob the role admin/);
    await expect(byToken(everyScope, "mallory").probe(name("acme/shop"))).rejects.toMatchObject({ code: "not-found" });
  });

  test("a fine-grained token is tried write by write, and cannot read checks of a private repository", async () => {
    const all = {
      contents: "write",
      issues: "write",
      pull_requests: "write",
      repository_hooks: "write",
      organization_projects: "write",
    } as const;
    const probe = await byFineGrained(all).probe(name("acme/shop"));
    expect(troubles(probe)).toEqual({
      "checks-read": "missing",
      "board-write": "degraded",
      "organization-webhooks-write": "degraded",
    });
    const { issues: _issues, organization_projects: _projects, ...fewer } = all;
    const lacking = await byFineGrained(fewer).probe(name("acme/shop"));
    expect(troubles(lacking)).toMatchObject({ "issues-write": "missing", "board-read": "missing", "board-write": "missing" });
    expect(fixOf(lacking, "issues-write")).toMatch(
      /fine-grained token of GITHUB_TOKEN .*choose acme\/shop and the repository permission "Issues/,
    );
    const ofUser = await byFineGrained(all).probe(name("alice/toy"));
    expect(troubles(ofUser)).toMatchObject({ "board-read": "missing", "board-write": "missing" });
    expect(standIn.world.state.issues.filter(({ title }) => title === "probe" || title === "")).toEqual([]);
  });

  test("an archived repository and one without issues are told with what to click", async () => {
    const preparation = byToken(everyScope);
    const attic = await preparation.probe(name("acme/attic"));
    expect(troubles(attic)).toEqual({ "repository-not-archived": "missing" });
    expect(fixOf(attic, "repository-not-archived")).toContain("/acme/attic/settings");
    expect(troubles(await preparation.probe(name("acme/silent")))).toEqual({ "issues-enabled": "missing" });
  });

  test("runners without a credential, and with one that may not push", async () => {
    const none = await prepared({ token: classic(everyScope) }).probe(name("acme/shop"));
    expect(troubles(none)).toEqual({ "runner-git": "missing" });
    expect(fixOf(none, "runner-git")).toContain("GITHUB_GIT_TOKEN");
    const gitToken = standIn.seed.addToken({ kind: "fine-grained", login: "alice", permissions: { contents: "read" } });
    expect(troubles(await prepared({ token: classic(everyScope), gitToken }).probe(name("acme/shop")))).toEqual({
      "runner-git": "missing",
    });
  });

  test("what is not there, an App that is not installed, a wrong token", async () => {
    await expect(byToken(everyScope).probe(name("acme/nothing"))).rejects.toThrow(/acme\/nothing cannot be seen/);
    standIn.seed.addApp({ appId: 7, slug: "lonely", owner: "acme", publicKeyPem, installations: [] });
    const lonely = prepared({ app: { appId: "7", privateKeyPem } });
    await expect(lonely.probe(name("acme/shop"))).rejects.toThrow(/not installed on acme\/shop.*\/apps\/lonely\/installations\/new/);
    await expect(prepared({ token: "ghp_wrong" }).probe(name("acme/shop"))).rejects.toMatchObject({ code: "authentication" });
  });
});

describe("a named board", () => {
  test("is found and read, or said not to be there", async () => {
    const { number } = standIn.seed.addBoard({ owner: "acme", title: "Named", repositories: ["acme/shop"] });
    const preparation = byToken(everyScope);
    const probe = await preparation.probe(name("acme/shop"), { owner: "acme", number });
    expect(troubles(probe)).toEqual({});
    expect(probe.profile.board).toMatchObject({ number, owner: "acme", ownerKind: "organization", observedBy: "webhook" });
    const absent = await preparation.probe(name("acme/shop"), { owner: "acme", number: 999 });
    expect(troubles(absent)).toEqual({ "board-read": "missing", "board-write": "missing" });
    expect(fixOf(absent, "board-read")).toContain("/projects/<number>");
  });

  test("whose cards are all hidden does not pass for an empty one", async () => {
    const board = standIn.seed.addBoard({ owner: "alice", title: "Hidden", repositories: ["alice/toy"] });
    standIn.seed.addIssue("alice/toy", { title: "Sort" });
    await human("add-card", { board: `alice/${board.number}`, issue: "alice/toy#1" });
    const stranger = standIn.seed.addToken({ kind: "classic", login: "bob", scopes: ["repo", "project"] });
    standIn.world.board(board.id).public = true;
    const probe = await byApp(USUAL_PERMISSIONS, { boardToken: stranger }).probe(name("alice/toy"), board);
    expect(troubles(probe)).toMatchObject({ "board-read": "missing", "board-write": "missing" });
  });

  test("with other columns and automations of its own is adopted as it is: options stay, what is missing is named", async () => {
    const board = standIn.seed.addBoard({
      owner: "acme",
      title: "Theirs",
      statusOptions: ["Backlog", "Doing", "done"],
      repositories: ["acme/shop"],
      automations: { itemClosed: true, pullRequestMerged: true, autoAdd: true },
    });
    const options = () =>
      standIn.world
        .board(board.id)
        .fields.find((field) => field.name === "Status")
        ?.options.map(({ id }) => id);
    const before = options();
    const preparation = byApp(USUAL_PERMISSIONS);
    const { profile } = await preparation.probe(name("acme/shop"));
    const wanted = { board: { owner: "ACME", number: board.number }, columns };
    const first = await preparation.ensureBoard(profile, wanted);
    expect(first).toMatchObject({
      made: false,
      columns: ["Backlog", "Doing", "done"],
      missingColumns: ["Todo", "Planning", "In Progress", "QA", "Review", "Blocked"],
      madeFields: ["Session", "Agent", "Run", "Priority"],
      automations: ["Item closed", "Pull request merged", "Item added to project"],
    });
    expect(options()).toEqual(before);
    expect(standIn.world.board(board.id).workflows.filter(({ enabled }) => enabled)).toHaveLength(4);
    expect(await preparation.ensureBoard(profile, wanted)).toEqual({ ...first, madeFields: [] });
  });
});

describe("the mesh's own board", () => {
  test("is made with columns and fields, without automations that move cards, linked to the repository; and found again", async () => {
    const preparation = byApp(USUAL_PERMISSIONS);
    const { profile } = await preparation.probe(name("acme/shop"));
    const made = await preparation.ensureBoard(profile, { columns });
    expect(made).toMatchObject({ made: true, columns, missingColumns: [], madeFields: ["Session", "Agent", "Run", "Priority"] });
    expect(made.automations).toEqual(["Item closed", "Pull request merged"]);
    const board = standIn.world.state.boards.find(({ nodeId }) => nodeId === made.board.id);
    expect(board?.workflows.filter(({ enabled }) => enabled)).toEqual([]);
    expect(board?.repositories).toEqual([standIn.world.findRepository("acme", "shop")?.id]);
    const again = await preparation.ensureBoard(profile, { columns });
    expect(again).toEqual({ ...made, madeFields: [], automations: [] });
    expect((await preparation.probe(name("acme/shop"))).profile.board?.id).toBe(made.board.id);
  });

  test("after any try that died part of the way: one board, complete", async () => {
    const preparation = byToken(everyScope);
    const { profile } = await preparation.probe(name("alice/toy"));
    const boards = standIn.world.state.boards.length;
    const operations = [
      "CreateBoard",
      "ReplaceOptions",
      "CreateField",
      "CreateField",
      "CreateField",
      "CreateField",
      "DeleteWorkflow",
      "DeleteWorkflow",
    ];
    for (const operation of operations) {
      standIn.faults.add({ match: { operation }, status: 502, after: true, times: 1 });
      await expect(preparation.ensureBoard(profile, { columns })).rejects.toMatchObject({ retryable: true });
    }
    const done = await preparation.ensureBoard(profile, { columns });
    expect(done).toMatchObject({ made: true, columns, missingColumns: [], madeFields: [], automations: [], board: { observedBy: "poll" } });
    expect(standIn.world.state.boards).toHaveLength(boards + 1);
    const names = standIn.world.state.boards.at(-1)?.fields.map((field) => field.name);
    expect(names).toEqual([...new Set(names)]);
  });

  test("keeps its columns once cards are on it", async () => {
    const preparation = byToken(everyScope);
    const { profile } = await preparation.probe(name("alice/toy"));
    const { board } = await preparation.ensureBoard(profile, { columns });
    await human("add-card", { board: `alice/${board.number}`, issue: "alice/toy#1" });
    const later = await preparation.ensureBoard(profile, { columns: [...columns, "Waiting"] });
    expect(later).toMatchObject({ columns, missingColumns: ["Waiting"] });
  });
});

describe("files come by pull request", () => {
  const proposal = {
    branch: "mesh/setup/dev-container",
    decides: ".devcontainer/devcontainer.json",
    files: { ".devcontainer/devcontainer.json": "{}\n", "docs/mesh.md": "# Mesh\n" },
    title: "Add a dev container",
    body: "Agents work in it.",
  };

  test("one branch, one commit, one pull request, however often it is tried and wherever a try died", async () => {
    const preparation = byToken(everyScope);
    const { profile } = await preparation.probe(name("acme/shop"));
    expect(await preparation.rootFiles(profile)).toEqual(["README.md"]);
    for (const path of ["/git/trees", "/git/commits", "/git/refs", "/pulls"]) {
      standIn.faults.add({ match: { method: "POST", path: `/repos/acme/shop${path}` }, status: 502, after: true, times: 1 });
      await expect(preparation.proposeFiles(profile, proposal)).rejects.toMatchObject({ retryable: true });
    }
    const first = await preparation.proposeFiles(profile, proposal);
    expect(first).toMatchObject({ state: "proposed", path: proposal.decides });
    expect(await preparation.proposeFiles(profile, proposal)).toEqual(first);
    const pulls = standIn.world.state.issues.filter(({ pull }) => pull?.headRef === proposal.branch);
    expect(pulls).toHaveLength(1);
    expect(pulls[0]?.body).toContain("<!-- mesh-six:proposal:mesh/setup/dev-container -->");
    await human("merge-pull", { pull: `acme/shop#${pulls[0]?.number}` });
    expect(await preparation.proposeFiles(profile, proposal)).toEqual({ state: "present", pullRequest: null, path: proposal.decides });
    expect(await preparation.rootFiles(profile)).toEqual([".devcontainer/", "README.md", "docs/"]);
  });

  test("a proposal that a person closed is not made again", async () => {
    const preparation = byToken(everyScope);
    const { profile } = await preparation.probe(name("alice/toy"));
    const first = await preparation.proposeFiles(profile, proposal);
    await human("close-pull", { pull: `alice/toy#${first.pullRequest?.number}` });
    expect(await preparation.proposeFiles(profile, proposal)).toEqual(first);
  });

  test("an empty repository is refused with what to do, and lists nothing", async () => {
    const preparation = byToken(everyScope);
    const { profile } = await preparation.probe(name("acme/blank"));
    expect(await preparation.rootFiles(profile)).toEqual([]);
    await expect(preparation.proposeFiles(profile, proposal)).rejects.toThrow(/is empty: push a first commit to main/);
  });

  test("a workflow needs a right of its own, which the refusal names", async () => {
    const workflow = {
      ...proposal,
      branch: "mesh/setup/actions-runner",
      decides: ".github/workflows/mesh.yml",
      files: { ".github/workflows/mesh.yml": "on: push\n" },
    };
    const preparation = byApp(USUAL_PERMISSIONS);
    const { profile } = await preparation.probe(name("acme/shop"));
    await expect(preparation.proposeFiles(profile, workflow)).rejects.toThrow(/Workflows: Read and write/);
    const allowed = byApp({ ...USUAL_PERMISSIONS, workflows: "write" });
    expect(await allowed.proposeFiles((await allowed.probe(name("acme/shop"))).profile, workflow)).toMatchObject({ state: "proposed" });
  });
});
