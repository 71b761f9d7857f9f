import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { importPKCS8, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGitHub } from "./start-github.ts";
import { type Receiver, startReceiver, startTestGitHub, type TestGitHub } from "./test-github.ts";

let it: TestGitHub;
let receiver: Receiver;

beforeAll(async () => {
  [it, receiver] = await Promise.all([startTestGitHub(), startReceiver()]);
});
afterAll(() => Promise.all([it.close(), receiver.close()]));

async function appJwt(key = it.appPrivateKey, lifeS = 300): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer("77")
    .setIssuedAt()
    .setExpirationTime(`${lifeS}s`)
    .sign(await importPKCS8(key, "RS256"));
}

async function installationToken(narrowing: Record<string, unknown> = {}): Promise<string> {
  const answer = await it.rest("POST", `/app/installations/${it.installationId}/access_tokens`, narrowing, await appJwt());
  expect(answer.status).toBe(201);
  return (answer.body as { token: string }).token;
}

describe("credentials", () => {
  test("none, wrong and unreadable ones", async () => {
    expect((await it.rest("GET", "/repos/acme/todo-app", undefined, null)).status).toBe(404);
    expect((await it.rest("GET", "/repos/solo/notes", undefined, null)).status).toBe(200);
    expect((await it.rest("POST", "/repos/solo/notes/issues", { title: "x" }, null)).status).toBe(401);
    expect(await it.rest("GET", "/repos/solo/notes", undefined, "ghp_wrong")).toMatchObject({
      status: 401,
      body: { message: "Bad credentials" },
    });
    expect(await it.rest("POST", "/graphql", { query: "{ viewer { login } }" }, "ghp_wrong")).toMatchObject({ status: 401 });
    expect(
      (
        await it.rest(
          "GET",
          "/repos/acme/todo-app",
          undefined,
          it.github.seed.addToken({ kind: "classic", login: "stranger", scopes: ["repo"] }),
        )
      ).status,
    ).toBe(404);
  });

  test("an App proves itself with a signed, short-lived JWT", async () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect((await it.rest("GET", "/app/installations", undefined, await appJwt(other))).status).toBe(401);
    expect((await it.rest("GET", "/app/installations", undefined, await appJwt(undefined, 3600))).status).toBe(401);
    expect((await it.rest("GET", "/app/installations", undefined, await appJwt())).body).toMatchObject([
      { id: it.installationId, account: { login: "acme" } },
      { account: { login: "solo" } },
    ]);
    expect((await it.rest("GET", "/repos/acme/todo-app/installation", undefined, await appJwt())).body).toMatchObject({
      id: it.installationId,
    });
  });

  test("an installation token does what it was narrowed to, for an hour, until revoked", async () => {
    const token = await installationToken({ repositories: ["todo-app"], permissions: { issues: "read", contents: "read" } });
    expect((await it.rest("GET", "/repos/acme/todo-app/issues/1", undefined, token)).status).toBe(200);
    expect(await it.rest("POST", "/repos/acme/todo-app/issues", { title: "x" }, token)).toMatchObject({
      status: 403,
      body: { message: "Resource not accessible by integration" },
    });
    expect(
      (
        await it.rest(
          "POST",
          `/app/installations/${it.installationId}/access_tokens`,
          { permissions: { administration: "write" } },
          await appJwt(),
        )
      ).status,
    ).toBe(422);
    expect((await it.rest("DELETE", "/installation/token", undefined, token)).status).toBe(204);
    expect((await it.rest("GET", "/repos/acme/todo-app/issues/1", undefined, token)).status).toBe(401);
  });

  test("the token of an installation acts as the App's bot", async () => {
    const answer = await it.rest("POST", "/repos/acme/todo-app/issues/1/comments", { body: "Working on it" }, await installationToken());
    expect(answer).toMatchObject({
      status: 201,
      body: { user: { login: "mesh-six-dev[bot]", type: "Bot" }, performed_via_github_app: { id: 77 } },
    });
  });
});

describe("boards and tokens", () => {
  const board = `query Board($id: ID!) { node(id: $id) { ... on ProjectV2 { title } } }`;
  const byNumber = `{ user(login: "solo") { projectV2(number: 1) { title } } }`;
  const fromIssue = `{ repository(owner: "solo", name: "notes") { issue(number: 1) { projectItems(first: 5) { totalCount } } projectsV2(first: 5) { totalCount } } }`;

  test("a user's board exists only for classic tokens", async () => {
    const classic = it.github.seed.addToken({ kind: "classic", login: "solo", scopes: ["repo", "project"] });
    const fine = it.github.seed.addToken({
      kind: "fine-grained",
      login: "solo",
      permissions: { organization_projects: "write", issues: "write" },
    });
    expect((await it.graphql(byNumber, {}, classic)).data).toEqual({ user: { projectV2: { title: "Notes" } } });
    for (const token of [fine, await installationToken()]) {
      expect(await it.graphql(byNumber, {}, token)).toMatchObject({ data: { user: { projectV2: null } }, errors: [{ type: "NOT_FOUND" }] });
      expect(await it.graphql(board, { id: it.userBoard.nodeId }, token)).toMatchObject({
        data: { node: null },
        errors: [{ type: "NOT_FOUND" }],
      });
      expect((await it.graphql(fromIssue, {}, token)).data).toEqual({
        repository: { issue: { projectItems: { totalCount: 0 } }, projectsV2: { totalCount: 0 } },
      });
    }
  });

  test("a classic token without the scope is told which it needs", async () => {
    const token = it.github.seed.addToken({ kind: "classic", login: "solo", scopes: ["repo"] });
    expect((await it.graphql(byNumber, {}, token)).errors?.[0]).toMatchObject({
      type: "INSUFFICIENT_SCOPES",
      message: expect.stringContaining("['read:project']"),
    });
  });

  test("an organisation's board is open to its installation as far as granted", async () => {
    const add = `mutation Add($project: ID!, $content: ID!) { addProjectV2ItemById(input: { projectId: $project, contentId: $content }) { item { id } } }`;
    const variables = { project: it.orgBoard.nodeId, content: it.github.world.state.issues[0]?.nodeId };
    expect((await it.graphql(board, { id: it.orgBoard.nodeId }, await installationToken())).data).toEqual({ node: { title: "Todo" } });
    const narrow = await installationToken({ permissions: { organization_projects: "read", issues: "read" } });
    expect((await it.graphql(add, variables, narrow)).errors?.[0]).toMatchObject({
      type: "FORBIDDEN",
      message: "Resource not accessible by integration",
    });
  });
});

describe("REST", () => {
  test("comments come in pages with a Link header", async () => {
    const issue = it.github.seed.addIssue("acme/todo-app", { title: "Talk" });
    const path = `/repos/acme/todo-app/issues/${issue.number}/comments`;
    for (const body of ["a", "b", "c"]) await it.rest("POST", path, { body });
    const page = await it.rest("GET", `${path}?per_page=2`);
    expect(page.body).toMatchObject([{ body: "a" }, { body: "b" }]);
    const next = /<(?<url>[^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.groups?.url ?? "";
    expect((await it.rest("GET", next.slice(it.github.url.length))).body).toMatchObject([{ body: "c" }]);
    expect((await it.rest("POST", path, { body: " " })).status).toBe(422);
  });

  test("labels, permission, contents, comparison and lookup by id", async () => {
    const base = "/repos/acme/todo-app";
    expect((await it.rest("POST", `${base}/issues/1/labels`, { labels: ["simple"] })).body).toMatchObject([{ name: "simple" }]);
    expect((await it.rest("DELETE", `${base}/issues/1/labels/simple`)).body).toEqual([]);
    expect((await it.rest("DELETE", `${base}/issues/1/labels/simple`)).status).toBe(404);
    it.github.seed.setPermission("solo", "acme/todo-app", "write");
    expect((await it.rest("GET", `${base}/collaborators/solo/permission`)).body).toMatchObject({ permission: "write" });
    expect((await it.rest("GET", `${base}/collaborators/stranger/permission`)).body).toMatchObject({ permission: "none" });
    const readme = (await it.rest("GET", `${base}/contents/README.md`)).body as { content: string };
    expect(Buffer.from(readme.content, "base64").toString()).toBe("# todo\n");
    await it.human("push-files", { repository: "acme/todo-app", branch: "topic/one", files: { "new.txt": "1\n" } });
    expect((await it.rest("GET", `${base}/compare/main...topic%2Fone`)).body).toMatchObject({
      status: "ahead",
      ahead_by: 1,
      files: [{ filename: "new.txt", status: "added" }],
    });
    expect((await it.rest("GET", `${base}/branches/topic/one`)).body).toMatchObject({ name: "topic/one" });
    const { id } = (await it.rest("GET", base)).body as { id: number };
    expect((await it.rest("GET", `/repositories/${id}`)).body).toMatchObject({ full_name: "acme/todo-app" });
  });
});

describe("webhook deliveries", () => {
  test("a failed one is not repeated until asked for, then with the same id", async () => {
    receiver.status = 500;
    const hook = (
      await it.rest("POST", "/repos/acme/todo-app/hooks", {
        events: ["issues"],
        config: { url: receiver.url, content_type: "json", secret: "x" },
      })
    ).body as { id: number };
    const base = `/repos/acme/todo-app/hooks/${hook.id}`;
    expect(JSON.stringify((await it.rest("GET", base)).body)).not.toContain('"x"');
    await it.rest("POST", "/repos/acme/todo-app/issues", { title: "Delivered" });
    const first = await receiver.waitFor(({ event, body }) => event === "issues" && body.includes("Delivered"));
    await it.github.webhooks.settled();
    const failed = (await it.rest("GET", `${base}/deliveries?status=failure`)).body as { id: number; event: string }[];
    expect(failed).toMatchObject([
      {
        event: "issues",
        action: "opened",
        status: "Invalid HTTP Response: 500",
        status_code: 500,
        redelivery: false,
        guid: first.delivery,
      },
      { event: "ping" },
    ]);
    receiver.status = 200;
    expect((await it.rest("POST", `${base}/deliveries/${failed[0]?.id}/attempts`)).status).toBe(202);
    await it.github.webhooks.settled();
    const again = receiver.received.filter(({ delivery }) => delivery === first.delivery);
    expect(again.map(({ body }) => body)).toEqual([first.body, first.body]);
    const [latest] = (await it.rest("GET", `${base}/deliveries`)).body as { id: number }[];
    expect(latest).toMatchObject({ guid: first.delivery, status: "OK", redelivery: true });
    expect((await it.rest("GET", `${base}/deliveries/${latest?.id}`)).body).toMatchObject({
      request: { payload: { action: "opened" } },
      response: { payload: "noted" },
    });
    expect((await it.rest("DELETE", base)).status).toBe(204);
  });

  test("an App's webhook says the installation", async () => {
    it.github.seed.addApp({
      appId: 78,
      slug: "listener",
      owner: "acme",
      publicKeyPem: "",
      webhook: { url: receiver.url, secret: "s" },
      events: ["issue_comment"],
      installations: [{ account: "acme", repositories: ["todo-app"] }],
    });
    await it.human("comment", { issue: "acme/todo-app#1", body: "Hello App" });
    const arrived = await receiver.waitFor(({ body }) => body.includes("Hello App"));
    expect(arrived.payload).toMatchObject({
      action: "created",
      installation: { id: expect.any(Number) },
      comment: { body: "Hello App" },
      organization: { login: "acme" },
    });
  });
});

describe("faults", () => {
  const fault = (body: unknown): Promise<Response> =>
    fetch(`${it.github.url}/__faults`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  test("a status, as often as said, for one operation", async () => {
    await fault({ match: { operation: "Who" }, status: 502, body: "bad gateway", times: 1 });
    const ask = (): Promise<{ status: number }> => it.rest("POST", "/graphql", { query: "query Who { viewer { login } }" });
    expect([(await ask()).status, (await ask()).status]).toEqual([502, 200]);
  });

  test("an answer lost after the work was done", async () => {
    await fault({ match: { method: "POST", path: "^/repos/.*/issues$" }, drop: true, after: true, times: 1 });
    await expect(it.rest("POST", "/repos/acme/todo-app/issues", { title: "Lost answer" })).rejects.toThrow();
    expect(it.github.world.state.issues.at(-1)?.title).toBe("Lost answer");
  });

  test("a delay leaves the answer as it is, and clearing ends faults", async () => {
    await fault({ match: { path: "/users/" }, delayMs: 30 });
    expect((await it.rest("GET", "/users/ada")).body).toMatchObject({ login: "ada" });
    expect(it.github.calls.all().at(-1)?.durationMs).toBeGreaterThanOrEqual(25);
    await fault({ match: { path: "/users/" }, status: 500 });
    await fetch(`${it.github.url}/__faults`, { method: "DELETE" });
    expect((await it.rest("GET", "/users/ada")).status).toBe(200);
  });
});

test("every call is in the log, tokens are nowhere", async () => {
  await it.graphql("query Login { viewer { login } }");
  const calls = await (await fetch(`${it.github.url}/__calls`)).text();
  expect(JSON.parse(calls).at(-1)).toMatchObject({
    method: "POST",
    path: "/graphql",
    operation: "Login",
    status: 200,
    tokenKind: "classic",
    login: "ada",
  });
  const state = await (await fetch(`${it.github.url}/__state`)).text();
  for (const text of [calls, state]) expect(text).not.toContain(it.token);
});

test("the hourly points are counted and run out", async () => {
  const answer = await it.rest("GET", "/users/ada");
  expect(Number(answer.headers.get("x-ratelimit-remaining"))).toBeLessThan(5000);
  it.github.limits.set("ada", "core", 0);
  expect(await it.rest("GET", "/users/ada")).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining("API rate limit exceeded") },
  });
  it.github.limits.set("ada", "graphql", 0);
  expect(await it.graphql("{ viewer { login } }")).toMatchObject({ errors: [{ type: "RATE_LIMITED" }] });
  it.github.limits.set("ada", "core", 5000);
  it.github.limits.set("ada", "graphql", 5000);
});

test("everything is there again after a restart", async () => {
  const first = await startTestGitHub();
  await first.github.close();
  expect(readFileSync(join(first.dataDir, "state.json"), "utf8")).not.toContain(first.token);
  const again = await startGitHub({
    dataDir: first.dataDir,
    seed: () => {
      throw new Error("a filled directory is not seeded");
    },
  });
  const response = await fetch(`${again.url}/repos/acme/todo-app/issues/1`, { headers: { Authorization: `Bearer ${first.token}` } });
  expect(await response.json()).toMatchObject({ title: "Add a title" });
  await again.close();
  rmSync(first.dataDir, { recursive: true });
});
