import { afterAll, beforeAll, expect, test } from "vitest";
import { agent, task } from "./testing/examples.ts";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { runMesh } from "./testing/run-mesh.ts";
import { hoursAgo, page } from "./testing/verb-case.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
});
afterAll(() => mesh.close());

const question = {
  id: "K1.q3-1-10",
  purpose: "session",
  items: [{ text: "Which separator?", options: [{ label: "Comma" }, { label: "Semicolon" }], multiple: false }],
  status: "with-human",
  askedAt: hoursAgo(4),
  guess: null,
  answer: null,
  late: [],
  appliedAt: null,
  parked: false,
  run: "acme/todo-app#3.1",
  project: "acme/todo-app",
  issue: 3,
  title: "Export",
};
test("a token that was made goes to the standard output alone, so that it can be piped", async () => {
  mesh.on("POST /agents", { id: "laptop", token: "mesh_agent_x", capabilities: "any", projects: "all" });
  const { stdout, stderr } = await runMesh(["agents", "token", "laptop"], { env: { MESH_URL: mesh.url, MESH_TOKEN: mesh.token } });
  expect(stdout).toBe("mesh_agent_x\n");
  expect(stderr).toContain(`mesh runner --url ${mesh.url} --id laptop`);
  expect(stderr).not.toContain("mesh_agent_x");
});

test("--choice answers by number, and is checked against the question's own choices", async () => {
  mesh.on("GET /questions", page(question));
  mesh.on("POST /questions/K1.q3-1-10/answer", { status: "accepted" });
  const env = { MESH_URL: mesh.url, MESH_TOKEN: mesh.token };
  expect((await runMesh(["questions", "answer", "K1.q3-1-10", "--choice", "2"], { env })).code).toBe(0);
  expect(mesh.asked.at(-1)?.body).toEqual({ answers: ["Semicolon"] });
  const wrong = await runMesh(["questions", "answer", "K1.q3-1-10", "--choice", "3"], { env });
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("Item 1 has 2 choices: 1 Comma, 2 Semicolon.")]);
});

test("submit --wait follows a task to its end, and its end is the exit code", async () => {
  mesh.on("POST /tasks", { tasks: [{ id: "mesh.t-3", capability: "general", status: "pending", project: "mesh" }] });
  let looks = 0;
  mesh.on("GET /tasks/mesh.t-3", () => {
    looks += 1;
    return { status: 200, body: { ...task, id: "mesh.t-3", status: looks < 3 ? "running" : "completed", error: null } };
  });
  const env = { MESH_URL: mesh.url, MESH_TOKEN: mesh.token };
  expect(await runMesh(["tasks", "submit", "general", "--wait"], { env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("completed"),
  });
  mesh.on("GET /tasks/mesh.t-3", { ...task, id: "mesh.t-3" });
  expect((await runMesh(["tasks", "submit", "general", "--wait"], { env })).code).toBe(1);
});

test("--all reads every page, and a single one says that there is more", async () => {
  mesh.on("GET /tasks", ({ path }) => {
    const more = !path.includes("cursor=");
    return { status: 200, body: { items: [{ ...task, id: more ? "mesh.t-2" : "mesh.t-1" }], cursor: more ? 17 : null } };
  });
  const env = { MESH_URL: mesh.url, MESH_TOKEN: mesh.token };
  const all = await runMesh(["tasks", "list", "--all", "--json"], { env });
  expect((JSON.parse(all.stdout) as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual(["mesh.t-2", "mesh.t-1"]);
  const one = await runMesh(["tasks", "list"], { env });
  expect(one.stderr).toContain("--cursor '17'");
  expect((await runMesh(["tasks", "list", "--cursor", "17"], { env })).stderr).toBe("");
});

test("reconcile ends with 1 when a part of it failed", async () => {
  const failure = { what: "board", reason: "forbidden", message: "GitHub: not allowed" };
  const report = { projects: [], healthChecks: 0, redelivered: 0, poked: 0, archived: 0, failures: [failure] };
  mesh.on("POST /ops/reconcile", report);
  const { code, stdout } = await runMesh(["reconcile"], { env: { MESH_URL: mesh.url, MESH_TOKEN: mesh.token } });
  expect([code, stdout]).toEqual([1, expect.stringContaining("failed board: GitHub: not allowed (forbidden)")]);
});

test("colours only where they are wanted", async () => {
  mesh.on("GET /agents", page(agent));
  const env = { MESH_URL: mesh.url, MESH_TOKEN: mesh.token };
  expect((await runMesh(["agents", "list"], { env })).stdout).not.toContain("\u001b");
  expect((await runMesh(["agents", "list"], { env: { ...env, FORCE_COLOR: "1" } })).stdout).toContain("\u001b[32monline");
  expect((await runMesh(["agents", "list"], { env: { ...env, FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout).not.toContain("\u001b");
});
