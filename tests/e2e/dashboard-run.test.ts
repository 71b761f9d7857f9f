import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { QuestionId } from "../../core/ids.ts";
import type { ProjectView, RunView } from "../../core/project/views.ts";
import { eventOf, questionOf, runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, watchShifts, type Dashboard } from "./dashboard-page.ts";
import type { Asked } from "./made-up-mesh.ts";

const now = Date.now();
const minuteMs = 60_000;
const bothThemes = "in both themes at both sizes";
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;
let seq = 10;

const phases = [
  { phase: "INTAKE", at: now - 50 * minuteMs },
  { phase: "PLANNING", at: now - 48 * minuteMs },
  { phase: "IMPLEMENTATION", at: now - 30 * minuteMs },
];
const base: Partial<RunView> = {
  ...{ issue: 3, run: 2, title: "Sort the list by date", phase: "IMPLEMENTATION", column: "In Progress", phases, usd: 1.25 },
  ...{ startedAt: now - 50 * minuteMs, phaseSince: now - 30 * minuteMs, bugIssues: [7], cycles: { planning: 1, qa: 0, review: 0 } },
  ...{ explain: "The agent is working on my-laptop.", inputTokens: 120_000, outputTokens: 4_500 },
  pullRequest: { number: 9, url: `https://github.com/${todoName}/pull/9`, merged: false, commits: 3 },
};
const event = (number: number, type: Parameters<typeof eventOf>[1], data: Record<string, unknown>) => ({
  ...eventOf(number, type, { data, issue: 3, run: 2, trace: "3.2" }),
  ...{ at: now - (40 - number) * minuteMs, task: null, agent: null },
});
const events = [
  event(9, "session-nudged", {}),
  event(8, "bug-issue-opened", { number: 7, url: `https://github.com/${todoName}/issues/7` }),
  event(7, "pull-request-opened", { number: 9, url: `https://github.com/${todoName}/pull/9` }),
  event(6, "deployment-checked", { check: "deployment", healthy: false, detail: "503 of /health" }),
  event(2, "operator-commanded", { command: "retry", by: "ana@example.com", reason: "the network was away" }),
];
const spent = (usd: number) => ({ usd, inputTokens: usd * 90_000, outputTokens: usd * 4_000 });

function view(run: Partial<RunView>, more: readonly RunView[] = []): ProjectView {
  return {
    ...{ key: todo, name: todoName, repositoryUrl: `https://github.com/${todoName}`, tasks: { pending: 0, dispatched: 0, running: 1 } },
    ...{ board: { url: "https://github.com/orgs/acme/projects/1", observedBy: "webhook" }, outbox: 0, seq, filtered: [] },
    runs: [runOf({ ...base, ...run }), ...more],
  };
}

/** The mesh as it is before a page is opened. */
function have(run: Partial<RunView>): void {
  dashboard.mesh.answers[`GET /projects/${todoName}`] = { view: view(run) };
}

/** What the socket says of the run. */
function say(run: Partial<RunView>): void {
  seq += 1;
  dashboard.mesh.say({ type: "run-changed", seq, run: runOf({ ...base, ...run }) });
}

beforeAll(async () => (built = await buildDashboard()));
afterAll(() => built?.end());
beforeEach(async () => {
  seq = 10;
  const earlier = runOf({ ...base, run: 1, phase: "FAILED", endedAt: now - 60 * minuteMs, endedBecause: "the tests failed three times" });
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    [`GET /runs/${todoName}/3/events`]: { items: events, cursor: null },
    [`GET /runs/${todoName}/3/history`]: { items: [runOf(base), earlier], cursor: null },
    [`GET /runs/${todoName}/3`]: ({ query }: Asked) => (query.get("run") === "1" ? earlier : 404),
    "GET /sessions": { items: [], cursor: null },
    "GET /usage": {
      total: spent(1.25),
      byPhase: [
        { phase: "IMPLEMENTATION", ...spent(0.9) },
        { phase: "PLANNING", ...spent(0.35) },
      ],
      byAgent: [
        { agent: "my-laptop", ...spent(1.1) },
        { agent: null, ...spent(0.15) },
      ],
    },
  });
  have({});
});
afterEach(() => dashboard.close());

test("why an issue is not moving is said on top, and the question is answered there", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const waiting = { explain: "Waits for a person to answer: “Blue or green?”.", awaiting: "question", questions: [questionOf()] };
  have(waiting);
  mesh.answers[`POST /questions/${encodeURIComponent(questionOf().id)}/answer`] = { status: "accepted" };
  await open(`/#/runs/${todoName}/3`);
  const why = page.getByText("Waits for a person to answer");
  await why.waitFor();
  const box = await why.boundingBox();
  expect(box && box.y + box.height).toBeLessThan(400);
  await isAccessible("run-asks", bothThemes);
  await page.getByRole("radio", { name: "Green" }).check();
  await page.getByRole("button", { name: "Answer", exact: false }).first().click();
  await expect.poll(() => mesh.asked.find((line) => line.startsWith("POST /questions/"))).toContain("Green");
  const answer = { answers: ["Green"], by: "operator", via: "dashboard", at: now } as const;
  say({ questions: [questionOf({ status: "answered", answer })] });
  await page.getByText("The agent is working on my-laptop.").waitFor();
});

test("phases, facts, cost, sessions, earlier runs and what happened, live and by kind", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const shifted = await watchShifts(page);
  await open(`/#/runs/${todoName}/3`);
  await page.getByText("Issue #7 was opened for what failed.").waitFor();
  expect(await shifted()).toBeLessThan(0.1);
  expect(await page.getByRole("region", { name: "Phases" }).getByRole("listitem").allInnerTexts()).toHaveLength(3);
  expect(await page.getByRole("link", { name: "#9" }).getAttribute("href")).toBe(`https://github.com/${todoName}/pull/9`);
  await page.getByRole("rowheader", { name: "planning" }).waitFor();
  await page.getByRole("row", { name: /implementation.*\$0\.90/ }).waitFor();
  await page.getByRole("link", { name: "Watch the session of this run" }).waitFor();
  await page.getByText("the tests failed three times").waitFor();
  await isAccessible("run", bothThemes);

  const timeline = page.getByRole("list", { name: "What happened, the newest first" });
  const texts = async () => (await timeline.getByRole("listitem").allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
  expect((await texts())[0]).toContain("Went on to implementation");
  await page.getByRole("button", { name: "bug issue" }).click();
  await expect.poll(texts).toHaveLength(1);
  expect(await timeline.getByRole("link").getAttribute("href")).toBe(`https://github.com/${todoName}/issues/7`);
  await page.getByRole("button", { name: "check", exact: true }).click();
  await page.getByText("503 of /health").waitFor();
  await page.getByRole("button", { name: "everything" }).click();

  // Live: the view tells it at once, the read model a little later.
  mesh.answers[`GET /runs/${todoName}/3/events`] = { items: [event(39, "tests-finished", { verdict: "passed" }), ...events], cursor: null };
  say({ phase: "QA", phases: [...phases, { phase: "QA", at: now }], explain: "The tests are running on my-laptop." });
  await page.getByText("Went on to qa.").waitFor({ timeout: 1_000 });
  await page.getByText("The tests finished: passed.").waitFor({ timeout: 5_000 });
  await page.getByRole("link", { name: "run 1" }).click();
  await page.getByText("This is an earlier run").waitFor();
  expect(await page.getByRole("region", { name: "Controls" }).count()).toBe(0);
  await page.getByRole("link", { name: "run 2 is the newest" }).click();
  await page.getByText("The tests are running on my-laptop.").waitFor();
});

test.each([
  ["retry", "Retry", {}],
  ["pause", "Pause", {}],
  ["resume", "Resume", { awaiting: "paused", explain: "Paused by ana." }],
  ["advance", "Advance", {}],
  ["cancel", "Cancel the run", {}],
  ["retry", "Start anew", { phase: "FAILED", endedAt: now, endedBecause: "no way on", explain: "Failed: no way on." }],
] as const)("%s is confirmed as “%s”, carries a key and a reason, shows the refusal, and is seen live", async (command, word, run) => {
  const { page, mesh, open } = dashboard;
  have(run);
  const keys: unknown[] = [];
  const answer = (given: unknown) => {
    mesh.answers[`POST /runs/${todoName}/3/${command}`] = ({ headers }: Asked) => {
      keys.push(headers["idempotency-key"]);
      return given;
    };
  };
  answer({ status: 503, reason: "away", detail: "Not just now." });
  await open(`/#/runs/${todoName}/3`);
  const controls = page.getByRole("region", { name: "Controls" });
  await controls.getByRole("button", { name: word, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  expect((await dialog.locator("p").first().innerText()).length).toBeGreaterThan(30);
  await dialog.getByRole("button", { name: "Leave it" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(mesh.asked.filter((line) => line.startsWith("POST"))).toEqual([]);

  await controls.getByRole("button", { name: word, exact: true }).click();
  await dialog.getByLabel("Why (if you like)").fill("because of the weather");
  await dialog.getByRole("button", { name: word, exact: true }).click();
  await dialog.getByText("Not just now.").waitFor();
  answer({ status: 409, reason: "refused", detail: `The command ${command} does not apply now.` });
  await dialog.getByRole("button", { name: word, exact: true }).click();
  await dialog.getByText(`The command ${command} does not apply now.`).waitFor();
  answer({ status: 202, run: null });
  await dialog.getByRole("button", { name: word, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(`${word}: the mesh has taken it.`).waitFor();
  expect(mesh.asked.findLast((line) => line.startsWith("POST"))).toBe(
    `POST /runs/${todoName}/3/${command} ${JSON.stringify({ reason: "because of the weather" })}`,
  );
  // What got no answer is repeated as the same command; what was refused is another.
  expect(keys[0]).toMatch(/^[\w-]{16,}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  say({ ...run, explain: "It is as it was commanded." });
  await page.getByText("It is as it was commanded.").waitFor({ timeout: 1_000 });
});

test("what does not apply says why and does nothing; a dialog that is open learns it too", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open(`/#/runs/${todoName}/3`);
  const resume = page.getByRole("button", { name: "Resume", exact: true });
  expect(await resume.getAttribute("aria-disabled")).toBe("true");
  await resume.click({ force: true });
  await page.getByText("Resume: It is not paused.").waitFor();
  expect(await page.getByRole("dialog").count()).toBe(0);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await isAccessible("run-confirm", bothThemes);
  say({ awaiting: "paused", explain: "Paused by somebody else." });
  await page.getByRole("dialog").getByText("It is paused already.").waitFor();
  expect(await page.getByRole("dialog").getByRole("button", { name: "Pause" }).isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  expect(mesh.asked.filter((line) => line.startsWith("POST"))).toEqual([]);
});

test("a viewer sees no control", async () => {
  const { page, mesh, open } = dashboard;
  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  await open(`/#/runs/${todoName}/3/2`);
  await page.getByText("The agent is working on my-laptop.").waitFor();
  await page.getByText("Issue #7 was opened for what failed.").waitFor();
  expect(await page.getByRole("region", { name: "Controls" }).count()).toBe(0);
});

test("an issue without a run says why it has none; a run of long ago comes from the history", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET /runs/${todoName}/5/explain`] = { explain: "No run was started: it has the label wontfix." };
  await open(`/#/runs/${todoName}/5`);
  await page.getByText("No run was started: it has the label wontfix.").waitFor();
  await isAccessible("run-none", bothThemes);
  mesh.answers[`GET /read-model/runs/${todoName}/5/1`] = runOf({ issue: 5, phase: "ACCEPTED", endedAt: now, explain: "Done." });
  await open(`/#/runs/${todoName}/5/1`);
  await page.getByText("Done.", { exact: true }).waitFor();
});

test("the read model away: what is live is shown, what is not is said, and comes by itself", async () => {
  const { page, mesh, open } = dashboard;
  const path = `GET /runs/${todoName}/3/events`;
  const events = mesh.answers[path];
  mesh.answers[path] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  mesh.answers["GET /usage"] = 503;
  await open(`/#/runs/${todoName}/3`);
  await page.getByText("Events could not be loaded.").waitFor();
  await page.getByText("The cost could not be loaded.").waitFor();
  await page.getByText("Went on to implementation.").waitFor();
  mesh.answers[path] = events;
  await page.getByText("Issue #7 was opened for what failed.").waitFor({ timeout: 10_000 });
});

test("hostile texts are shown as text and widen nothing", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const hostile = "<script>document.title='taken'</script><img src=x onerror=alert(1)> \u001B[31mred\u001B[0m \u202Egnp.exe\u202C ";
  const long = `${hostile}${"x".repeat(10_000)}`;
  const javascript = "javascript:document.title='taken'";
  have({
    ...{ title: long, explain: long, branch: `mesh/${"b".repeat(3_000)}`, url: javascript, endedBecause: long },
    failures: [{ phase: "qa", reason: long, at: now }],
    pullRequest: { number: 9, url: javascript, merged: false, commits: 1 },
    questions: [
      questionOf({ items: [{ text: long, options: [{ label: long.slice(0, 300) }], multiple: false }] }),
      questionOf({ id: `${todo}.q2` as QuestionId, status: "withdrawn", items: [{ text: long, options: [], multiple: false }] }),
    ],
  });
  mesh.answers[`GET /runs/${todoName}/3/events`] = {
    items: [
      event(9, "session-failed", { kind: hostile, message: long }),
      event(8, "bug-issue-opened", { number: 7, url: javascript }),
      event(7, "merge-refused", { because: "x", message: long }),
    ],
    cursor: null,
  };
  await open(`/#/runs/${todoName}/3`);
  await page.getByText("The merge was refused: x.").waitFor();
  await page.getByText("<script>document.title").first().waitFor();
  expect(await page.title()).not.toContain("taken");
  expect(await page.locator("main :is(script, img)").count()).toBe(0);
  expect(await page.locator('main a[href^="javascript:" i]').count()).toBe(0);
  await page.getByText("1 failure on the way").click();
  await page.getByText("1 question is settled").click();
  await isAccessible("run-hostile", bothThemes);
  await open(`/#/projects/${todoName}`);
  await page.getByRole("heading", { name: "Board" }).waitFor();
  await isAccessible("project-hostile", bothThemes);
});
