import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, watchShifts, type Dashboard } from "./dashboard-page.ts";

const hourMs = 3_600_000;
const hostile = "<script>alert(1)</script> \u202Etxt.exe";
const view: ProjectView = {
  key: todo,
  name: todoName,
  repositoryUrl: "https://github.com/acme/todo-app",
  board: null,
  runs: [runOf()],
  tasks: { pending: 0, dispatched: 0, running: 0 },
  outbox: 0,
  seq: 8,
  filtered: [],
};
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;
const address = () => dashboard.page.evaluate(() => location.hash);
const table = (name: string) => dashboard.page.getByRole("table", { name });
const times = () => dashboard.page.getByRole("navigation", { name: "Time" });
const spent = (usd: number) => ({ usd, inputTokens: usd * 100_000, outputTokens: usd * 5_000 });

/** What `GET /usage` says: twice as much of the time that is asked for as of the one before. */
function usage({ query }: { query: URLSearchParams }): unknown {
  const [since, until] = [Number(query.get("since")), Number(query.get("until") ?? Date.now())];
  const hour = Math.floor((until - 1) / hourMs) * hourMs;
  const usd = until > Date.now() - 12 * hourMs ? 4.5 : 2.25;
  if (query.get("phase") === "QA") return { total: spent(0), byProject: [], byIssue: [], byAgent: [], byPhase: [], byDay: [], byHour: [] };
  return {
    total: spent(usd),
    byProject: [{ project: todo, name: todoName, ...spent(usd) }],
    byIssue: query.has("issue")
      ? [{ project: todo, name: todoName, issue: 12, title: "Sort the list", ...spent(3) }]
      : [
          { project: todo, name: todoName, issue: 12, title: "Sort the list", ...spent(3) },
          { project: todo, name: todoName, issue: 13, title: hostile, ...spent(1.5) },
          ...Array.from({ length: 11 }, (_, place) => ({ project: todo, name: todoName, issue: 20 + place, title: null, ...spent(0) })),
        ],
    byAgent: [
      { agent: "runner.one", ...spent(usd - 0.5) },
      { agent: null, ...spent(0.5) },
    ],
    byPhase: [
      { phase: "IMPLEMENTATION", ...spent(usd - 1) },
      { phase: "REVIEW", ...spent(1) },
    ],
    byDay: [
      { day: localDay(until - 1), ...spent(usd - 1) },
      { day: localDay(Math.max(since, until - 25 * hourMs)), ...spent(1) },
    ],
    byHour: [
      { hour, ...spent(usd - 1) },
      { hour: hour - 2 * hourMs, ...spent(1) },
    ],
  };
}

/** The browser's zone is that of the test. */
function localDay(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    [`GET /projects/${todoName}`]: { view, policy: { budget: { perDayUsd: 10 } } },
    [`GET /projects/${todoName}/budget`]: { kind: "litellm", budget: { alias: "mesh-six/acme/todo-app", limitUsd: 50, spentUsd: 12.3 } },
    "GET /onboard": { items: [], cursor: null },
    "GET /ops/state": { stopped: null, day: { usd: 4.5, capUsd: 20, reached: false, until: Date.now() } },
    "GET /ops/costs": {
      total: { workerRequests: 9_650, requests: 22_775, rowsWritten: 30_325, rowsRead: 90_000, queueOperations: 14_025, gbSeconds: 600 },
    },
    "GET /usage": usage,
  });
});
afterEach(() => dashboard.close());

test("what it has cost, against the time before, over time, by issue, project, agent and phase, and against the limits", async () => {
  const { page, open, isAccessible } = dashboard;
  await open("/#/cost");
  await page.locator(".total").getByText("$4.50", { exact: true }).waitFor();
  await page.getByText("up 100 %; $2.25 the 7 days before").waitFor();
  await page.getByText("450 k tokens in, 22.5 k out").waitFor();
  expect(await table("By issue").getByRole("row").count()).toBe(11);
  await table("By agent").getByText("the mesh itself").waitFor();
  await page.getByRole("region", { name: "Limits of today (UTC)" }).getByText("$4.50 of $10.00").waitFor();
  await page.getByText("$4.50 of $20.00").waitFor();
  await table("By issue").getByText(hostile).waitFor();
  expect(await page.locator("main script").count()).toBe(0);
  expect(await table("By issue").getByRole("link", { name: "Sort the list" }).getAttribute("href")).toBe(`#/runs/${todoName}/12`);
  await page.getByRole("button", { name: "All 13" }).click();
  expect(await table("By issue").getByRole("row").count()).toBe(14);
  await page.getByRole("button", { name: "Why: acme/todo-app#12" }).click();
  await page.locator(".split").getByText("implementation").waitFor();
  expect(dashboard.mesh.queries.at(-1)).toMatch(/^\/usage\?.*project=acme%2Ftodo-app&issue=12$/);
  await page.getByText("As a table").click();
  await isAccessible("cost", "in both themes at both sizes");
});

test("the chart is drawn in the theme's colours, with bars where the table has cost, as wide as there is room", async () => {
  const { page, open } = dashboard;
  await open("/#/cost");
  const chart = page.getByRole("img", { name: /^By day, .*: at most \$3\.50, / });
  await chart.waitFor();
  await page.getByText("As a table").click();
  const over = table("By day; what is not listed has cost nothing");
  expect(await over.getByRole("row").allInnerTexts()).toEqual([
    expect.stringContaining("day"),
    expect.stringMatching(new RegExp(`^${localDay(Date.now() - 24 * hourMs)}[\\s\\S]*\\$1\\.00`)),
    expect.stringMatching(new RegExp(`^${localDay(Date.now())}[\\s\\S]*\\$3\\.50`)),
  ]);
  expect(await over.getAttribute("id")).toBe(await chart.getAttribute("aria-describedby"));
  const columns = (colour: string) =>
    page.evaluate((wanted) => {
      const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas");
      const context = canvas?.getContext("2d");
      if (!canvas || !context) return { painted: 0, fits: false };
      const probe = document.createElement("canvas").getContext("2d");
      if (!probe) return { painted: 0, fits: false };
      probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(wanted).trim();
      probe.fillRect(0, 0, 1, 1);
      const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
      const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
      let bars = 0;
      let before = false;
      for (let x = 0; x < width; x += 1) {
        let hits = 0;
        for (let y = 0; y < height; y += 1) {
          const at = (y * width + x) * 4;
          if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) hits += 1;
        }
        const isBar = hits > 10;
        if (isBar && !before) bars += 1;
        before = isBar;
      }
      return { painted: bars, fits: canvas.getBoundingClientRect().width <= (canvas.closest(".chart")?.clientWidth ?? 0) };
    }, colour);
  await expect.poll(() => columns("--accent")).toEqual({ painted: 2, fits: true });
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => columns("--accent")).toEqual({ painted: 2, fits: true });
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect
    .poll(() => page.evaluate(() => document.querySelector(".chart canvas")?.getBoundingClientRect().width ?? 0))
    .toBeGreaterThan(800);
  await page.setViewportSize({ width: 360, height: 640 });
  await expect.poll(() => columns("--accent")).toEqual({ painted: 2, fits: true });
});

test("times and rows are filters in the address, taken away by a link, and gone back from", async () => {
  const { page, mesh, open } = dashboard;
  await open("/#/cost");
  await times().getByRole("link", { name: "last night" }).click();
  await page.getByText("the night before").waitFor();
  expect(await address()).toBe("#/cost?range=night");
  const lastAsked = () => new URLSearchParams(mesh.queries.findLast((query) => query.includes("zone="))?.split("?")[1]);
  await expect.poll(() => new Date(Number(lastAsked().get("since"))).getHours()).toBe(18);
  expect(lastAsked().get("zone")).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  await page.getByRole("img", { name: /^By hour, / }).waitFor();
  await table("By agent").getByRole("link", { name: "the mesh itself" }).click();
  await expect.poll(() => mesh.queries.at(-1)).toMatch(/&agent=$/);
  await table("By phase").getByRole("link", { name: "review" }).click();
  await expect.poll(address).toBe("#/cost?range=night&agent=-&phase=REVIEW");
  await page.goBack();
  await expect.poll(address).toBe("#/cost?range=night&agent=-");
  await page.getByRole("link", { name: "Not only the mesh itself" }).click();
  await expect.poll(address).toBe("#/cost?range=night");
  await page.getByRole("link", { name: "Only this: acme/todo-app#12" }).click();
  await page.getByText("The model gateway (litellm) has counted $12.30 of $50.00").waitFor();
  expect(await address()).toBe("#/cost?range=night&project=acme%2Ftodo-app&issue=12");
  await page.getByText("Exactly").click();
  await page.getByLabel("From").fill("2026-11-01T00:00");
  await page.getByLabel("From").blur();
  await expect.poll(address).toContain("since=");
  expect(new URLSearchParams((await address()).split("?")[1]).get("since")).toBe(new Date("2026-11-01T00:00").toISOString());
  expect(await times().locator("[aria-current]").count()).toBe(0);
});

test.each([360, 1280])("nothing moves while the page comes, %d pixels wide", async (width) => {
  const { page, open } = dashboard;
  await page.setViewportSize({ width, height: 800 });
  const shift = await watchShifts(page);
  await open("/#/cost");
  await page.getByText("up 100 %").waitFor();
  await page.getByText("$4.50 of $20.00").waitFor();
  expect(await shift()).toBeLessThan(0.1);
});

test("what was shown stays until the other time has come: nothing moves", async () => {
  const { page, mesh, open } = dashboard;
  await open("/#/cost");
  await table("By phase").waitFor();
  const top = () => table("By phase").evaluate((node) => node.getBoundingClientRect().top + scrollY);
  const before = await top();
  mesh.answers["GET /usage"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await times().getByRole("link", { name: "30 days" }).click();
  await page.getByText("What was spent could not be loaded.").waitFor();
  // Not under the name of another time.
  expect(await table("By phase").count()).toBe(0);
  mesh.answers["GET /usage"] = usage;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("the 30 days before").waitFor();
  await page.locator(".cost-body:not(.old)").waitFor();
  expect(await top()).toBe(before);
});

test("what Cloudflare counts is asked for when it is opened", async () => {
  const { page, mesh, open } = dashboard;
  await open("/#/cost");
  await table("By phase").waitFor();
  expect(mesh.queries).not.toContain("/ops/costs");
  await page.getByText("What Cloudflare counts").click();
  await page.getByText("30,325").waitFor();
  await page.getByText("$0.05", { exact: false }).first().waitFor();
});

test("a viewer sees it all; failed, and then there; nothing spent", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  mesh.answers["GET /usage"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await open("/#/cost");
  await page.getByText("What was spent could not be loaded.").waitFor();
  await isAccessible("cost-failed");
  mesh.answers["GET /usage"] = usage;
  await page.getByRole("button", { name: "Try again" }).first().click();
  await table("By issue").waitFor();
  await open("/#/cost?phase=QA");
  await page.getByText("Nothing was spent in this time by what is filtered for.").waitFor();
  await isAccessible("cost-empty");
});
