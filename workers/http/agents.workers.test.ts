import { expect, test } from "vitest";
import { clock, now } from "../../platform/clock.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { meshProject } from "../../core/ids.ts";
import type { AgentId } from "../../core/ids.ts";
import { createTestMesh, problemOf } from "../test-mesh.ts";

const mesh = createTestMesh();
const registration = { capabilities: [{ name: "spell-check" }], slots: 2 };

async function tokenFor(id: string, grant: object = {}): Promise<string> {
  const response = await mesh.send("POST", "/agents", { id, ...grant });
  expect(response.status).toBe(201);
  return (await response.json<{ token: string }>()).token;
}

function as(token: string, method: string, path: string, body?: unknown): Promise<Response> {
  return mesh.request(path, { method, token, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

test("an agent registers with its token, and is listed and scored", async () => {
  const token = await tokenFor("laptop");
  expect((await as(token, "POST", "/agents/laptop/register", registration)).status).toBe(200);
  const listed = await (await mesh.request("/agents")).json<{ items: { id: string }[] }>();
  expect(listed.items.map(({ id }) => id)).toContain("laptop");
  const { items } = await (await mesh.request("/agents/score/spell-check")).json<{ items: { agent: string; score: number }[] }>();
  expect(items.map(({ agent }) => agent)).toEqual(["laptop"]);
  expect((await (await mesh.request("/agents/laptop")).json<{ mailbox: object }>()).mailbox).toMatchObject({ slots: 2 });
});

test("a token is its own agent's only, and no person's", async () => {
  const token = await tokenFor("one");
  await tokenFor("two");
  expect(await problemOf(await as(token, "POST", "/agents/two/register", registration))).toMatchObject({
    status: 403,
    reason: "other-agent",
  });
  expect(await problemOf(await as(token, "GET", "/tasks"))).toMatchObject({ status: 403, reason: "agent-token" });
  expect(await problemOf(await mesh.send("POST", "/agents/one/register", registration))).toMatchObject({ status: 401 });
  expect(await problemOf(await as(`mesh_agent_${"x".repeat(43)}`, "POST", "/agents/one/register", registration))).toMatchObject({
    status: 401,
  });
});

test("a new token ends the one before, and so does removal", async () => {
  const first = await tokenFor("phone");
  const second = await tokenFor("phone");
  expect((await as(first, "POST", "/agents/phone/register", registration)).status).toBe(401);
  expect((await as(second, "POST", "/agents/phone/register", registration)).status).toBe(200);
  expect((await mesh.request("/agents/phone", { method: "DELETE" })).status).toBe(204);
  expect((await as(second, "POST", "/agents/phone/register", registration)).status).toBe(401);
  expect(await problemOf(await mesh.request("/agents/phone", { method: "DELETE" }))).toMatchObject({ status: 404 });
});

test("a registration that does not fit is refused with every fault; reserved capabilities need a grant", async () => {
  const token = await tokenFor("careless");
  const faulty = { capabilities: [{ name: "ok", weight: 2 }, { name: "Not Ok" }], slots: 0 };
  expect(await problemOf(await as(token, "POST", "/agents/careless/register", faulty))).toEqual({
    status: 400,
    reason: "invalid-input",
    paths: ["capabilities[0].weight", "capabilities[1].name", "slots"],
  });
  const reserved = { capabilities: [{ name: "plan-review" }] };
  expect(await problemOf(await as(token, "POST", "/agents/careless/register", reserved))).toMatchObject({
    status: 403,
    reason: "capability-reserved",
  });
  const granted = await tokenFor("reviewer", { capabilities: ["plan-review"] });
  expect((await as(granted, "POST", "/agents/reviewer/register", reserved)).status).toBe(200);
  expect(await problemOf(await mesh.send("POST", "/agents", { id: "built-in.fake" }))).toMatchObject({ status: 400, paths: ["id"] });
  expect(await problemOf(await mesh.send("POST", "/agents", { id: "ok", projects: ["acme/unknown"] }))).toMatchObject({
    status: 400,
    paths: ["projects[0]"],
  });
});

test("an agent without a socket takes a task, does it and reports by HTTP", async () => {
  const token = await tokenFor("poller");
  await as(token, "POST", "/agents/poller/register", { capabilities: [{ name: "polled-work" }] });
  await as(token, "GET", "/agents/poller/tasks");
  const { tasks } = await (
    await mesh.send("POST", "/tasks", { capability: "polled-work", payload: { n: 1 } })
  ).json<{ tasks: { id: string }[] }>();
  const id = tasks[0]?.id ?? "";
  const polled = await (
    await as(token, "GET", "/agents/poller/tasks?wait=20")
  ).json<{ frames: { type: string; assignments: object[] }[] }>();
  expect(polled.frames).toMatchObject([{ type: "assign", assignments: [{ taskId: id, attempt: 1, payload: { n: 1 } }] }]);
  const bodies = [
    { type: "task-accepted", taskId: id, attempt: 1 },
    { type: "task-done", taskId: id, attempt: 1, result: { n: 2 } },
  ];
  const reports = bodies.map((body, index) => ({ seq: index + 1, at: now(), body }));
  const answer = await as(token, "POST", "/agents/poller/reports", { journal: "journal-1", reports });
  expect([answer.status, await answer.json()]).toEqual([200, { ack: 2, gap: false }]);
  expect(await (await mesh.request(`/tasks/${id}`)).json()).toMatchObject({ status: "completed", result: { n: 2 } });
  const again = await as(token, "POST", "/agents/poller/reports", { journal: "journal-1", reports });
  expect(await again.json()).toEqual({ ack: 2, gap: false });
});

test("bad reports are refused whole, with their paths", async () => {
  const token = await tokenFor("chatter");
  const reports = [{ seq: 0, at: 1, body: { type: "task-accepted", taskId: "mesh.a1-1", attempt: 1 } }];
  expect(await problemOf(await as(token, "POST", "/agents/chatter/reports", { journal: "journal-1", reports }))).toMatchObject({
    status: 400,
    paths: ["reports[0].seq"],
  });
  expect(await problemOf(await as(token, "POST", "/agents/chatter/reports", { journal: "short", reports: [] }))).toMatchObject({
    status: 400,
    paths: ["journal", "reports"],
  });
});

test("an agent connects by WebSocket and is welcomed; a plain request is told to upgrade", async () => {
  const token = await tokenFor("socketed");
  await as(token, "POST", "/agents/socketed/register", registration);
  expect(await problemOf(await as(token, "GET", "/agents/socketed/connect"))).toMatchObject({ status: 426 });
  const { status, webSocket } = await mesh.request("/agents/socketed/connect", { token, headers: { upgrade: "websocket" } });
  expect(status).toBe(101);
  if (!webSocket) throw new Error("no socket");
  const heard = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)))));
  webSocket.accept();
  webSocket.send(JSON.stringify({ type: "hello", version: 1, journal: "journal-1", lastAck: 0 }));
  expect(await heard).toMatchObject({ type: "welcome", ack: 0 });
  webSocket.close(1000, "");
});

test("nothing to push with is given for an attempt that is not the agent's", async () => {
  const token = await tokenFor("thief");
  for (const taskId of ["mesh.a1-1", "R_unknown.t1", "nonsense"]) {
    const asked = await as(token, "POST", "/agents/thief/git-credential", { taskId, attempt: 1 });
    expect(await problemOf(asked)).toMatchObject({ status: 403, reason: "no-live-attempt" });
  }
});

test("a live trial may clone its project's repository and push nothing; other plain work may not even that", async () => {
  await mesh.addProject("acme/tried");
  const token = await tokenFor("trier", { capabilities: ["environment", "look"], projects: ["acme/tried"] });
  await as(token, "POST", "/agents/trier/register", { capabilities: [{ name: "environment", slots: 1 }, { name: "look" }] });
  await as(token, "GET", "/agents/trier/tasks");
  const submit = async (capability: string) => {
    const answer = await mesh.send("POST", "/tasks", { capability, project: "acme/tried", agent: "trier" });
    const [task] = (await answer.json<{ tasks: { id: string }[] }>()).tasks;
    await as(token, "GET", "/agents/trier/tasks?wait=20");
    return { taskId: task?.id, attempt: 1 };
  };
  const trial = await submit("environment");
  const asked = await as(token, "POST", "/agents/trier/git-credential", { ...trial, purpose: "read" });
  expect([asked.status, asked.headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(await asked.json()).toMatchObject({ username: expect.any(String), cloneUrl: "https://github.test/acme/tried.git" });
  expect(await problemOf(await as(token, "POST", "/agents/trier/git-credential", { ...trial, purpose: "push" }))).toMatchObject({
    status: 403,
    reason: "read-only-attempt",
  });
  const look = await submit("look");
  expect(await problemOf(await as(token, "POST", "/agents/trier/git-credential", { ...look, purpose: "read" }))).toMatchObject({
    reason: "no-live-attempt",
  });
  const done = { seq: 1, at: 1, body: { type: "task-done", ...trial, result: {} } };
  await as(token, "POST", "/agents/trier/reports", { journal: "journal-1", reports: [done] });
  expect(await problemOf(await as(token, "POST", "/agents/trier/git-credential", { ...trial, purpose: "read" }))).toMatchObject({
    reason: "no-live-attempt",
  });
});

test("a draining agent gets no new work until that is taken back", async () => {
  const token = await tokenFor("tired");
  await as(token, "POST", "/agents/tired/register", { capabilities: [{ name: "tired-work" }] });
  await as(token, "GET", "/agents/tired/tasks");
  expect((await mesh.send("POST", "/agents/tired/drain")).status).toBe(202);
  const { tasks } = await (await mesh.send("POST", "/tasks", { capability: "tired-work" })).json<{ tasks: { id: string }[] }>();
  expect(await (await mesh.request(`/tasks/${tasks[0]?.id}`)).json()).toMatchObject({ status: "pending", attempts: [] });
  expect((await mesh.send("POST", "/agents/tired/drain", { draining: false })).status).toBe(202);
  const polled = await (await as(token, "GET", "/agents/tired/tasks?wait=20")).json<{ frames: { type: string }[] }>();
  expect(polled.frames.map(({ type }) => type)).toEqual(["assign"]);
  expect(await problemOf(await mesh.send("POST", "/agents/unknown/drain"))).toMatchObject({ status: 404 });
  expect((await orchestrator(mesh.env, meshProject).view()).tasks.dispatched).toBeGreaterThan(0);
});

test("tokens are listed by what they allow, and bound anew without a new token", async () => {
  await mesh.addProject("acme/bound");
  const token = await tokenFor("bound", { capabilities: ["spell-check", "sort"] });
  await as(token, "POST", "/agents/bound/register", { capabilities: [{ name: "spell-check" }, { name: "sort" }] });
  const listed = async () =>
    (await (await mesh.request("/agents/tokens")).json<{ items: { agent: string }[] }>()).items.find(({ agent }) => agent === "bound");
  expect(await listed()).toMatchObject({ capabilities: ["spell-check", "sort"], projects: "all" });
  expect(JSON.stringify(await listed())).not.toContain(token);
  const bound = await mesh.send("PATCH", "/agents/bound/token", { capabilities: ["sort"], projects: ["acme/bound"] });
  expect([bound.status, await bound.json()]).toMatchObject([200, { capabilities: ["sort"], projects: ["acme/bound"] }]);
  const agent = await (await mesh.request("/agents/bound")).json<{ capabilities: { name: string }[] }>();
  expect(agent.capabilities.map(({ name }) => name)).toEqual(["sort"]);
  expect(await problemOf(await as(token, "POST", "/agents/bound/register", registration))).toMatchObject({
    status: 403,
    reason: "capability-not-granted",
  });
  expect(await problemOf(await mesh.send("PATCH", "/agents/bound/token", { projects: ["acme/nowhere"] }))).toMatchObject({
    status: 400,
    paths: ["projects[0]"],
  });
  expect(await problemOf(await mesh.send("PATCH", "/agents/bound/token", {}))).toMatchObject({ status: 400 });
  expect(await problemOf(await mesh.send("PATCH", "/agents/nobody/token", { projects: "all" }))).toMatchObject({ status: 404 });
});

test("a revoked token ends connection and polls at once, opens nothing any more, and the agent stays known", async () => {
  const token = await tokenFor("revoked");
  await as(token, "POST", "/agents/revoked/register", registration);
  const { webSocket } = await mesh.request("/agents/revoked/connect", { token, headers: { upgrade: "websocket" } });
  if (!webSocket) throw new Error("no socket");
  const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
  webSocket.accept();
  const polled = as(token, "GET", "/agents/revoked/tasks?wait=25");
  // The poll waits in the mailbox once the mailbox has answered anything after it.
  await mesh.request("/agents/revoked");
  expect((await mesh.request("/agents/revoked/token", { method: "DELETE" })).status).toBe(204);
  expect(await closed).toBe(4401);
  expect(await (await polled).json()).toEqual({ frames: [] });
  for (const [method, path] of [
    ["POST", "register"],
    ["POST", "heartbeat"],
    ["GET", "tasks"],
    ["GET", "connect"],
  ] as const)
    expect((await as(token, method, `/agents/revoked/${path}`, method === "POST" ? registration : undefined)).status).toBe(401);
  expect((await mesh.request("/agents/revoked")).status).toBe(200);
  expect(await problemOf(await mesh.request("/agents/revoked/token", { method: "DELETE" }))).toMatchObject({ status: 404 });
});

test("an isolate that knows a token goes by it for 5 s, but opens no connection with it", async () => {
  const token = await tokenFor("stale");
  await as(token, "POST", "/agents/stale/register", registration);
  expect((await as(token, "GET", "/agents/stale/tasks")).status).toBe(200);
  // Revoked through another isolate: this one is not told.
  await pool(mesh.env).revokeToken("stale" as AgentId);
  expect((await as(token, "GET", "/agents/stale/tasks")).status).toBe(200);
  expect((await mesh.request("/agents/stale/connect", { token, headers: { upgrade: "websocket" } })).status).toBe(401);
  expect((await as(token, "POST", "/agents/stale/register", registration)).status).toBe(401);
  clock.shift(5_001);
  expect((await as(token, "GET", "/agents/stale/tasks")).status).toBe(401);
  clock.reset();
});
