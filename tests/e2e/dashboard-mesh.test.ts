import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { human } from "../../dev/demo/demonstration.ts";
import { meshForTest, until } from "./mesh-fixture.ts";
import { phoneBrowser } from "./phone.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  [mesh, browser] = await Promise.all([meshForTest({ settings: { AGENT_OFFLINE_AFTER_MS: "20000" } }), phoneBrowser()]);
  const { url } = await mesh.client.post<{ url: string }>("/login/link", {});
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(mesh.url)) complaints.push(`asked a third party: ${request.url()}`);
  });
  await page.goto(url);
  await page.getByText("live", { exact: true }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await mesh?.end();
});

const section = (name: string) => page.getByRole("region", { name, exact: true });

test("issue 3 of the demonstration: it appears, asks, is answered from the overview and goes on, all without a reload; then its cost is there", async () => {
  const loads: string[] = [];
  page.on("load", () => loads.push(page.url()));
  await human(mesh, "add-card", { board: "acme/1", issue: "acme/todo-app#3" });
  await human(mesh, "move-card", { board: "acme/1", issue: "acme/todo-app#3", column: "Todo" });
  await page.getByRole("main").getByText("#3", { exact: false }).first().waitFor({ timeout: 60_000 });
  // It moves by itself: from what runs to what waits for whoever looks.
  const run = section("Waits for you").locator(".run").filter({ hasText: "acme/todo-app#3" });
  await run.waitFor({ timeout: 120_000 });

  const looked = performance.now();
  await run.getByRole("radio", { name: "Semicolon" }).check();
  await run.getByRole("button", { name: "Answer", exact: true }).click();
  await run
    .getByText(/^Accepted\.|^Answered/)
    .first()
    .waitFor({ timeout: 10_000 });
  process.stdout.write(`why issue 3 does not move, and its answer: 2 clicks, ${Math.round(performance.now() - looked)} ms\n`);
  await run.waitFor({ state: "detached", timeout: 120_000 });
  await page.getByText("accepted", { exact: true }).or(section("Runs now")).first().waitFor({ timeout: 120_000 });
  expect(loads).toEqual([]);

  await until("the issue has cost something in the read model", async () => {
    const { total } = await mesh.client.get<{ total: { usd: number } }>("/usage?project=acme/todo-app&issue=3");
    return total.usd > 0;
  });
  const asked = performance.now();
  await page.getByRole("link", { name: "Cost", exact: true }).first().click();
  const table = page.getByRole("table", { name: "By issue" });
  await table.getByText("#3").first().waitFor({ timeout: 10_000 });
  await page.getByRole("button", { name: "Why: acme/todo-app#3" }).click();
  await page.locator(".split").getByText("By phase").waitFor({ timeout: 10_000 });
  process.stdout.write(`what it cost, and why: 2 clicks, ${Math.round(performance.now() - asked)} ms\n`);
});

test("a runner that is gone is named on the overview, and its page is one click away", async () => {
  await page.getByRole("link", { name: "Overview", exact: true }).first().click();
  await mesh.runners[0]?.stop();
  await section("At a glance")
    .getByText(/local-1/)
    .waitFor({ timeout: 180_000 });
  const looked = performance.now();
  await section("Failed").getByRole("link", { name: "local-1" }).click();
  await page.getByRole("heading", { name: "local-1" }).waitFor({ timeout: 10_000 });
  process.stdout.write(`which runner is broken: read at once, its page after 1 click, ${Math.round(performance.now() - looked)} ms\n`);
});

test("a Worker that is killed: the page says so, and is right again by itself within five seconds of its return", async () => {
  await page.getByRole("link", { name: "Overview", exact: true }).first().click();
  await page.getByText("live", { exact: true }).waitFor();
  const victim = mesh.wrangler.runtime();
  if (victim === undefined) throw new Error("there is no runtime to kill");
  process.kill(victim, "SIGKILL");
  await page.getByText(/^Not connected since/).waitFor({ timeout: 30_000 });
  await until(
    "the Worker is back",
    async () => (await fetch(`${mesh.url}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok,
    60_000,
  );
  const back = performance.now();
  await page.getByText(/^Not connected since|^Connected again/).waitFor({ state: "detached", timeout: 15_000 });
  await page.getByText("live", { exact: true }).waitFor();
  const ms = Math.round(performance.now() - back);
  process.stdout.write(`right again ${ms} ms after the Worker was back\n`);
  expect(ms).toBeLessThan(5_000);
  expect(complaints).toEqual([]);
});
