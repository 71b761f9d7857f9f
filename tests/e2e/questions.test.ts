import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunView } from "../../core/project/views.ts";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { demoTopic } from "../../dev/demo/person.ts";
import { descendants } from "../../dev/mesh/processes.ts";
import { doubles } from "./doubles.ts";
import { meshForTest, until } from "./mesh-fixture.ts";
import { phoneBrowser, phoneSize } from "./phone.ts";

const issue3 = "acme/todo-app#3";
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let mesh: Awaited<ReturnType<typeof meshForTest>>;
let browser: Browser;

beforeAll(async () => {
  [mesh, browser] = await Promise.all([meshForTest(), phoneBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await mesh?.end();
});

async function runWith(look: (run: RunView) => boolean, what: string): Promise<RunView> {
  return until(what, async () => {
    const run = await runOf(mesh, issue3);
    return run !== null && look(run) && run;
  });
}

/** The page behind the notification, as the phone opens it. */
async function replyPage(): Promise<{ page: Page; bytes: number }> {
  const url = await until(
    "a notification with a page",
    () => mesh.ntfy.shown(demoTopic).find((event) => event.click?.includes("/r/"))?.click,
  );
  const page = await browser.newPage({ viewport: phoneSize, colorScheme: "dark", javaScriptEnabled: true });
  let bytes = 0;
  page.on("response", (response) => void response.body().then((body) => (bytes += body.byteLength)));
  await page.goto(url);
  return { page, bytes };
}

test("issue 3: parked, Worker and runner restarted, answered by phone in a real browser: the same conversation goes on to Done", async () => {
  await mesh.client.patch("/projects/acme/todo-app", { overrides: { questions: { holdForMs: 1_000 } } });
  await putIntoTodo(
    mesh,
    demonstration.filter(({ key }) => key === issue3),
  );
  await runWith((run) => run.questions.some((question) => question.status === "with-human"), "the question is with a person");
  const parked = await runWith((run) => run.questions.some((question) => question.parked), "the session is parked");
  const conversation = parked.session?.conversationId;
  expect(conversation).toBeTruthy();
  const [runner] = mesh.runners;
  await until("no agent process is left", () => descendants(runner?.process.pid ?? -1, "claude").length === 0);

  // The Worker is killed and the runner ended while the question waits.
  const runtime = mesh.wrangler.runtime();
  if (runtime !== undefined) process.kill(runtime, "SIGKILL");
  await runner?.stop();
  await mesh.startRunner();
  await until("the Worker is back", async () => (await fetch(`${mesh.url}/api/healthz`)).ok);

  const { page } = await replyPage();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phoneSize.width);
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  expect(violations).toEqual([]);
  const html = await (await fetch(page.url())).arrayBuffer();
  expect(html.byteLength).toBeLessThan(15_000);
  if (process.env.MESH_SCREENSHOTS) await page.screenshot({ path: `${process.env.MESH_SCREENSHOTS}/reply-page.png`, fullPage: true });
  await page.getByRole("radio", { name: /^Semicolon/ }).check();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("heading", { name: "Accepted" }).waitFor();
  await page.getByText("The agent has gone on.").waitFor({ timeout: 60_000 });
  if (process.env.MESH_SCREENSHOTS) await page.screenshot({ path: `${process.env.MESH_SCREENSHOTS}/receipt.png`, fullPage: true });
  await page.close();

  const done = await runWith((run) => run.endedAt !== null, "the run ends");
  expect(done).toMatchObject({ phase: "ACCEPTED", cycles: { qa: 1 }, session: { conversationId: conversation } });
  expect(done.bugIssues).toHaveLength(1);
  expect(done.questions).toMatchObject([{ answer: { answers: ["Semicolon"], via: "reply-page" }, parked: true }]);
  expect(done.questions[0]?.appliedAt).not.toBeNull();
  expect(doubles(mesh)).toEqual([]);
  const shown = mesh.ntfy.shown(demoTopic).filter((event) => event.sequence_id?.includes("q3"));
  expect(shown).toHaveLength(1);
  expect(shown[0]?.message).toMatch(/Semicolon/);
});
