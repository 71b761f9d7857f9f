import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gitEnvironment } from "./git-repository.ts";
import { type Receiver, startReceiver, startTestGitHub, type TestGitHub } from "./test-github.ts";

let it: TestGitHub;
let receiver: Receiver;
let work: string;
const run = promisify(execFile);

beforeAll(async () => {
  [it, receiver] = await Promise.all([startTestGitHub(), startReceiver()]);
  work = mkdtempSync(join(tmpdir(), "github-work-"));
  await it.rest("POST", "/repos/acme/todo-app/hooks", { events: ["*"], config: { url: receiver.url, content_type: "json" } });
  await git(".", "clone", "--quiet", remote(it.token), "clone");
});
afterAll(async () => {
  await Promise.all([it.close(), receiver.close()]);
  rmSync(work, { recursive: true, force: true });
});

function remote(token: string, repository = "acme/todo-app"): string {
  return `${it.github.url.replace("http://", `http://x-access-token:${token}@`)}/${repository}.git`;
}

async function git(dir: string, ...args: string[]): Promise<string> {
  const env = {
    ...gitEnvironment(),
    GIT_AUTHOR_NAME: "ada",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "ada",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
  const { stdout } = await run("git", args, { cwd: join(work, dir), env });
  return stdout.trim();
}

async function commit(branch: string, files: Record<string, string>, from = "origin/main"): Promise<string> {
  await git("clone", "fetch", "--quiet", "origin");
  const exists = await git("clone", "branch", "--list", branch);
  await git("clone", "checkout", "--quiet", ...(exists ? [branch] : ["-b", branch, "--no-track", from]));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(work, "clone", path, ".."), { recursive: true });
    writeFileSync(join(work, "clone", path), content);
  }
  await git("clone", "add", "-A");
  await git("clone", "commit", "--quiet", "-m", `Change ${Object.keys(files).join(", ")}`);
  return git("clone", "rev-parse", "HEAD");
}

const push = (branch: string, token = it.token): Promise<string> =>
  git("clone", "push", "--quiet", remote(token), `HEAD:refs/heads/${branch}`);
const refused = (pushing: Promise<unknown>): Promise<string> =>
  pushing.then(
    () => "pushed",
    (error: { stderr: string }) => error.stderr,
  );

test("a pull request from push to merge", async () => {
  it.github.seed.setChecksOnPush("acme/todo-app", [{ name: "test", conclusion: "success", logs: "ok 1 - adds\n" }]);
  const issue = (await it.rest("POST", "/repos/acme/todo-app/issues", { title: "Count items" })).body as { number: number };
  await it.human("add-card", { board: "acme/1", issue: `acme/todo-app#${issue.number}` });
  const first = await commit("count", { "src/count.js": "export const count = 1;\n" });
  await push("count");
  const pushed = await receiver.waitFor(({ event, body }) => event === "push" && body.includes(first));
  expect(pushed.payload).toMatchObject({
    ref: "refs/heads/count",
    after: first,
    created: true,
    forced: false,
    commits: [{ id: first, added: ["src/count.js"] }],
  });

  const wanted = { title: "Count", body: `Closes #${issue.number}`, head: "count", base: "main" };
  const opened = await it.rest("POST", "/repos/acme/todo-app/pulls", wanted);
  expect(opened.status).toBe(201);
  const { number } = opened.body as { number: number };
  expect(opened.body).toMatchObject({
    state: "open",
    merged: false,
    mergeable: true,
    mergeable_state: "clean",
    head: { sha: first },
    changed_files: 1,
  });
  expect(await it.rest("POST", "/repos/acme/todo-app/pulls", wanted)).toMatchObject({
    status: 422,
    body: { message: "Validation Failed", errors: [{ message: "A pull request already exists for acme:count." }] },
  });
  expect((await it.rest("GET", "/repos/acme/todo-app/pulls?head=acme:count&state=open")).body).toMatchObject([{ number }]);

  const second = await commit("count", { "src/count.js": "export const count = 2;\n" });
  await push("count");
  const synchronized = await receiver.waitFor(({ event, payload }) => event === "pull_request" && payload.action === "synchronize");
  expect(synchronized.payload).toMatchObject({ before: first, after: second, number, pull_request: { head: { sha: second } } });
  const completed = await receiver.waitFor(
    ({ event, payload, body }) => event === "check_suite" && payload.action === "completed" && body.includes(second),
  );
  expect(completed.payload).toMatchObject({ check_suite: { conclusion: "success", pull_requests: [{ number }] } });

  const query = `query Pull($n: Int!) { repository(owner: "acme", name: "todo-app") { pullRequest(number: $n) {
    state mergeable mergeStateStatus headRefOid reviewDecision closingIssuesReferences(first: 5) { nodes { number } }
    commits(last: 1) { totalCount nodes { commit { oid statusCheckRollup { state contexts(first: 5) { nodes { __typename ... on CheckRun { name conclusion databaseId } } } } } } } } } }`;
  const { data, errors } = await it.graphql(query, { n: number });
  expect(errors).toBeUndefined();
  const pull = (
    data as {
      repository: {
        pullRequest: { commits: { nodes: { commit: { statusCheckRollup: { contexts: { nodes: { databaseId: number }[] } } } }[] } };
      };
    }
  ).repository.pullRequest;
  expect(pull).toMatchObject({
    state: "OPEN",
    mergeable: "MERGEABLE",
    mergeStateStatus: "CLEAN",
    headRefOid: second,
    closingIssuesReferences: { nodes: [{ number: issue.number }] },
    commits: {
      totalCount: 2,
      nodes: [
        {
          commit: { oid: second, statusCheckRollup: { state: "SUCCESS", contexts: { nodes: [{ name: "test", conclusion: "SUCCESS" }] } } },
        },
      ],
    },
  });
  const job = pull.commits.nodes[0]?.commit.statusCheckRollup.contexts.nodes[0]?.databaseId;
  expect(await it.rest("GET", `/repos/acme/todo-app/actions/jobs/${job}/logs`)).toMatchObject({ status: 200, body: "ok 1 - adds\n" });

  const stale = await it.rest("PUT", `/repos/acme/todo-app/pulls/${number}/merge`, { sha: first, merge_method: "squash" });
  expect(stale).toMatchObject({ status: 409, body: { message: "Head branch was modified. Review and try the merge again." } });
  const merged = await it.rest("PUT", `/repos/acme/todo-app/pulls/${number}/merge`, { sha: second, merge_method: "squash" });
  expect(merged).toMatchObject({ status: 200, body: { merged: true } });

  await git("clone", "fetch", "--quiet", "origin");
  expect(await git("clone", "rev-parse", "origin/main")).toBe((merged.body as { sha: string }).sha);
  expect(await git("clone", "show", "origin/main:src/count.js")).toBe("export const count = 2;");
  expect((await it.rest("GET", `/repos/acme/todo-app/issues/${issue.number}`)).body).toMatchObject({
    state: "closed",
    state_reason: "completed",
  });
  expect((await it.rest("GET", `/repos/acme/todo-app/pulls/${number}`)).body).toMatchObject({
    merged: true,
    state: "closed",
    merged_by: { login: "ada" },
    commits: 2,
  });
  const closed = await receiver.waitFor(({ event, payload }) => event === "pull_request" && payload.action === "closed");
  expect(closed.payload).toMatchObject({ pull_request: { merged: true } });
  const [item] = it.github.world.items(it.orgBoard).filter((candidate) => it.github.world.issue(candidate.issueId).number === issue.number);
  const done = it.orgBoard.fields.find(({ name }) => name === "Status")?.options.find(({ name }) => name === "Done");
  expect(Object.values(item?.values ?? {}).map(({ optionId }) => optionId)).toEqual([done?.id]);
  expect((await it.rest("PUT", `/repos/acme/todo-app/pulls/${number}/merge`, {})).status).toBe(405);

  expect((await it.rest("DELETE", "/repos/acme/todo-app/git/refs/heads/count")).status).toBe(204);
  expect((await it.rest("GET", "/repos/acme/todo-app/branches/count")).status).toBe(404);
  expect((await it.rest("GET", `/repos/acme/todo-app/pulls/${number}/commits`)).body).toMatchObject([{ sha: first }, { sha: second }]);
});

test("no pull request without commits between the branches", async () => {
  await git("clone", "fetch", "--quiet", "origin");
  await git("clone", "push", "--quiet", "origin", "origin/main:refs/heads/empty");
  const answer = await it.rest("POST", "/repos/acme/todo-app/pulls", { title: "Nothing", head: "empty", base: "main" });
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ message: "No commits between main and empty" }] } });
});

test("a conflict cannot be merged", async () => {
  await commit("left", { "src/list.js": "left\n" });
  await push("left");
  await commit("right", { "src/list.js": "right\n" });
  await push("right");
  await it
    .human("open-pull", { repository: "acme/todo-app", title: "Left", head: "left" })
    .then((left: { number: number }) => it.human("merge-pull", { pull: `acme/todo-app#${left.number}` }));
  const { number } = (await it.rest("POST", "/repos/acme/todo-app/pulls", { title: "Right", head: "right", base: "main" })).body as {
    number: number;
  };
  expect((await it.rest("GET", `/repos/acme/todo-app/pulls/${number}`)).body).toMatchObject({ mergeable: false, mergeable_state: "dirty" });
  expect(await it.rest("PUT", `/repos/acme/todo-app/pulls/${number}/merge`, {})).toMatchObject({
    status: 405,
    body: { message: "Pull Request is not mergeable" },
  });
});

test("a protected branch waits for its checks and approvals and refuses pushes", async () => {
  it.github.seed.protectBranch("acme/todo-app", { branch: "main", requiredChecks: ["lint"], requiredApprovals: 1 });
  const sha = await commit("guarded", { "guarded.txt": "1\n" });
  await push("guarded");
  const { number } = (await it.rest("POST", "/repos/acme/todo-app/pulls", { title: "Guarded", head: "guarded", base: "main" })).body as {
    number: number;
  };
  const merge = (): Promise<{ status: number; body: never }> =>
    it.rest("PUT", `/repos/acme/todo-app/pulls/${number}/merge`, { merge_method: "rebase" });
  expect(await merge()).toMatchObject({ status: 405, body: { message: 'Required status check "lint" is expected.' } });
  await it.rest("POST", "/repos/acme/todo-app/check-runs", { name: "lint", head_sha: sha, status: "completed", conclusion: "success" });
  expect(await merge()).toMatchObject({ status: 405, body: { message: expect.stringContaining("approving review is required") } });
  it.github.seed.setPermission("solo", "acme/todo-app", "write");
  await it.human("review-pull", {
    login: "solo",
    pull: `acme/todo-app#${number}`,
    state: "APPROVED",
    comments: [{ path: "guarded.txt", line: 1, body: "Good" }],
  });
  expect(await refused(push("main"))).toContain("GH006");
  expect(await merge()).toMatchObject({ status: 200 });
  await git("clone", "fetch", "--quiet", "origin");
  expect(await git("clone", "log", "-1", "--format=%s", "origin/main")).toBe("Change guarded.txt");
  it.github.seed.protectBranch("acme/todo-app", { branch: "main", refusePushes: false });
});

describe("who may push", () => {
  test.each([
    ["no token", ""],
    ["a wrong token", "ghp_wrong"],
  ])("%s: not even read a private repository", async (_, token) => {
    expect(await refused(git(".", "ls-remote", token === "" ? `${it.github.url}/acme/todo-app.git` : remote(token)))).toMatch(
      /Authentication failed|could not read Username/,
    );
  });

  test("contents: read may read and not push", async () => {
    const token = it.github.seed.addToken({ kind: "fine-grained", login: "ada", permissions: { contents: "read" } });
    expect(await git(".", "ls-remote", remote(token), "main")).toMatch(/refs\/heads\/main$/);
    await commit("denied", { "denied.txt": "1\n" });
    expect(await refused(push("denied", token))).toContain("403");
  });

  test("a fenced token pushes only elsewhere, a revoked one nowhere", async () => {
    const token = it.github.seed.addToken({ kind: "classic", login: "ada", scopes: ["repo"], fencedRefs: ["refs/heads/fenced/*"] });
    await commit("fence", { "fence.txt": "1\n" });
    expect(await refused(push("fenced/one", token))).toContain("GH006");
    expect(await refused(push("free/one", token))).toBe("pushed");
    it.github.seed.revokeToken(token);
    expect(await refused(push("free/two", token))).toContain("Authentication failed");
  });

  test("workflow files need the workflow scope", async () => {
    const token = it.github.seed.addToken({ kind: "classic", login: "ada", scopes: ["repo"] });
    await commit("workflows", { ".github/workflows/ci.yml": "on: push\n" });
    expect(await refused(push("workflows", token))).toContain("without `workflows` permission");
    expect(await refused(push("workflows"))).toBe("pushed");
  });
});
