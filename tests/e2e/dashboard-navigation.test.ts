import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { questionOf, runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";

const view: ProjectView = {
  key: todo,
  name: todoName,
  repositoryUrl: "https://github.com/acme/todo-app",
  board: { url: "https://github.com/orgs/acme/projects/1", observedBy: "webhook" },
  runs: [runOf({ questions: [questionOf()] })],
  tasks: { pending: 0, dispatched: 0, running: 1 },
  outbox: 0,
  seq: 10,
  filtered: [],
};
const profile = { name: todoName, repositoryUrl: view.repositoryUrl, defaultBranch: "main", board: null, overrides: {} };
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /projects": { items: [{ key: view.key, name: view.name }], cursor: null },
    [`GET /projects/${view.name}`]: { view, profile },
    "GET /agents": { items: [], cursor: null },
    "GET /tasks": { items: [], cursor: null },
    "GET /onboard": { items: [], cursor: null },
  });
});
afterEach(() => dashboard.close());

test("on a phone the most used pages are in the bar and the others behind More, which says where one is", async () => {
  const { page, open, isAccessible } = dashboard;
  await open("/");
  const pages = page.getByRole("navigation", { name: "Pages" });
  const current = pages.locator('[aria-current="page"]:visible');
  expect(await current.innerText()).toBe("Overview");
  expect(await page.title()).toBe("(1) Overview · mesh-six");
  await pages.getByRole("link", { name: "Questions 1 waiting" }).waitFor();
  expect(await pages.getByRole("link").count()).toBe(4);
  const bar = await pages.boundingBox();
  expect(bar && bar.y + bar.height).toBe(640);
  expect(bar?.height).toBeLessThanOrEqual(64);
  await isAccessible("overview-first");
  await pages.getByRole("button", { name: "More" }).click();
  await page.getByRole("link", { name: "Agents" }).waitFor();
  await isAccessible("navigation-more", "in both themes at both sizes");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("link", { name: "Agents" }).count()).toBe(0);
  await pages.getByRole("button", { name: "More" }).click();
  await page.getByRole("link", { name: "Agents" }).click();
  await page.getByText("No agent has registered yet.").waitFor();
  expect(await page.getByRole("link", { name: "Agents" }).count()).toBe(0);
  expect(await pages.getByRole("button", { name: "More" }).getAttribute("class")).toContain("here");
});

test("where there is room every page is beside what is shown", async () => {
  const { page, open } = dashboard;
  await page.setViewportSize({ width: 1280, height: 800 });
  await open("/#/nowhere");
  const pages = page.getByRole("navigation", { name: "Pages" });
  expect(await pages.locator('[aria-current="page"]:visible').innerText()).toBe("Overview");
  for (const name of ["Projects", "Sessions", "Tasks", "Agents", "Onboarding", "Events", "Cost", "History", "Settings", "Questions"]) {
    await pages.getByRole("link", { name }).click();
    await expect.poll(() => page.title()).toBe(`(1) ${name} · mesh-six`);
    expect(await pages.locator('[aria-current="page"]:visible').innerText()).toContain(name);
  }
  expect(await pages.getByRole("button", { name: "More" }).count()).toBe(0);
});

test("a project has its page and its settings, each with the way up; another page begins at its top", async () => {
  const { page, open, isAccessible } = dashboard;
  await open("/#/projects");
  await page.getByRole("link", { name: todoName, exact: true }).click();
  await page.getByRole("heading", { name: todoName }).waitFor();
  await isAccessible("project-runs", "in both themes at both sizes");
  await page.evaluate(() => scrollTo(0, 9_999));
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(0);
  await page.getByRole("link", { name: `settings of ${todoName}` }).click();
  await page.getByRole("heading", { name: `Settings of ${todoName}` }).waitFor();
  expect(await page.evaluate(() => [scrollY, document.activeElement?.tagName])).toEqual([0, "MAIN"]);
  expect(page.url()).toContain(`#/projects/${todoName}/settings`);
  await page.getByRole("link", { name: todoName, exact: true }).click();
  await page.getByRole("link", { name: "All projects" }).click();
  await page.getByText("#1 Fix the list").waitFor();
});

test("it can be installed as an app: Chromium finds no fault in its manifest, and each icon is what it says", async () => {
  const { page, mesh, open } = dashboard;
  await open("/");
  const devtools = await page.context().newCDPSession(page);
  const { errors, data } = await devtools.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const { icons, display, start_url: start } = JSON.parse(data ?? "{}") as Manifest;
  expect([display, start]).toEqual(["standalone", "/"]);
  expect(icons.filter(({ type }) => type === "image/png").map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
    "192x192 any",
    "512x512 any",
    "512x512 maskable",
  ]);
  for (const { src, sizes, type } of icons) {
    const response = await page.request.get(`${mesh.url}${src}`);
    expect(response.headers()["content-type"]).toBe(type);
    if (type !== "image/png") continue;
    const bytes = await response.body();
    // The first chunk of a PNG tells its size.
    expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`).toBe(sizes);
    expect(bytes.length).toBeLessThan(5_000);
  }
  const schemes = await page.locator('meta[name="theme-color"]').evaluateAll((tags) => tags.map((tag) => tag.getAttribute("media")));
  expect(schemes).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
  expect(
    (await page.request.get(`${mesh.url}${await page.locator('link[rel="apple-touch-icon"]').getAttribute("href")}`)).headers()[
      "content-type"
    ],
  ).toBe("image/png");
});

interface Manifest {
  readonly display: string;
  readonly start_url: string;
  readonly icons: readonly { readonly src: string; readonly sizes: string; readonly type: string; readonly purpose: string }[];
}
