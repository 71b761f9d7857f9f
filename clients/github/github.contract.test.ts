import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { markerLine } from "../../core/outbound/markers.ts";
import { commitFiles } from "../../dev/github/git-repository.ts";
import { HUMAN_ACTIONS } from "../../dev/github/human-actions.ts";
import { startGitHub } from "../../dev/github/start-github.ts";
import type { GitHubStandIn } from "../../dev/github/start-github.ts";
import type { Repository } from "../../dev/github/state.ts";
import { createGitHub } from "./create-github.ts";
import * as documents from "./documents.ts";
import type { GitHub } from "./github.ts";

const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

let dataDir: string;
let standIn: GitHubStandIn;
let repository: Repository;
let byApp: { github: GitHub; profile: ProjectProfile };
let byToken: { github: GitHub; profile: ProjectProfile };
let userBoard: ProjectProfile;
const moment = 1_000;

const person = (name: string, input: object): unknown => HUMAN_ACTIONS[name]?.(standIn.world, input);
const boardRef = (profile: ProjectProfile): string => `${profile.board?.owner}/${profile.board?.number}`;
const mutations = (): number =>
  standIn.calls.all().filter((call) => call.operation === "MoveCard" || !["GET", "POST"].includes(call.method)).length;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "github-"));
  standIn = await startGitHub({ dataDir });
  const { seed } = standIn;
  for (const login of ["alice", "bob", "carol", "dave"]) seed.addUser(login);
  seed.addOrganization("acme", { alice: "admin" });
  repository = await seed.addRepository({ owner: "acme", name: "shop", private: true });
  seed.setPermission("carol", "acme/shop", "write");
  seed.setPermission("dave", "acme/shop", "read");
  const own = await seed.addRepository({ owner: "alice", name: "toy" });
  const board = seed.addBoard({ owner: "acme", title: "Shop", statusOptions: columns, repositories: ["acme/shop"] });
  const aliceBoard = seed.addBoard({ owner: "alice", title: "Toy", statusOptions: columns, repositories: ["alice/toy"] });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const { app, installations } = seed.addApp({
    owner: "acme",
    webhook: { url: "http://127.0.0.1:1/", secret: "s" },
    publicKeyPem: pem,
    installations: [{ account: "acme" }, { account: "alice" }],
  });
  const common = { repositoryUrl: standIn.url, cloneUrl: standIn.url, defaultBranch: "main", overrides: {} };
  const profile: ProjectProfile = {
    ...common,
    key: repository.nodeId as ProjectKey,
    name: "acme/shop" as ProjectName,
    board: { id: board.nodeId, number: board.number, url: "", owner: "acme", ownerKind: "organization", observedBy: "webhook" },
    credential: { kind: "app", installation: installations[0]?.id ?? 0 },
  };
  userBoard = {
    ...common,
    key: own.nodeId as ProjectKey,
    name: "alice/toy" as ProjectName,
    board: { id: aliceBoard.nodeId, number: aliceBoard.number, url: "", owner: "alice", ownerKind: "user", observedBy: "poll" },
    credential: { kind: "app", installation: installations[1]?.id ?? 0 },
  };
  const deps = { apiUrl: standIn.url, now: () => moment, sleep: async () => {}, writeSpacingMs: 0 };
  const appKey = { appId: String(app.id), privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
  const wall = { ...deps, now: Date.now };
  const boardToken = seed.addToken({ kind: "classic", login: "alice", scopes: ["project", "repo"] });
  byApp = { profile, github: createGitHub({ ...wall, credentials: { app: appKey, boardToken } }) };
  const token = seed.addToken({ kind: "classic", login: "alice", scopes: ["repo", "project"] });
  byToken = { profile: { ...profile, credential: { kind: "token" } }, github: createGitHub({ ...deps, credentials: { token } }) };
});

afterAll(async () => {
  await standIn.close();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(() => standIn.faults.clear());

/** A fresh issue on the board, in Todo. */
async function card(
  profile: ProjectProfile,
  issue: { title?: string; body?: string; author?: string } = {},
): Promise<{ issue: number; nodeId: string; itemId: string }> {
  const made = standIn.seed.addIssue(profile.name, { title: "Paint it", author: "alice", ...issue });
  const ref = { board: boardRef(profile), issue: `${profile.name}#${made.number}` };
  const added = (await person("add-card", ref)) as { item: string };
  await person("move-card", { ...ref, column: "Todo" });
  return { issue: made.number, nodeId: made.nodeId, itemId: added.item };
}

/** A branch with a commit that main has not. */
function branchWithWork(branch: string, path = `${branch.replace("/", "-")}.txt`): Promise<string> {
  return commitFiles(standIn.world.gitDir(repository), {
    branch,
    from: "main",
    files: { [path]: `${branch}\n` },
    message: "Work\n",
    author: "carol",
  });
}

describe.each([
  ["by an App", () => byApp],
  ["by a token", () => byToken],
] as const)("GitHub reached %s", (_, reach) => {
  let github: GitHub;
  let profile: ProjectProfile;
  beforeEach(() => ({ github, profile } = reach()));

  it("reads a board in one point a page, and each card in full", async () => {
    const { issue, nodeId, itemId } = await card(profile, { title: "Colours", body: "Blue, please" });
    const board = await github.observeBoard(profile);
    expect(board.items.find((item) => item.issue === issue)).toMatchObject({ itemId, column: "Todo", archived: false, state: "open" });
    expect(board).toMatchObject({ points: 1, redacted: 0 });

    const read = await github.observeCard(profile, issue);
    expect(read).toMatchObject({
      type: "card",
      card: { issue, itemId, column: "Todo", title: "Colours", body: "Blue, please", author: "alice", authorCanWrite: true, ours: false },
    });
    expect(await github.observeCardByContentNode(profile, nodeId)).toMatchObject({ type: "card", card: { issue, itemId } });
  });

  it("knows who may write, and what is ours", async () => {
    const strange = await card(profile, { author: "bob", body: `x\n${markerLine("bug")}` });
    expect(await github.observeCard(profile, strange.issue)).toMatchObject({ card: { author: "bob", authorCanWrite: false, ours: true } });
    expect(await github.permissionOf(profile, "carol")).toBe("write");
    expect(await github.permissionOf(profile, "nobody-at-all")).toBe("none");
  });

  it("says gone of a removed card and of no issue, elsewhere of another repository's", async () => {
    const { issue } = await card(profile);
    await person("delete-card", { board: boardRef(profile), issue: `acme/shop#${issue}` });
    expect(await github.observeCard(profile, issue)).toMatchObject({ type: "gone", issue });
    expect(await github.observeCard(profile, 99_999)).toMatchObject({ type: "gone" });
    expect(await github.observeCardByContentNode(profile, "I_nothing")).toEqual({ type: "no-issue" });
  });

  it("moves a card and finds it moved on a repeat", async () => {
    const { issue, itemId } = await card(profile);
    expect(await github.moveCard(profile, itemId, "planning")).toEqual({ kind: "card-moved" });
    expect(await github.observeCard(profile, issue)).toMatchObject({ card: { column: "Planning" } });
    const before = mutations();
    await github.moveCard(profile, itemId, "Planning");
    expect(mutations()).toBe(before);
    expect(await github.moveCard(profile, itemId, "QA", ["Todo", null])).toEqual({ kind: "card-elsewhere", column: "Planning" });
    expect(await github.moveCard(profile, itemId, "Planning", ["Todo"])).toEqual({ kind: "card-moved" });
    await expect(github.moveCard(profile, itemId, "Nowhere")).rejects.toMatchObject({ code: "column-missing", retryable: false });
    await expect(github.moveCard(profile, "PVTI_nothing", "Todo")).rejects.toMatchObject({ code: "not-found", retryable: false });
  });

  it("comments once per marker, replaces when asked, and leaves a stranger's copy alone", async () => {
    const { issue } = await card(profile);
    await person("comment", { login: "dave", issue: `acme/shop#${issue}`, body: `mine\n${markerLine("m")}` });
    const first = await github.comment(profile, issue, "m", "one", false);
    expect(await github.comment(profile, issue, "m", "two", false)).toEqual(first);
    const bodies = (): string[] =>
      standIn.world.state.comments
        .filter(({ body }) => body.includes("mesh-six:m "))
        .map(({ body }) => body.split("\n")[0] ?? "")
        .slice(-2);
    expect(bodies()).toEqual(["mine", "one"]);
    expect(await github.comment(profile, issue, "m", "three", true)).toEqual(first);
    expect(bodies()).toEqual(["mine", "three"]);
  });

  it("finds its comment again when the answer of the first try was lost, beyond the first page", async () => {
    const { issue } = await card(profile);
    for (let n = 0; n < 101; n += 1) await person("comment", { login: "carol", issue: `acme/shop#${issue}`, body: `c${n}` });
    standIn.faults.add({ match: { method: "POST", path: `/repos/acme/shop/issues/${issue}/comments` }, drop: true, after: true, times: 1 });
    await expect(github.comment(profile, issue, "late", "text", false)).rejects.toMatchObject({ code: "unreachable", retryable: true });
    await github.comment(profile, issue, "late", "text", false);
    const made = standIn.world.state.comments.filter(({ body }) => body.startsWith("text"));
    expect(made.filter(({ issueId }) => issueId === standIn.world.findIssue(repository, issue)?.id)).toHaveLength(1);
  });

  it("opens one pull request per branch, reads it, and merges its head only", async () => {
    const { issue } = await card(profile);
    const branch = `mesh/${issue}.1`;
    expect(await github.openPullRequest(profile, { branch, base: "main", title: "T", body: "B" })).toMatchObject({
      kind: "pull-request-refused",
      because: "branch-missing",
    });
    expect(await github.observeBranch(profile, branch)).toBeNull();
    const sha = await branchWithWork(branch);
    expect(await github.observeBranch(profile, branch)).toEqual({ branch, sha, commits: 1 });
    expect(await github.containsCommit(profile, sha, "main")).toBe(true);
    expect(await github.containsCommit(profile, sha, sha.slice(0, 10))).toBe(true);
    expect(await github.containsCommit(profile, "main", sha)).toBe(false);
    expect(await github.containsCommit(profile, "0".repeat(40), sha)).toBe(false);
    const opened = await github.openPullRequest(profile, { branch, base: "main", title: "T", body: "B" });
    expect(opened).toMatchObject({ kind: "pull-request-open", headSha: sha });
    expect(await github.openPullRequest(profile, { branch, base: "main", title: "T", body: "B" })).toEqual(opened);
    if (opened.kind !== "pull-request-open") throw new Error("not open");
    const { number } = opened;

    expect(await github.observePullRequest(profile, { branch })).toMatchObject({
      number,
      branch,
      state: "open",
      merged: false,
      headSha: sha,
      commits: 1,
      mergeable: "yes",
      checks: "none",
      failingChecks: [],
      changesRequested: [],
    });
    expect(await github.mergePullRequest(profile, { number, sha: "0".repeat(40), method: "squash", title: "T" })).toMatchObject({
      kind: "merge-refused",
      because: "head-moved",
    });
    const merged = await github.mergePullRequest(profile, { number, sha, method: "squash", title: "T" });
    expect(merged.kind).toBe("merged");
    expect(await github.mergePullRequest(profile, { number, sha, method: "squash", title: "T" })).toEqual(merged);
    expect(await github.observePullRequest(profile, { number })).toMatchObject({ state: "closed", merged: true });

    // The next round's work on the same branch gets a pull request of its own, once.
    const more = await branchWithWork(branch, `more-${issue}.txt`);
    const again = { branch, base: "main", title: "T", body: "B", former: [number] };
    const next = await github.openPullRequest(profile, again);
    expect(next).toMatchObject({ kind: "pull-request-open", headSha: more });
    if (next.kind !== "pull-request-open") throw new Error("not open");
    expect(next.number).toBeGreaterThan(number);
    expect(await github.openPullRequest(profile, again)).toEqual(next);
    expect((await github.mergePullRequest(profile, { number: next.number, sha: more, method: "squash", title: "T" })).kind).toBe("merged");
  });

  it("reads checks and what reviewers with write access ask for on the current head", async () => {
    const { issue } = await card(profile);
    const branch = `mesh/${issue}.1`;
    const sha = await branchWithWork(branch);
    const opened = await github.openPullRequest(profile, { branch, base: "main", title: "T", body: "B" });
    if (opened.kind !== "pull-request-open") throw new Error("not open");
    const pull = `acme/shop#${opened.number}`;
    await person("set-check", { repository: "acme/shop", sha, name: "lint", conclusion: "success" });
    expect(await github.observePullRequest(profile, { number: opened.number })).toMatchObject({ checks: "green" });
    await person("set-check", { repository: "acme/shop", sha, name: "test", conclusion: "failure", summary: "2 failed" });
    const path = `${branch.replace("/", "-")}.txt`;
    await person("review-pull", {
      login: "carol",
      pull,
      state: "CHANGES_REQUESTED",
      body: "No",
      comments: [{ path, line: 1, body: "why?" }],
    });
    const read = await github.observePullRequest(profile, { number: opened.number });
    expect(read).toMatchObject({ checks: "red", changesRequested: [{ author: "carol" }] });
    expect(read?.failingChecks).toEqual([{ name: "test", summary: expect.stringContaining("2 failed") }]);
    expect(read?.changesRequested[0]?.body).toBe(`No\n\n${path}:1: why?`);
    await person("review-pull", { login: "carol", pull, state: "APPROVED" });
    expect((await github.observePullRequest(profile, { number: opened.number }))?.changesRequested).toEqual([]);
  });

  it("tells a conflict and a protected branch apart, and closes", async () => {
    const { issue } = await card(profile);
    const branch = `mesh/${issue}.1`;
    const sha = await branchWithWork(branch, `same-${issue}.txt`);
    const opened = await github.openPullRequest(profile, { branch, base: "main", title: "T", body: "B" });
    if (opened.kind !== "pull-request-open") throw new Error("not open");
    const merge = { number: opened.number, sha, method: "merge", title: "T" } as const;
    standIn.seed.protectBranch("acme/shop", { branch: "main", requiredChecks: ["ci"] });
    expect(await github.mergePullRequest(profile, merge)).toMatchObject({ kind: "merge-refused", because: "protected" });
    repository.protections = [];
    await branchWithWork("main", `same-${issue}.txt`);
    expect(await github.mergePullRequest(profile, merge)).toMatchObject({ kind: "merge-refused", because: "conflict" });
    expect(await github.observePullRequest(profile, { number: opened.number })).toMatchObject({ mergeable: "conflict" });
    await expect(github.closePullRequest(profile, opened.number, "mesh/1.9")).rejects.toMatchObject({ code: "conflict" });
    expect(await github.closePullRequest(profile, opened.number, branch)).toEqual({ kind: "done" });
    expect(await github.closePullRequest(profile, 0, branch)).toEqual({ kind: "done" });
    expect(await github.observePullRequest(profile, { number: opened.number })).toMatchObject({ state: "closed", merged: false });
    expect(await github.mergePullRequest(profile, merge)).toMatchObject({ kind: "merge-refused", because: "closed" });
  });

  it("opens a bug issue once, linked to its parent", async () => {
    const { issue } = await card(profile);
    const bug = { parent: issue, marker: `bug.${issue}`, title: "Broken", body: "It is." };
    standIn.faults.add({ match: { method: "POST", path: "/repos/acme/shop/issues" }, drop: true, after: true, times: 1 });
    await expect(github.openBugIssue(profile, bug)).rejects.toMatchObject({ retryable: true });
    const made = await github.openBugIssue(profile, bug);
    expect(await github.openBugIssue(profile, bug)).toEqual(made);
    const children = standIn.world.state.issues.filter(({ parentId }) => parentId === standIn.world.findIssue(repository, issue)?.id);
    expect(children.map(({ number }) => number)).toEqual([made.number]);
    expect(children[0]?.body).toContain(`#${issue}`);
  });

  it("closes an issue with its reason", async () => {
    const { issue } = await card(profile);
    await github.closeIssue(profile, issue, "not-planned");
    expect(standIn.world.findIssue(repository, issue)).toMatchObject({ state: "closed", stateReason: "not_planned" });
    expect(await github.observeCard(profile, issue)).toMatchObject({ card: { state: "closed" } });
  });

  it("tells the points left", async () => {
    const { left, limit, resource } = await github.pointsLeft(profile);
    expect(resource).toBe("graphql");
    expect(left).toBeLessThan(limit);
  });

  it("never takes a lost permission for a removed card", async () => {
    const { issue } = await card(profile);
    standIn.faults.add({
      match: { operation: "CardByIssue" },
      status: 200,
      body: { data: { node: null }, errors: [{ type: "NOT_FOUND", message: "Could not resolve" }] },
    });
    standIn.faults.add({
      match: { operation: "Visible" },
      status: 200,
      body: { data: { node: null }, errors: [{ type: "NOT_FOUND", message: "Could not resolve" }] },
    });
    await expect(github.observeCard(profile, issue)).rejects.toMatchObject({ code: "forbidden", retryable: false });
  });
});

describe("GitHub credentials", () => {
  it("narrow what a runner gets of an App to the one repository, and never hand out the board token", async () => {
    const credential = await byApp.github.gitCredential(byApp.profile, "push");
    const made = standIn.world.state.tokens.findLast(({ kind }) => kind === "installation");
    expect(credential.username).toBe("x-access-token");
    expect(credential.expiresAt).toBeGreaterThan(Date.now());
    expect(made).toMatchObject({ repositories: [repository.id], permissions: { contents: "write" } });
    expect(Object.keys(made?.permissions ?? {}).toSorted()).toEqual(
      expect.not.arrayContaining(["pull_requests", "issues", "organization_projects"]),
    );
    expect(await byApp.github.gitCredential(byApp.profile, "push")).toEqual(credential);
  });

  it("give a runner nothing of a token unless one is set for git", async () => {
    await expect(byToken.github.gitCredential(byToken.profile, "push")).rejects.toMatchObject({ code: "configuration", retryable: false });
  });

  it("use the board token for a user-owned board, which an App cannot see", async () => {
    const { issue, itemId } = await card(userBoard);
    expect(await byApp.github.observeCard(userBoard, issue)).toMatchObject({ card: { itemId, column: "Todo" } });
    expect((await byApp.github.observeBoard(userBoard)).items).toHaveLength(1);
    await byApp.github.moveCard(userBoard, itemId, "QA");
    const moved = standIn.calls
      .all()
      .filter((call) => call.operation === "MoveCard")
      .at(-1);
    expect(moved).toMatchObject({ tokenKind: "classic", login: "alice" });
  });
});

describe("webhook deliveries", () => {
  it("that never arrived are listed once and repeated", async () => {
    let status = 500;
    const server = createServer((request, response) => void request.resume().on("end", () => response.writeHead(status).end()));
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const hookId = 4711;
      const now = standIn.world.now();
      const target = { type: "repository", repositoryId: repository.id } as const;
      standIn.world.state.hooks.push({
        id: hookId,
        target,
        active: true,
        events: ["issues"],
        url: `http://127.0.0.1:${port}/`,
        secret: "s",
        contentType: "json",
        createdAt: now,
        updatedAt: now,
      });
      const hook = { kind: "repository", profile: byApp.profile, hook: hookId } as const;
      standIn.seed.addIssue("acme/shop", { title: "Noticed", author: "alice" });
      const failed = await expect
        .poll(() => byApp.github.failedDeliveries(hook, 0), { timeout: 5_000 })
        .toHaveLength(1)
        .then(() => byApp.github.failedDeliveries(hook, 0));
      expect(failed[0]).toMatchObject({ event: "issues", statusCode: 500 });
      const at = failed[0]?.deliveredAt ?? 0;
      expect(await byApp.github.deliveries(hook, 0)).toEqual({ last: { at, event: "issues", statusCode: 500 }, failed: 1 });
      expect(await byApp.github.deliveries(hook, at + 1)).toMatchObject({ last: { statusCode: 500 }, failed: 0 });
      status = 200;
      await byApp.github.redeliver(hook, failed[0]?.id ?? "");
      await expect.poll(() => byApp.github.failedDeliveries(hook, 0), { timeout: 5_000 }).toEqual([]);
      expect(await byApp.github.deliveries(hook, 0)).toMatchObject({ last: { statusCode: 200 }, failed: 0 });
      await expect(byApp.github.failedDeliveries({ ...hook, kind: "organization", organization: "acme" }, 0)).rejects.toMatchObject({
        code: "not-found",
      });
      await expect
        .poll(async () => (await byApp.github.failedDeliveries({ kind: "app" }, 0)).length, { timeout: 5_000 })
        .toBeGreaterThan(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

/** These two are executed by discover-project.contract.test.ts. */
const inDiscovery = new Set(["OrganizationBoard", "UserBoard"]);

describe("all of it", () => {
  it("every document there is was executed by the stand-in", () => {
    const asked = new Set(standIn.calls.all().map(({ operation }) => operation));
    expect(Object.keys(documents).filter((name) => !asked.has(name) && !inDiscovery.has(name))).toEqual([]);
  });
});
