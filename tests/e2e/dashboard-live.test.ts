import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView } from "../../core/project/views.ts";
import { runOf, start, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";

let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

function project(explain: string, seq: number): ProjectView {
  return {
    key: todo,
    name: todoName,
    repositoryUrl: "https://github.com/acme/todo-app",
    board: null,
    runs: [runOf({ explain })],
    tasks: { pending: 0, dispatched: 0, running: 1 },
    outbox: 0,
    seq,
    filtered: [],
  };
}

function show(explain: string, seq: number): void {
  dashboard.mesh.answers[`GET /projects/${todoName}`] = { view: project(explain, seq) };
}

beforeAll(async () => (built = await buildDashboard()));
afterAll(() => built.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    "GET /read-model": { asOf: start, projects: [{ project: todo, seq: 10, updatedAt: start }], refusals: { count: 0 } },
  });
  show("At first.", 10);
  await dashboard.open("/#/projects");
  await dashboard.page.getByText("At first.").waitFor();
});
afterEach(() => dashboard.close());

const within5s = { timeout: 5_000 };
const changed = (explain: string, seq: number) => ({ type: "run-changed", seq, run: runOf({ explain }) }) as const;

test("a socket that was cut is said and comes back with what it missed, without fetching anything anew", async () => {
  const { mesh, page } = dashboard;
  mesh.cutSockets(true);
  await page.getByText(/^Not connected since/).waitFor(within5s);
  mesh.say(changed("Said meanwhile.", 11));
  const before = mesh.asked.length;
  mesh.cutSockets(false);
  await page.getByText("Said meanwhile.").waitFor(within5s);
  expect(mesh.asked.slice(before)).toEqual([]);
  expect(await page.getByText(/^Not connected since/).count()).toBe(0);
});

test("a Worker that was restarted: everything is fetched anew, again and again until it comes", async () => {
  const { mesh, page } = dashboard;
  mesh.cutSockets(true);
  mesh.forget();
  mesh.answers[`GET /projects/${todoName}`] = { status: 503, reason: "starting", detail: "Not there yet." };
  mesh.cutSockets(false);
  await expect.poll(() => mesh.asked.filter((line) => line === `GET /projects/${todoName}`).length, within5s).toBeGreaterThan(2);
  await page.getByText(/^Not connected since|^Connected again/).waitFor(within5s);
  show("After the restart.", 13);
  await page.getByText("After the restart.").waitFor(within5s);
  await expect.poll(() => page.getByText(/^Not connected since|^Connected again/).count(), within5s).toBe(0);
});

test("a network that drops everything is noticed, and right again within 5 s of its return", async () => {
  const { mesh, page } = dashboard;
  mesh.drop(true);
  await page.getByText(/^Not connected since/).waitFor({ timeout: 15_000 });
  mesh.say(changed("Said into the void.", 11));
  // Long enough for tries to hang.
  await page.waitForTimeout(4_000);
  mesh.drop(false);
  await page.getByText("Said into the void.").waitFor(within5s);
}, 60_000);

test("a machine that has slept finds its socket dead at once", async () => {
  const { mesh, page } = dashboard;
  // Time jumps while nothing runs, as in sleep; what was said meanwhile went into a dead connection.
  mesh.drop(true);
  mesh.say(changed("Said while it slept.", 11));
  await page.evaluate(() => {
    const wake = Date.now() + 3_600_000;
    const before = Date.now();
    Date.now = () => wake + (performance.now() - before + performance.timeOrigin);
  });
  await page.waitForTimeout(2_500);
  mesh.drop(false);
  await page.getByText("Said while it slept.").waitFor(within5s);
});

test("offline is said, and what was shown stays", async () => {
  const { mesh, page } = dashboard;
  mesh.cutSockets(true);
  await page.context().setOffline(true);
  await page.getByText(/^Not connected since/).waitFor(within5s);
  await page.getByText("At first.").waitFor();
  show("Back again.", 12);
  mesh.forget();
  mesh.cutSockets(false);
  await page.context().setOffline(false);
  await page.getByText("Back again.").waitFor(within5s);
});
