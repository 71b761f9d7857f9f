import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Failure } from "./failure.ts";
import { MeshApi } from "./mesh-api.ts";
import { jsonArgument } from "./parse.ts";
import { problem, startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { freshHome, runMesh } from "./testing/run-mesh.ts";

let mesh: MadeUpMesh;
let elsewhere: Server;
let elsewhereUrl = "";

beforeAll(async () => {
  mesh = await startMadeUpMesh();
  // Something that is no mesh: one path redirects, others answer with a page.
  elsewhere = createServer((request, response) => {
    if (request.url?.startsWith("/away")) response.writeHead(302, { location: "https://login.example.com/" }).end();
    else response.writeHead(404, { "content-type": "text/html" }).end("<html>");
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await mesh.close();
  await new Promise((resolve) => elsewhere.close(resolve));
});

const env = () => ({ MESH_URL: mesh.url, MESH_TOKEN: mesh.token });

test("a refusal says what, each fault with its path, why, where, and what to do", async () => {
  mesh.on("PATCH /settings", () =>
    problem(400, "invalid-settings", "The settings do not fit.", [
      { path: "merge", message: 'Invalid option: expected one of "auto"|"human"' },
      { path: "budget.perIssueUsd", message: "Too small" },
    ]),
  );
  expect(await runMesh(["settings", "set", "merge=never", "budget.perIssueUsd=-1"], { env: env() })).toEqual({
    code: 1,
    stdout: "",
    stderr: [
      "mesh: The settings do not fit.",
      '  at     merge: Invalid option: expected one of "auto"|"human"',
      "  at     budget.perIssueUsd: Too small",
      "  reason invalid-settings",
      `  where  PATCH ${mesh.url}/settings → 400, request request-1`,
      "  do     mesh settings show   lists every setting",
      "",
    ].join("\n"),
  });
  expect(mesh.asked.at(-1)?.body).toEqual({ merge: "never", budget: { perIssueUsd: -1 } });
});

test("for programs a failure is one JSON document, and the standard output stays empty", async () => {
  mesh.on("GET /tasks/t.1", () => problem(404, "not-found", "There is no such task."));
  const { code, stdout, stderr } = await runMesh(["tasks", "show", "t.1", "--json"], { env: env() });
  expect([code, stdout]).toEqual([5, ""]);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      reason: "not-found",
      message: "There is no such task.",
      exitCode: 5,
      where: `GET ${mesh.url}/tasks/t.1 → 404`,
      fix: [],
      requestId: "request-1",
    },
  });
});

test.each([
  [1, 413, "body-too-large"],
  [1, 422, "idempotency-key-reused"],
  [1, 429, "too-many"],
  [1, 502, "github-authentication"],
  [1, 503, "no-agent"],
  [3, 500, "internal"],
  [3, 503, "not-configured"],
  [3, 503, "read-model-unreachable"],
  [4, 401, "unauthorized"],
  [4, 403, "viewers-only-read"],
  [5, 404, "not-found"],
  [6, 409, "runs-active"],
  [6, 410, "withdrawn"],
])("exit code %i for %i %s", async (expected, status, reason) => {
  mesh.on("GET /agents", () => problem(status, reason, "Said by the mesh."));
  const failure: unknown = await new MeshApi({ url: mesh.url, token: mesh.token, from: "the test" })
    .agents()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect((failure as Failure).parts).toMatchObject({ exitCode: expected, reason, message: "Said by the mesh." });
});

test("nothing listens, a redirect, a page: unreachable, said in words", async () => {
  const closed = await runMesh(["agents", "list"], { env: { MESH_URL: "http://127.0.0.1:1024", MESH_TOKEN: "t" } });
  expect(closed.code).toBe(3);
  expect(closed.stderr).toContain("mesh: The mesh does not answer: nothing listens at this address.");
  const away = await runMesh(["agents", "list"], { env: { MESH_URL: `${elsewhereUrl}/away`, MESH_TOKEN: "t" } });
  expect(away.code).toBe(3);
  expect(away.stderr).toContain("leads elsewhere, to https://login.example.com");
  const page = await runMesh(["agents", "list"], { env: { MESH_URL: elsewhereUrl, MESH_TOKEN: "t" } });
  expect(page.code).toBe(5);
  expect(page.stderr).toContain("The answer is not one of a mesh (404).");
});

test("reads and commands are repeated when the connection is cut, a command under the key of its first try; in the end it says that it may have been done", async () => {
  let cuts = 2;
  mesh.on("GET /agents", (_, response) => {
    cuts -= 1;
    if (cuts >= 0) return void response.destroy();
    return { status: 200, body: { items: [], cursor: null } };
  });
  expect((await runMesh(["agents", "list"], { env: env() })).code).toBe(0);
  const keys: (string | undefined)[] = [];
  mesh.on("POST /tasks", ({ idempotencyKey }, response) => {
    keys.push(idempotencyKey);
    if (keys.length < 3) return void response.destroy();
    return { status: 202, body: { tasks: [{ id: "mesh.t-1", capability: "x", status: "pending", project: "mesh" }] } };
  });
  expect(await runMesh(["tasks", "submit", "x"], { env: env() })).toMatchObject({ code: 0, stdout: "mesh.t-1\n" });
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  const tokens: (string | undefined)[] = [];
  mesh.on("POST /agents", ({ idempotencyKey }, response) => {
    tokens.push(idempotencyKey);
    return void response.destroy();
  });
  const lost = await runMesh(["agents", "token", "laptop"], { env: env() });
  expect([lost.code, tokens]).toEqual([3, [tokens[0], tokens[0], tokens[0]]]);
  expect(keys).not.toContain(tokens[0]);
  expect(lost.stderr).toContain("it may have been done all the same");
});

test("a command whose answer was lost waits for its first try, which is still under way; another's it does not wait for", async () => {
  let came = 0;
  const underWay = problem(409, "under-way", "The request with this Idempotency-Key is being carried out.");
  mesh.on("POST /ops/stop", (_, response) => {
    came += 1;
    if (came === 1) return void response.destroy();
    return came === 2 ? underWay : { status: 200, body: { stopped: { at: 0, by: "operator", reason: null }, untold: [] } };
  });
  expect((await runMesh(["stop", "--json"], { env: env() })).code).toBe(0);
  expect(came).toBe(3);
  mesh.on("POST /ops/stop", () => underWay);
  expect((await runMesh(["stop"], { env: env() })).code).toBe(6);
});

test.each([
  [["nosuch"], "unknown command 'nosuch'"],
  [["agents", "lst"], "(Did you mean list?)"],
  [["explain", "not-an-issue"], "It has the form owner/name#12."],
  [["runs", "list", "--project", "todo-app"], "It has the form owner/name."],
  [["tasks", "list", "--limit", "1000"], "A whole number from 1 to 200."],
  [["tasks", "submit"], "missing required argument 'capability'"],
  [["tasks", "submit", "x", "--payload", "{bad"], "--payload is not JSON"],
  [["settings", "set", "merge"], '"merge" is not of the form setting=value'],
  [["events", "--since", "yesterday"], "Like 90s, 15m, 2h, 3d"],
  [["onboard"], "Which repository?"],
  [["onboard", "acme/todo-app", "--login", "magic"], "--login is one of api-key, runner, device."],
  [["projects", "delete", "acme/todo-app"], "Say so with --yes."],
  [["credentials", "push", "acme/todo-app", "--env", "KEY=value-on-the-line"], "can be seen by others"],
])("%j makes no sense: exit code 2, nothing is sent", async (args, said) => {
  const before = mesh.asked.length;
  const { code, stdout, stderr } = await runMesh(args, { env: env() });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain("value-on-the-line");
  expect(mesh.asked.length).toBe(before);
});

test("no mesh is known: says how to name one", async () => {
  const { code, stderr } = await runMesh(["agents", "list"], { env: { HOME: freshHome() } });
  expect(code).toBe(2);
  expect(stderr).toContain("mesh login --url https://<worker>");
});

test("help and version: exit code 0", async () => {
  const help = await runMesh(["--help"]);
  expect(help.code).toBe(0);
  for (const verb of ["start", "runner", "doctor", "onboard", "explain", "stop", "go", "backup", "deploy", "completion"])
    expect(help.stdout).toMatch(new RegExp(`^  ${verb}\\b`, "m"));
  expect(await runMesh(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test.each([
  ["@/nowhere/at/all.json", "there is no such file"],
  [`@${import.meta.dirname}`, "it is a folder"],
])("a file that cannot be read says why: %s", (file, why) => {
  const reading = () => jsonArgument(file, "--payload");
  expect(reading).toThrow(`${file.slice(1)} cannot be read: ${why}.`);
});
