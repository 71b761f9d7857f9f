import { beforeAll, expect, test } from "vitest";
import { createTestMesh, problemOf } from "../test-mesh.ts";

const mesh = createTestMesh();

beforeAll(async () => {
  await mesh.addProject("acme/todo-app");
});

test("a registered project is listed, with policy and live state", async () => {
  const { items } = await (await mesh.request("/projects")).json<{ items: { name: string }[] }>();
  expect(items.map(({ name }) => name)).toEqual(["acme/todo-app"]);
  const project = await (await mesh.request("/projects/acme/todo-app")).json<object>();
  expect(project).toMatchObject({
    profile: { name: "acme/todo-app" },
    policy: { retryBudget: 3 },
    view: { runs: [], tasks: { pending: 0 } },
  });
  expect(await (await mesh.request("/projects/ACME/Todo-App")).json()).toMatchObject({ profile: { name: "acme/todo-app" } });
});

test("a project's settings lie over the mesh's, which reach every project", async () => {
  expect((await mesh.send("PATCH", "/settings", { retryBudget: 7, maxActiveRuns: 9 })).status).toBe(200);
  expect(await (await mesh.request("/projects/acme/todo-app")).json()).toMatchObject({ policy: { retryBudget: 7, maxActiveRuns: 9 } });
  const changed = await mesh.send("PATCH", "/projects/acme/todo-app", { overrides: { retryBudget: 1 } });
  expect(await changed.json()).toMatchObject({ policy: { retryBudget: 1, maxActiveRuns: 9 } });
  const back = await mesh.send("PATCH", "/projects/acme/todo-app", { overrides: { retryBudget: null } });
  expect(await back.json()).toMatchObject({ policy: { retryBudget: 7, maxActiveRuns: 9 } });
  expect(
    (await (await mesh.request("/projects/acme/todo-app")).json<{ profile: { overrides: object } }>()).profile.overrides,
  ).not.toHaveProperty("retryBudget");
  expect(await (await mesh.request("/settings")).json()).toMatchObject({ overrides: { retryBudget: 7 }, policy: { maxActiveRuns: 9 } });
});

test("unknown settings and values out of range are refused with their paths, and nothing changes", async () => {
  expect(await problemOf(await mesh.send("PATCH", "/settings", { retryBudget: 99 }))).toMatchObject({
    status: 400,
    reason: "invalid-settings",
    paths: ["retryBudget"],
  });
  const faulty = await mesh.send("PATCH", "/projects/acme/todo-app", { overrides: { colour: 1, questions: { answerAt: 2 } } });
  expect(await problemOf(faulty)).toMatchObject({ status: 400, paths: ["overrides.questions.answerAt", "overrides.colour"] });
  expect(
    await problemOf(await mesh.send("POST", "/projects", { repository: "no-owner", board: { owner: "acme", number: 0 } })),
  ).toMatchObject({
    status: 400,
    paths: ["repository", "board.number"],
  });
});

test("the board tells how it is observed and what reading it costs", async () => {
  expect(await (await mesh.request("/projects/acme/todo-app/board")).json()).toMatchObject({
    board: { observedBy: "webhook" },
    points: { used: 0 },
  });
  const repository = await mesh.addProject("acme/boardless", { board: null });
  expect(repository.profile.board).toBeNull();
  expect(await problemOf(await mesh.request("/projects/acme/boardless/board"))).toMatchObject({ status: 404 });
});

test("each webhook tells how its deliveries fare, and is asked of GitHub anew; one that may not be seen has no number", async () => {
  const path = "/projects/acme/todo-app/webhooks";
  const { items } = await (await mesh.request(path)).json<{ items: object[] }>();
  const seen = { number: expect.any(Number) as number, lastDelivery: null, failed: 0 };
  expect(items).toEqual([
    { kind: "repository", ...seen },
    { kind: "organization", ...seen },
  ]);
  mesh.webhooks.allow("repository", false);
  const { profile } = await mesh.addProject("acme/unhooked");
  mesh.webhooks.allow("repository", true);
  const unhooked = await (await mesh.request(`/projects/${profile.name}/webhooks`)).json<{ items: object[] }>();
  expect(unhooked.items[0]).toEqual({ kind: "repository", number: null, lastDelivery: null, failed: 0 });
  expect(await problemOf(await mesh.request("/projects/acme/other/webhooks"))).toMatchObject({ status: 404 });
});

test("what is not registered is not there", async () => {
  for (const path of [
    "/projects/acme/other",
    "/projects/a..b/c",
    "/runs/acme/other/1",
    "/runs/acme/other/1/explain",
    "/runs/acme/todo-app/0",
    "/runs/acme/todo-app/1",
  ]) {
    expect(await problemOf(await mesh.request(path))).toMatchObject({ status: 404, reason: "not-found" });
  }
  expect(await problemOf(await mesh.send("POST", "/runs/acme/todo-app/99/cancel"))).toMatchObject({ status: 404 });
  expect(await problemOf(await mesh.send("POST", "/questions/R_acmetodoapp.q1/answer", { answer: "Blue" }))).toMatchObject({ status: 404 });
  expect(await problemOf(await mesh.send("POST", "/questions/R_unknown.q1/answer", { answer: "Blue" }))).toMatchObject({ status: 404 });
  expect(await problemOf(await mesh.send("POST", "/questions/R_acmetodoapp.q1/answer", { answer: " " }))).toMatchObject({ status: 400 });
});

test("an issue without a run is explained too", async () => {
  const explained = await (await mesh.request("/runs/acme/todo-app/5/explain")).json<{ explain: string }>();
  expect(explained).toMatchObject({ key: "acme/todo-app#5", phase: null });
});

test("a board that no webhook tells of is polled", async () => {
  mesh.webhooks.allow("organization", false);
  const { profile } = await mesh.addProject("acme/untold");
  mesh.webhooks.allow("organization", true);
  expect(await (await mesh.request(`/projects/${profile.name}/board`)).json()).toMatchObject({ board: { observedBy: "poll" } });
});
