import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { AgentId } from "../../core/ids.ts";
import type { ProjectView } from "../../core/project/views.ts";
import { questionOf, runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, watchShifts, type Dashboard } from "./dashboard-page.ts";
import { madeUpAnswers, taskId } from "./made-up-data.ts";
import { phoneSize } from "./phone.ts";

const now = Date.now();
const question = { ...questionOf(), askedAt: now - 600_000 };
const view: ProjectView = {
  key: todo,
  name: todoName,
  repositoryUrl: "https://github.com/acme/todo-app",
  board: null,
  runs: [
    runOf({
      issue: 3,
      title: "Choose a colour",
      awaiting: "question",
      explain: "Waits for a person to answer.",
      questions: [question],
      phaseSince: now,
    }),
    runOf({
      issue: 4,
      title: "Push the branch",
      awaiting: "effect",
      explain: "An outside service refused: the branch is protected",
      phaseSince: now,
    }),
    runOf({
      issue: 5,
      title: "Sort the list",
      phase: "REVIEW",
      explain: "Waits for GitHub's checks of pull request #9.",
      usd: 1.5,
      phaseSince: now,
    }),
    runOf({ issue: 6, title: "Too hard", phase: "FAILED", explain: "Failed: the tests failed three times.", endedAt: now - 60_000 }),
  ],
  tasks: { pending: 0, dispatched: 0, running: 1 },
  outbox: 0,
  seq: 10,
  filtered: [],
};
const agent = (id: string, status: string, more: object = {}) => ({
  id: id as AgentId,
  kind: "remote",
  status,
  capabilities: [],
  slots: 1,
  connected: status === "online",
  lastContactAt: now - 300_000,
  registeredAt: now,
  draining: false,
  projects: "all",
  metadata: {},
  health: [],
  ...more,
});
const list = (items: readonly unknown[]) => ({ items, cursor: null });
const answers = {
  "GET /projects": list([{ key: todo, name: todoName }]),
  [`GET /projects/${todoName}`]: { view, policy: { budget: { perDayUsd: 10 } } },
  "GET /onboard": list([]),
  "GET /agents": list([agent("my-laptop", "online"), agent("build-host", "offline")]),
  "GET /ops/state": { stopped: null, day: { usd: 4.5, capUsd: 20, reached: false, until: now } },
  "GET /ops/points": list([{ projects: [todoName], left: 4_210, limit: 5_000, resetAt: now }]),
  "GET /usage": { total: { usd: 4.5 }, byProject: [{ project: todo, usd: 4.5 }] },
  "GET /tasks": list([]),
};
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;
const section = (name: string) => dashboard.page.getByRole("region", { name, exact: true });

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start(answers);
});
afterEach(() => dashboard.close());

test("what waits, runs, failed and is spent, each where it can be dealt with, by few requests", async () => {
  const { mesh, open, isAccessible } = dashboard;
  await open("/");
  const glance = section("At a glance");
  for (const text of ["at work", "3 under way, 2 wait for you", "1 of 2 online: build-host offline", "$4.50 of $20.00", "4,210 of 5,000"]) {
    await glance.getByText(text).waitFor();
  }
  await section("Waits for you").getByText("Choose a colour").waitFor();
  await section("Waits for you").getByText("An outside service refused: the branch is protected").waitFor();
  await section("Runs now").getByText("Waits for GitHub's checks of pull request #9.").waitFor();
  await section("Failed").getByText("Failed: the tests failed three times.").waitFor();
  await section("Failed").getByRole("link", { name: "build-host" }).waitFor();
  await section("Today").getByText("$4.50 of $10.00").waitFor();
  const asked = mesh.asked.map((line) => line.slice(4)).toSorted();
  expect(asked).toEqual(
    [
      "/agents",
      "/onboard",
      "/ops/points",
      "/ops/state",
      "/projects",
      `/projects/${todoName}`,
      "/read-model",
      "/session",
      "/tasks",
      "/usage",
    ].toSorted(),
  );
  await isAccessible("overview", "in both themes at both sizes");
  const before = mesh.asked.length;
  mesh.say({ type: "run-changed", seq: 11, run: runOf({ issue: 5, title: "Sort the list", phase: "ACCEPTED", endedAt: now }) });
  await section("Runs now").getByText("Nothing else is under way.").waitFor();
  expect(mesh.asked.length).toBe(before);
});

test("each of its links, and of the navigation's, leads to what it names", async () => {
  const { page, mesh, open } = dashboard;
  for (const key of Object.keys(mesh.answers)) delete mesh.answers[key];
  const made = madeUpAnswers();
  const onboardings = (made["GET /onboard"] as { items: readonly { id: string }[] }).items;
  Object.assign(mesh.answers, made, {
    ...Object.fromEntries(onboardings.map((each) => [`GET /onboard/${each.id}`, each])),
    "GET /agents/build-host": made["GET /agents/my-laptop"],
    "GET /tasks/R_kgDOtodo.a8-1": made[`GET /tasks/${taskId}`],
  });
  await page.setViewportSize({ width: 1280, height: 800 });
  await open("/");
  await section("Failed").getByRole("link").first().waitFor();
  const links = await page.locator('a[href^="#/"]').evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
  const hrefs = [...new Set(links)].filter((href) => href !== "#/");
  for (const [name, href] of [
    ["Today", "#/cost?range=today"],
    ["Runners", "#/agents"],
    ["Runs", "#/projects"],
    ["What everything has cost", "#/cost"],
  ] as const) {
    expect(await page.getByRole("main").getByRole("link", { name, exact: true }).getAttribute("href")).toBe(href);
  }
  expect(hrefs).toContain("#/events");
  expect(hrefs.filter((href) => /^#\/(runs|sessions|tasks|agents)\/./.test(href)).length).toBeGreaterThan(3);
  for (const href of hrefs) {
    await page.evaluate((to) => (location.hash = to), href);
    const main = page.getByRole("main");
    await section("At a glance").waitFor({ state: "detached" });
    await expect.poll(() => main.innerText()).not.toMatch(/Loading/);
    expect([href, await main.innerText()]).toEqual([href, expect.not.stringMatching(/This \w+ is not known|^\s*$/)]);
  }
  await page.setViewportSize(phoneSize);
});

test("why is issue 3 not moving? It is answered from here, and what was refused is tried again", async () => {
  const { page, mesh, open } = dashboard;
  mesh.answers[`POST /questions/${question.id}/answer`] = { status: "accepted" };
  mesh.answers[`POST /runs/${todoName}/4/retry`] = runOf({ issue: 4 });
  mesh.answers[`POST /runs/${todoName}/6/retry`] = { status: 409, reason: "not-now", detail: "The issue is closed." };
  await open("/");
  const run = section("Waits for you").locator(".run").filter({ hasText: "#3" });
  await run.getByText("Waits for a person to answer.").waitFor();
  await run.getByRole("radio", { name: "Green" }).check();
  await run.getByRole("button", { name: "Answer", exact: true }).click();
  await run.getByText("Accepted.").waitFor();
  await section("Waits for you").getByRole("button", { name: "Retry #4" }).click();
  await section("Failed").getByRole("button", { name: "Retry #6" }).click();
  await section("Failed").getByText("The issue is closed.").waitFor();
  expect(mesh.asked.filter((line) => line.startsWith("POST"))).toEqual([
    `POST /questions/${question.id}/answer {"answers":["Green"]}`,
    `POST /runs/${todoName}/4/retry`,
    `POST /runs/${todoName}/6/retry`,
  ]);
  await page.getByRole("link", { name: "build-host" }).click();
  await expect.poll(() => page.url()).toContain("#/agents/build-host");
});

test("a mesh without a project says what to do first; a viewer is offered no command", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  await open("/");
  await section("Failed").getByText("Too hard").waitFor();
  expect(await page.getByRole("button", { name: /Retry/ }).count()).toBe(0);
  mesh.answers["GET /projects"] = list([]);
  mesh.answers["GET /agents"] = list([]);
  mesh.answers["GET /ops/points"] = list([]);
  await page.reload();
  await page.getByRole("link", { name: "Onboard a repository" }).waitFor();
  await page.getByText("no project asks GitHub yet").waitFor();
  await isAccessible("overview-empty", "in both themes at both sizes");
});

test("what does not answer is said in its place, and the rest is shown; a stopped mesh is said first", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const away = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  mesh.answers["GET /usage"] = away;
  mesh.answers["GET /read-model"] = away;
  mesh.answers["GET /agents"] = { status: 500, reason: "internal", detail: "Something broke." };
  mesh.answers["GET /ops/points"] = list([{ projects: [todoName], detail: "GitHub: the token was refused" }]);
  mesh.answers["GET /ops/state"] = { stopped: { at: now, by: "ada", reason: "" }, day: null };
  await open("/");
  await section("At a glance").getByText("stopped by ada").waitFor();
  await section("At a glance").getByText("not told: GitHub: the token was refused").waitFor();
  await section("Today").getByText("What today has cost could not be loaded.").waitFor();
  await section("Failed").getByText("Agents could not be loaded.").waitFor();
  await page.getByText("The read model stands still: database unreachable.").waitFor();
  await section("Runs now").getByText("Sort the list").waitFor();
  await isAccessible("overview-away", "in both themes at both sizes");
  mesh.answers["GET /usage"] = answers["GET /usage"];
  await section("Today").getByRole("button", { name: "Try again" }).click();
  await section("Today").getByText("$4.50 of $10.00").waitFor();
});

test("the code of the first page is small, and nothing moves while it comes", async () => {
  const { page, open } = dashboard;
  const scripts = new Set<string>();
  page.on("request", (request) => request.resourceType() === "script" && scripts.add(new URL(request.url()).pathname));
  const shifted = await watchShifts(page);
  await open("/");
  await section("Today").getByText("$4.50 of $10.00").waitFor();
  const dist = fileURLToPath(new URL("../../pages/dist", import.meta.url));
  const sizes = await Promise.all([...scripts].map(async (path) => gzipSync(await readFile(dist + path)).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(scripts.size).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(45_000);
  expect(await shifted()).toBeLessThan(0.1);
});
