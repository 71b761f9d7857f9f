import chromium from "@sparticuz/chromium";
import { fileURLToPath } from "node:url";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { questionOf, runOf, start, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { inPages, startMadeUpMesh, type MadeUpMesh } from "./made-up-mesh.ts";

const root = fileURLToPath(new URL("../../pages", import.meta.url));
let browser: Browser;
let mesh: MadeUpMesh;
let page: Page;
let complaints: string[];

function project(more: Partial<ProjectView> = {}): ProjectView {
  return {
    key: todo,
    name: todoName,
    repositoryUrl: "https://github.com/acme/todo-app",
    board: { url: "https://github.com/orgs/acme/projects/1", observedBy: "webhook" },
    runs: [runOf({ usd: 1.234, pullRequest: { number: 9, url: "https://github.com/acme/todo-app/pull/9", merged: false, commits: 2 } })],
    tasks: { pending: 0, dispatched: 0, running: 1 },
    outbox: 0,
    seq: 10,
    filtered: [{ issue: 4, reason: "label excluded: wontfix", at: start, title: "Not for us" }],
    ...more,
  };
}
const freshness = { asOf: start, projects: [{ project: todo, seq: 10, updatedAt: start }], refusals: { count: 0 } };
const away = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };

/** Both routes the dashboard reads projects from. */
function show(...views: ProjectView[]): void {
  mesh.answers["GET /projects"] = { items: views.map(({ key, name }) => ({ key, name })), cursor: null };
  for (const view of views) mesh.answers[`GET /projects/${view.name}`] = { view };
}

beforeAll(async () => {
  browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ["--no-sandbox", "--disable-gpu"],
    headless: true,
  });
});
afterAll(() => browser.close());
beforeEach(async () => {
  mesh = await startMadeUpMesh(`${root}/dist`, { "GET /read-model": freshness });
  show(project());
  complaints = [];
  page = await browser.newPage({ viewport: { width: 360, height: 640 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|violates/i.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(mesh.url)) complaints.push(`asked a third party: ${request.url()}`);
  });
});
afterEach(async () => {
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(complaints).toEqual([]);
  await page.close();
  await mesh.close();
});

test("a project with its run, and what was left alone with the reason", async () => {
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByText("live", { exact: true }).waitFor();
  const run = page.locator(".run");
  for (const text of ["planning", "#1 Fix the list", "The session works on the plan.", "session", "#9", "$1.23"]) {
    await run.getByText(text).first().waitFor();
  }
  await page.getByText("label excluded: wontfix").waitFor();
});

test("a live message changes the run at once, and missing numbers are fetched", async () => {
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByText("live", { exact: true }).waitFor();
  mesh.say({ type: "run-changed", seq: 11, run: runOf({ phase: "QA", column: "QA", explain: "The tests run." }) });
  await page.getByText("The tests run.").waitFor();
  expect(mesh.asked.filter((line) => line.startsWith("GET /projects"))).toHaveLength(2);
  show(project({ seq: 20, runs: [runOf({ explain: "Said by the refetch." })] }));
  mesh.say({ type: "run-changed", seq: 19, run: runOf({ phase: "REVIEW" }) });
  await page.getByText("Said by the refetch.").waitFor();
  expect(mesh.asked.filter((line) => line === "GET /projects")).toHaveLength(1);
});

test("a broken socket is said, and what was missed is fetched on return", async () => {
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByText("live", { exact: true }).waitFor();
  mesh.cutSockets(true);
  await page.getByText("reconnecting…").waitFor();
  show(project({ seq: 30, runs: [runOf({ explain: "Missed meanwhile." })] }));
  mesh.forget();
  mesh.cutSockets(false);
  await page.getByText("Missed meanwhile.").waitFor();
});

test("an answer is sent for its question only", async () => {
  const question = questionOf();
  show(project({ runs: [runOf({ questions: [question] })] }));
  mesh.answers[`POST /questions/${question.id}/answer`] = { status: "accepted" };
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByRole("radio", { name: "Green" }).check();
  const sent = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: "Answer", exact: true }).click();
  await sent;
  expect(mesh.asked).toContain(`POST /questions/${question.id}/answer {"answers":["Green"]}`);
});

test("login: refused, then let in; logout", async () => {
  const unauthorized = { status: 401, reason: "unauthorized", detail: "Log in." };
  mesh.answers["GET /projects"] = unauthorized;
  mesh.answers["POST /login"] = unauthorized;
  mesh.answers["POST /logout"] = 204;
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByLabel("Operator token").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("This is not a token of this mesh.").waitFor();
  mesh.answers["POST /login"] = { role: "operator" };
  show(project());
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: todoName }).waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Operator token").waitFor();
});

test("empty, failed, and a read model that stands still", async () => {
  mesh.answers["GET /projects"] = { status: 500, reason: "internal", detail: "Something broke." };
  mesh.answers["GET /read-model"] = away;
  await page.goto(`${mesh.url}/#/projects`);
  await page.getByText("Something broke.").waitFor();
  await page.getByText("The read model stands still: database unreachable.").waitFor();
  show();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No project yet").waitFor();
});

test("history comes as one scrolls, only what is in sight is in the document, and the keyboard goes through it", async () => {
  const ended = (issue: number) => runOf({ phase: "ACCEPTED", endedAt: start, endedBecause: "merged", issue });
  const pageOf = (first: number) => Array.from({ length: 50 }, (_, place) => ended(first - place));
  mesh.answers["GET /runs"] = inPages(pageOf(200), pageOf(150), pageOf(100), pageOf(50));
  mesh.answers["GET /usage"] = { total: { usd: 7 }, byDay: [{ day: "2026-11-23", usd: 2 }] };
  await page.goto(`${mesh.url}/#/history`);
  await page.getByText("Spent $7.00 in all").waitFor();
  await page.getByText(`${todoName}#200.1`).waitFor();
  // Until the first of all is there, and its place is the last one.
  await expect
    .poll(
      async () => {
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        return page.locator('[aria-posinset="200"]').innerText({ timeout: 500 }).catch(String);
      },
      { timeout: 15_000 },
    )
    .toContain(`${todoName}#1.1`);
  expect(await page.locator("ul.windowed > li").count()).toBeLessThan(60);
  expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  await page.keyboard.press("k");
  expect(await focused()).toBe(`${todoName}#1.1`);
  await page.keyboard.press("k");
  expect(await focused()).toBe(`${todoName}#2.1`);
});
