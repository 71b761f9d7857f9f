import { expect, test } from "vitest";
import { meshProject } from "../../core/ids.ts";
import type { AgentId } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import { registration } from "../../core/protocol/frames.ts";
import { hourMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { builtInAgents } from "../agents/built-in-agents.ts";
import { createTestMesh, problemOf } from "../test-mesh.ts";

const mesh = createTestMesh();
const task = { capability: "spell-check", payload: { text: "helo" } };

async function submitted(body: unknown, headers: Record<string, string> = {}): Promise<{ id: string; project: string }[]> {
  const response = await mesh.send("POST", "/tasks", body, headers);
  expect(response.status).toBe(202);
  return (await response.json<{ tasks: { id: string; project: string }[] }>()).tasks;
}

test("a task is stored, with the defaults, and answerable by its id", async () => {
  const [accepted] = await submitted(task);
  expect(accepted).toMatchObject({
    project: "mesh",
    status: "pending",
    capability: "spell-check",
    priority: 5,
    timeoutSeconds: 120,
    maxAttempts: 3,
  });
  expect(accepted?.id).toMatch(/^mesh\.a[0-9a-z]{25}-1$/);
  const view = await (await mesh.request(`/tasks/${accepted?.id}`)).json<TaskView>();
  expect(view).toMatchObject({ id: accepted?.id, status: "pending", payload: { text: "helo" }, attempts: [] });
});

test("an array is taken in one commit, in its order", async () => {
  const tasks = await submitted(
    Array.from({ length: 100 }, (_, number) => ({ capability: `bulk-${number % 2}`, payload: number, priority: 10 })),
  );
  expect(tasks).toHaveLength(100);
  const listed = await (await mesh.request("/tasks?capability=bulk-1&limit=200")).json<{ items: TaskView[]; cursor: unknown }>();
  expect(listed.items).toHaveLength(50);
  expect(listed.cursor).toBeNull();
});

test.each<[unknown, string[]]>([
  [{ ...task, priority: 11 }, ["priority"]],
  [{ ...task, priority: 1.5 }, ["priority"]],
  [{ ...task, timeoutSeconds: -1 }, ["timeoutSeconds"]],
  [{ ...task, timeoutSeconds: 0 }, ["timeoutSeconds"]],
  [{ ...task, capability: "" }, ["capability"]],
  [{ payload: 1 }, ["capability"]],
  [{ ...task, capability: "UPPER case" }, ["capability"]],
  [{ ...task, maxAttempts: 0, wait: "no" }, ["maxAttempts", "wait"]],
  [{ ...task, colour: "blue" }, ["colour"]],
  [
    [task, { ...task, priority: -1 }, { ...task, capability: "" }],
    ["[1].priority", "[2].capability"],
  ],
  [[], [""]],
  [Array.from({ length: 101 }, () => task), [""]],
  ["text", [""]],
  [null, [""]],
])("refused: %$", async (body, paths) => {
  expect(await problemOf(await mesh.send("POST", "/tasks", body))).toEqual({ status: 400, reason: "invalid-input", paths });
});

test("what is not JSON is refused", async () => {
  expect(await problemOf(await mesh.request("/tasks", { method: "POST", body: "{" }))).toMatchObject({ status: 400, reason: "not-json" });
  expect(await problemOf(await mesh.request("/tasks", { method: "POST" }))).toMatchObject({ status: 400, reason: "not-json" });
});

test("a payload over 256 KiB is refused and named, one of 256 KiB is taken", async () => {
  const large = "x".repeat(1024 * 1024);
  expect(await problemOf(await mesh.send("POST", "/tasks", { ...task, payload: large }))).toEqual({
    status: 413,
    reason: "payload-too-large",
    paths: ["payload"],
  });
  const wide = "ä".repeat(131_072);
  expect(await problemOf(await mesh.send("POST", "/tasks", [task, { ...task, payload: wide }]))).toMatchObject({
    status: 413,
    paths: ["[1].payload"],
  });
  await submitted({ ...task, payload: "x".repeat(262_142) });
  expect(await problemOf(await mesh.send("POST", "/tasks", { ...task, payload: "x".repeat(9 * 1024 * 1024) }))).toMatchObject({
    status: 413,
    reason: "body-too-large",
  });
});

test("the same Idempotency-Key is one submission; with another body it is refused", async () => {
  const key = { "idempotency-key": "order-1" };
  const [first] = await submitted(task, key);
  const [again] = await submitted(task, key);
  expect(again?.id).toBe(first?.id);
  const other = await mesh.send("POST", "/tasks", { ...task, payload: "other" }, key);
  expect(await problemOf(other)).toMatchObject({ status: 422, reason: "idempotency-key-reused" });
  expect(await problemOf(await mesh.send("POST", "/tasks", task, { "idempotency-key": "a b" }))).toMatchObject({
    status: 400,
    reason: "invalid-idempotency-key",
  });
});

test("with wait: false a task that nobody offers is refused at once", async () => {
  const body = { ...task, capability: "nobody-does-this", wait: false };
  expect(await problemOf(await mesh.send("POST", "/tasks", body))).toEqual({ status: 503, reason: "no-agent", paths: ["capability"] });
  await pool(mesh.env).registerBuiltIn([
    ...builtInAgents,
    { id: "built-in.test" as AgentId, capabilities: [{ name: "now-done", weight: 1, preferred: false, requirements: [] }], slots: 1 },
  ]);
  await submitted({ ...body, capability: "now-done" });
});

test("a task is cancelled once", async () => {
  const [accepted] = await submitted(task);
  const cancelled = await mesh.request(`/tasks/${accepted?.id}`, { method: "DELETE" });
  expect([cancelled.status, (await cancelled.json<TaskView>()).status]).toEqual([200, "cancelled"]);
  expect(await problemOf(await mesh.request(`/tasks/${accepted?.id}`, { method: "DELETE" }))).toMatchObject({ status: 409 });
});

test("unknown and malformed ids are not there, and wake no orchestrator", async () => {
  const refused = { status: 404, reason: "not-found", paths: [] };
  for (const id of ["mesh.a1-1", "R_unknown.a1-1", "no-dot", `${"x".repeat(300)}.1`, "%E4%F6", "."]) {
    expect(await problemOf(await mesh.request(`/tasks/${id}`))).toEqual(refused);
    expect(await problemOf(await mesh.request(`/tasks/${id}`, { method: "DELETE" }))).toEqual(refused);
  }
  expect(await problemOf(await mesh.send("POST", "/tasks", { ...task, project: "acme/unknown" }))).toMatchObject({
    status: 404,
    paths: ["project"],
  });
  expect(await problemOf(await mesh.request("/tasks?project=acme/unknown"))).toEqual(refused);
});

test("tasks of the same moment are all listed, page by page", async () => {
  const body = Array.from({ length: 7 }, () => ({ capability: "same-moment" }));
  const { tasks } = await (await mesh.send("POST", "/tasks", body)).json<{ tasks: { id: string }[] }>();
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: TaskView[]; cursor: string | null } = await (
      await mesh.request(`/tasks?capability=same-moment&limit=3${from}`)
    ).json();
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  }
  expect(seen.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  await mesh.request(`/tasks/${tasks[3]?.id}`, { method: "DELETE" });
  const count = async (query: string) =>
    (await (await mesh.request(`/tasks?capability=same-moment${query}`)).json<{ items: [] }>()).items.length;
  const [at] = (await (await mesh.request(`/tasks/${tasks[0]?.id}`)).json<TaskView>()).submittedAt.toString().match(/\d+/) ?? [];
  expect([await count("&status=cancelled"), await count("&status=pending"), await count("&agent=nobody")]).toEqual([1, 6, 0]);
  expect([await count(`&since=${at}`), await count(`&since=${Number(at) + 60_000}`), await count(`&until=${at}`)]).toEqual([7, 0, 0]);
  expect((await mesh.request("/tasks?cursor=7")).status).toBe(400);
});

test("the list goes on from its cursor, newest first", async () => {
  for (let number = 0; number < 3; number += 1) {
    await submitted({ capability: "paged", payload: number });
    await scheduler.wait(2);
  }
  const first = await (await mesh.request("/tasks?capability=paged&limit=2")).json<{ items: TaskView[]; cursor: string }>();
  const rest = await (
    await mesh.request(`/tasks?capability=paged&limit=2&cursor=${first.cursor}`)
  ).json<{ items: TaskView[]; cursor: null }>();
  expect([first.items.length, rest.items.length, rest.cursor]).toEqual([2, 1, null]);
  expect(await problemOf(await mesh.request("/tasks?limit=201"))).toMatchObject({ status: 400, paths: ["limit"] });
  expect((await orchestrator(mesh.env, meshProject).view()).tasks.pending).toBeGreaterThan(2);
});

test("a task for one agent is for a registered one that serves its project, and says what it waits for", async () => {
  await pool(mesh.env).grant({ agent: "laptop" as AgentId, capabilities: "any", projects: [meshProject] }, "hash-laptop");
  const grant = { agent: "laptop" as AgentId, capabilities: "any", projects: [meshProject] } as const;
  await pool(mesh.env).register(grant.agent, registration.parse({ capabilities: [{ name: "look", slots: 1 }] }), grant, now() - hourMs);
  const addressed = { ...task, agent: "laptop" };
  for (const [agent, path] of [
    ["nobody", "agent"],
    ["No Id", "agent"],
  ]) {
    expect(await problemOf(await mesh.send("POST", "/tasks", { ...task, agent }))).toMatchObject({ status: 400, paths: [path] });
  }
  await mesh.addProject("acme/elsewhere");
  const elsewhere = await mesh.send("POST", "/tasks", [task, { ...addressed, project: "acme/elsewhere" }]);
  expect(await problemOf(elsewhere)).toEqual({ status: 400, reason: "unknown-agent", paths: ["[1].agent"] });
  expect(await problemOf(await mesh.send("POST", "/tasks", { ...addressed, wait: false }))).toMatchObject({ status: 503 });
  const [taken] = await submitted({ ...addressed, capability: "look" });
  const view = await (await mesh.request(`/tasks/${taken?.id}`)).json<TaskView>();
  expect(view).toMatchObject({ status: "pending", agent: "laptop", explain: "It waits for laptop, which is out of contact." });
});
