import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { meshForTest, until } from "./mesh-fixture.ts";
import { phoneBrowser, phoneSize } from "./phone.ts";

const issue3 = "acme/todo-app#3";
const within = { timeout: 60_000 };
const shots = process.env["DASHBOARD_SHOTS"];
let mesh: Awaited<ReturnType<typeof meshForTest>>;
let browser: Browser;

beforeAll(async () => {
  [mesh, browser] = await Promise.all([meshForTest(), phoneBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await mesh?.end();
});

test("why is issue 3 not moving? Its page says it, takes the answer and the commands, and follows the run to its end without a reload", async () => {
  const page = await browser.newPage({ viewport: phoneSize });
  let loads = 0;
  page.on("load", () => (loads += 1));
  await page.goto(`${mesh.url}/#/runs/acme/todo-app/3`);
  await page.getByLabel("Operator token").fill(mesh.operatorToken);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Issue #3 has no run" }).waitFor();
  await page.getByText(/No card of this issue was seen|No run was started/).waitFor();
  await putIntoTodo(
    mesh,
    demonstration.filter(({ key }) => key === issue3),
  );
  await page.getByText("Waits for a person to answer").waitFor(within);
  if (shots) await page.screenshot({ path: `${shots}/real-asks.png`, fullPage: true });

  const controls = page.getByRole("region", { name: "Controls" });
  await controls.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByLabel("Why (if you like)").fill("for a moment");
  await page.getByRole("dialog").getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByText(/^Paused by /).waitFor(within);
  await controls.getByRole("button", { name: "Resume", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume", exact: true }).click();
  await page.getByText("Waits for a person to answer").waitFor(within);
  await page.getByRole("radio", { name: /^Semicolon/ }).check();
  await page.getByRole("button", { name: "Answer" }).click();
  await until("the run ends", async () => ((await runOf(mesh, issue3))?.endedAt ?? null) !== null);
  await page.getByText(/^Done: /).waitFor(within);

  await page.getByText("Ended as accepted.").waitFor();
  await page.getByRole("button", { name: "operator" }).click();
  await page.getByText("for a moment").waitFor(within);
  await page.getByRole("button", { name: "pull request" }).click();
  await page.getByText(/^Pull request #\d+ was merged\.$/).waitFor(within);
  await page.getByRole("link", { name: "Replay the session of run 1" }).waitFor(within);
  await page.getByRole("rowheader", { name: "implementation" }).waitFor(within);
  expect(await page.getByText("could not be loaded").count()).toBe(0);
  if (shots) await page.screenshot({ path: `${shots}/real-done.png`, fullPage: true });

  await page.getByRole("link", { name: "acme/todo-app" }).click();
  await page.getByText(/^Webhook of the repository: the last delivery was “\w+” and arrived\./).waitFor(within);
  await page.getByText(/GraphQL points used by polls this hour/).waitFor();
  await page.getByRole("list", { name: "Runs that ended" }).getByRole("link", { name: /^#3 / }).waitFor(within);
  expect(await page.getByText("could not be loaded").count()).toBe(0);
  if (shots) await page.screenshot({ path: `${shots}/real-project.png`, fullPage: true });
  expect(loads).toBe(1);
  await page.close();
});
