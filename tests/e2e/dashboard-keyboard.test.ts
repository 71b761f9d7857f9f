import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { runOf, start, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";

const view: ProjectView = {
  key: todo,
  name: todoName,
  repositoryUrl: "https://github.com/acme/todo-app",
  board: null,
  runs: [runOf({ issue: 1, title: "Fix the list" }), runOf({ issue: 2, title: "Sort the list" })],
  tasks: { pending: 0, dispatched: 0, running: 1 },
  outbox: 0,
  seq: 10,
  filtered: [],
};
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;
const focused = () => dashboard.page.evaluate(() => document.activeElement?.textContent ?? "");

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    [`GET /projects/${todoName}`]: { view },
    "GET /agents": { items: [{ id: "my-laptop", status: "online", capabilities: [], health: [], metadata: {} }], cursor: null },
    "GET /tasks": { items: [], cursor: null },
    "GET /onboard": { items: [], cursor: null },
  });
});
afterEach(() => dashboard.close());

test("g and a letter go to a page; ? lists every key, and Escape gives the focus back", async () => {
  const { page, open, isAccessible } = dashboard;
  await open("/");
  await page.keyboard.type("gt");
  await page.getByText("No task was submitted yet.").waitFor();
  await page.keyboard.type("gp");
  await page.getByRole("link", { name: todoName, exact: true }).focus();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.getByText("go to Projects").waitFor();
  await isAccessible("keys", "in both themes at both sizes");
  await page.keyboard.type("gt");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await focused()).toBe(todoName);
  expect(page.url()).toContain("#/projects");
});

test("keys rest while someone writes", async () => {
  const { page, open } = dashboard;
  await open("/#/tasks");
  await page.getByLabel("Agent").fill("");
  await page.getByLabel("Agent").pressSequentially("gp/?j");
  expect(await page.getByLabel("Agent").inputValue()).toBe("gp/?j");
  expect(page.url()).toContain("#/tasks");
  expect(await page.getByRole("dialog").count()).toBe(0);
});

test("j and k go through what is listed, and Enter opens it", async () => {
  const { page, open } = dashboard;
  await open("/#/agents");
  await page.getByRole("link", { name: "my-laptop" }).waitFor();
  await page.keyboard.press("j");
  expect(await focused()).toBe("my-laptop");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.url()).toContain("#/agents/my-laptop");
  await page.keyboard.type("gp");
  await page.getByText("Sort the list").waitFor();
  await page.keyboard.press("j");
  const first = await focused();
  await page.keyboard.press("j");
  expect(await focused()).not.toBe(first);
  await page.keyboard.press("k");
  expect(await focused()).toBe(first);
});

test("/ searches: chosen and opened by keyboard, an issue of long ago is asked for, and nothing found is said", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET /runs/${todoName}/99`] = runOf({ issue: 99, title: "Long ago", phase: "ACCEPTED", endedAt: start });
  await open("/");
  await page.keyboard.press("/");
  const field = page.getByRole("combobox");
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  await isAccessible("search", "in both themes at both sizes");
  await field.fill("laptop");
  await page.getByRole("option", { name: "my-laptop" }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.url()).toContain("#/agents/my-laptop");
  expect(await page.getByRole("dialog").count()).toBe(0);

  await page.keyboard.press("/");
  await field.fill("list");
  await expect.poll(() => page.getByRole("option").count()).toBe(2);
  await page.keyboard.press("ArrowDown");
  expect(await page.locator('[aria-selected="true"]').innerText()).toContain("Sort the list");
  await field.fill("qqq");
  await page.getByText("Nothing here is like “qqq”.").waitFor();
  await field.fill(`${todoName}#99`);
  await page.getByRole("option", { name: "Long ago" }).waitFor();
  expect(mesh.asked.filter((line) => line.startsWith("GET /runs/"))).toEqual([`GET /runs/${todoName}/99`]);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
});
