import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gitEnvironment } from "./git-repository.ts";
import { startTestGitHub, type TestGitHub } from "./test-github.ts";

let it: TestGitHub;

beforeAll(async () => {
  it = await startTestGitHub();
});
afterAll(() => it.close());

const message = (answer: { body: never }): string => (answer.body as { message: string }).message;

test("the old name of a renamed repository leads on: 301 for reads, 307 for the rest, for git too; and ends when it is taken", async () => {
  const { seed } = it.github;
  await seed.addRepository({ owner: "acme", name: "first" });
  const { nodeId } = await seed.addRepository({ owner: "acme", name: "second" });
  await it.human("rename-repository", { repository: "acme/second", name: "renamed" });
  const direct = await fetch(`${it.github.url}/repos/acme/second`, {
    redirect: "manual",
    headers: { authorization: `Bearer ${it.token}` },
  });
  expect([direct.status, direct.headers.get("location")]).toEqual([301, expect.stringMatching(/\/repositories\/\d+$/)]);
  const followed = await it.rest("GET", "/repos/acme/second");
  expect(followed).toMatchObject({ status: 200, body: { node_id: nodeId, full_name: "acme/renamed" } });
  const posted = await it.rest("POST", "/repos/acme/second/issues", { title: "Under the old name" });
  expect(posted).toMatchObject({ status: 201, body: { html_url: expect.stringContaining("/acme/renamed/issues/1") } });
  const dir = await mkdtemp(join(tmpdir(), "renamed-"));
  await promisify(execFile)("git", ["clone", "--quiet", `${it.github.url}/acme/second.git`, dir], { env: gitEnvironment() });
  await rm(dir, { recursive: true });
  const { data } = await it.graphql('{ repository(owner: "acme", name: "second") { nameWithOwner } }');
  expect(data).toEqual({ repository: { nameWithOwner: "acme/renamed" } });
  await it.human("rename-repository", { repository: "acme/first", name: "second" });
  expect((await it.rest("GET", "/repos/acme/second")).body).toMatchObject({ full_name: "acme/second" });
});

test("a private one that was renamed shows its old name to nobody who may not see it", async () => {
  await it.github.seed.addRepository({ owner: "acme", name: "secret", private: true });
  await it.human("rename-repository", { repository: "acme/secret", name: "secret-two" });
  const stranger = it.github.seed.addToken({ kind: "classic", login: "stranger", scopes: ["repo"] });
  expect((await it.rest("GET", "/repos/acme/secret", undefined, stranger)).status).toBe(404);
  expect((await it.rest("GET", "/repos/acme/secret")).status).toBe(200);
});

test("renaming and transferring take an administrator and a free name, and are told to the repository's webhooks", async () => {
  await it.github.seed.addRepository({ owner: "acme", name: "given" });
  expect(await it.human("rename-repository", { repository: "acme/given", name: "todo-app" })).toMatchObject({
    message: expect.stringContaining("already exists"),
  });
  expect(await it.human("transfer-repository", { repository: "acme/given", owner: "solo", login: "stranger" })).toMatchObject({
    message: expect.stringContaining("admin rights"),
  });
  const hook = await it.rest("POST", "/repos/acme/given/hooks", {
    events: ["repository"],
    config: { url: "http://127.0.0.1:1/", content_type: "json" },
  });
  await it.human("transfer-repository", { repository: "acme/given", owner: "solo" });
  const { id } = hook.body as { id: number };
  await it.github.webhooks.settled();
  const found = it.github.world.state.hooks.find((each) => each.id === id);
  const told = found ? it.github.webhooks.deliveries(found) : [];
  expect(told.map(({ event, action }) => [event, action])).toContainEqual(["repository", "transferred"]);
  expect(told[0]?.request.payload).toMatchObject({
    repository: { full_name: "solo/given" },
    changes: { owner: { from: { organization: { login: "acme" } } } },
  });
});

test("an archived repository is read-only, and one without issues opens none", async () => {
  await it.github.seed.addRepository({ owner: "acme", name: "attic", archived: true });
  const archived = await it.rest("POST", "/repos/acme/attic/issues", { title: "No" });
  expect([archived.status, message(archived)]).toEqual([403, "Repository was archived so is read-only."]);
  await it.github.seed.addRepository({ owner: "acme", name: "silent", issuesOff: true });
  expect((await it.rest("POST", "/repos/acme/silent/issues", { title: "No" })).status).toBe(410);
  await it.human("set-issues", { repository: "acme/silent", on: true });
  expect((await it.rest("POST", "/repos/acme/silent/issues", { title: "Yes" })).status).toBe(201);
});

test("an App or fine-grained token is told which permission would have done; classic tokens show their scopes", async () => {
  const fine = it.github.seed.addToken({ kind: "fine-grained", login: "ada", permissions: { contents: "read", checks: "read" } });
  const refused = await it.rest("POST", "/repos/acme/todo-app/issues", { title: "No" }, fine);
  expect([refused.status, refused.headers.get("x-accepted-github-permissions")]).toEqual([403, "issues=write"]);
  expect((await it.rest("GET", "/user")).headers.get("x-oauth-scopes")).toContain("project");
  expect((await it.rest("GET", "/user", undefined, fine)).headers.get("x-oauth-scopes")).toBeNull();
});

test("checks of a private repository are closed to fine-grained tokens, whatever they were given", async () => {
  const fine = it.github.seed.addToken({ kind: "fine-grained", login: "ada", permissions: { contents: "read", checks: "read" } });
  const query =
    '{ repository(owner: "acme", name: "todo-app") { defaultBranchRef { target { ... on Commit { statusCheckRollup { state } } } } } }';
  expect((await it.graphql(query, {}, fine)).errors).toMatchObject([{ type: "FORBIDDEN" }]);
  expect((await it.graphql(query)).errors).toBeUndefined();
});

test("fields of a board: no name twice, no more than fifty; a board has a title", async () => {
  const mutation =
    "mutation ($p: ID!, $n: String!) { createProjectV2Field(input: { projectId: $p, name: $n, dataType: TEXT }) { clientMutationId } }";
  const make = async (name: string) => (await it.graphql(mutation, { p: it.orgBoard.nodeId, n: name })).errors?.[0]?.message;
  expect(await make("title")).toBe("Name has already been taken");
  for (let n = it.orgBoard.fields.length; n < 50; n += 1) expect(await make(`Field ${n}`)).toBeUndefined();
  expect(await make("One more")).toMatch(/at most 50 fields/);
  const owner = it.github.world.account("acme").nodeId;
  const untitled = await it.graphql('mutation ($o: ID!) { createProjectV2(input: { ownerId: $o, title: " " }) { clientMutationId } }', {
    o: owner,
  });
  expect(untitled.errors?.[0]?.message).toBe("Title can't be blank");
});

test("a repository without a commit has no refs to ask for", async () => {
  await it.github.seed.addRepository({ owner: "acme", name: "blank", files: {} });
  expect((await it.rest("GET", "/repos/acme/blank/git/ref/heads/main")).status).toBe(409);
  const contents = await it.rest("GET", "/repos/acme/blank/contents");
  expect([contents.status, message(contents)]).toEqual([404, "This repository is empty."]);
});

test("a commit is built from a tree and named by a ref; workflows take a right of their own", async () => {
  const path = "/repos/acme/todo-app/git";
  const head = (await it.rest("GET", `${path}/ref/heads/main`)).body as { object: { sha: string } };
  const commit = (await it.rest("GET", `${path}/commits/${head.object.sha}`)).body as { tree: { sha: string } };
  const tree = async (name: string) =>
    (
      await it.rest("POST", `${path}/trees`, {
        base_tree: commit.tree.sha,
        tree: [{ path: name, mode: "100644", type: "blob", content: "x\n" }],
      })
    ).body as { sha: string };
  const commitOf = async (sha: string) =>
    (await it.rest("POST", `${path}/commits`, { message: "Add it", tree: sha, parents: [head.object.sha] })).body as { sha: string };
  const plain = await commitOf((await tree("docs/deep/a.md")).sha);
  expect((await it.rest("POST", `${path}/refs`, { ref: "refs/heads/plain", sha: plain.sha })).status).toBe(201);
  const listed = (await it.rest("GET", "/repos/acme/todo-app/contents/docs/deep?ref=plain")).body as { name: string }[];
  expect(listed.map(({ name }) => name)).toEqual(["a.md"]);
  expect((await it.rest("GET", "/repos/acme/todo-app/contents/src?ref=plain")).status).toBe(200);
  const workflow = await commitOf((await tree(".github/workflows/ci.yml")).sha);
  const without = it.github.seed.addToken({ kind: "classic", login: "ada", scopes: ["repo"] });
  const refused = await it.rest("POST", `${path}/refs`, { ref: "refs/heads/ci", sha: workflow.sha }, without);
  expect([refused.status, message(refused)]).toEqual([403, expect.stringContaining("`workflow` scope")]);
  expect((await it.rest("POST", `${path}/refs`, { ref: "refs/heads/ci", sha: workflow.sha })).status).toBe(201);
  expect(
    (await it.rest("POST", `${path}/trees`, { base_tree: commit.tree.sha, tree: [{ path: "../x", mode: "100644", content: "x" }] })).status,
  ).toBe(422);
});
