import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { EventType, JournalEvent } from "../../core/events.ts";
import type { ProjectView } from "../../core/project/views.ts";
import { agent, eventOf, runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, watchShifts, type Dashboard } from "./dashboard-page.ts";
import { madeUpEvents, type MadeUpEvents } from "./made-up-events.ts";

const hostile = '<img src=x onerror="alert(1)"> \u202Egnp.exe javascript:alert(1)';
let begin: number;
let view: ProjectView;
let events: MadeUpEvents;
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;
const list = () => dashboard.page.getByRole("list", { name: "Events, newest first" });
const form = () => dashboard.page.getByRole("form", { name: "Which events" });
const choice = (name: string) => form().getByRole("combobox", { name, exact: true });
const address = () => dashboard.page.evaluate(() => location.hash);
/** How far the read model is; the journal itself is `events.all` and what is told. */
let cursor: () => number;

function happened(seq: number, type: EventType, more: Partial<JournalEvent> = {}): JournalEvent {
  return eventOf(seq, type, { at: begin + seq * 1_000, ...more });
}

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  begin = Date.now() - 20 * 60_000;
  view = {
    key: todo,
    name: todoName,
    repositoryUrl: "https://github.com/acme/todo-app",
    board: null,
    runs: [runOf()],
    tasks: { pending: 0, dispatched: 0, running: 1 },
    outbox: 0,
    seq: 8,
    filtered: [],
  };
  events = madeUpEvents({ [todo]: todoName });
  events.all.push(
    happened(1, "run-started", { issue: 12, run: 1, trace: "12.1", data: { branch: "mesh/12.1" } }),
    happened(2, "run-phase-changed", {
      issue: 12,
      run: 1,
      trace: "12.1",
      data: { from: "INTAKE", to: "PLANNING", because: "the card is in Todo" },
    }),
    happened(3, "task-dispatched", { issue: 12, run: 1, trace: "12.1", agent, task: `${todo}.t7` as never, data: { attempt: 1 } }),
    happened(4, "question-asked", { issue: 13, run: 1, trace: "13.1", data: { items: [{ text: hostile }] } }),
    happened(5, "usage-counted", {
      issue: 13,
      run: 2,
      trace: "13.2",
      agent,
      data: { usd: 0.12, inputTokens: 1_200, outputTokens: 300, phase: "REVIEW", by: "session" },
    }),
    happened(6, "session-failed", { issue: 13, run: 2, trace: "13.2", data: { kind: "work", message: "the tests failed" } }),
    { ...happened(7, "credential-recorded", { trace: "vault", data: { name: "github" } }), project: "mesh" as typeof todo },
    happened(8, "run-changed", { issue: 12, run: 1, trace: "12.1", data: { explain: "The session works on the plan.", usd: 0.3 } }),
  );
  cursor = () => Math.max(0, ...events.all.map(({ seq }) => seq));
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    [`GET /projects/${todoName}`]: () => ({ view, policy: { budget: { perDayUsd: null } } }),
    "GET /onboard": { items: [], cursor: null },
    "GET /read-model": () => ({
      asOf: Date.now(),
      projects: [{ project: todo, seq: cursor(), updatedAt: Date.now() }],
      refusals: { count: 0 },
    }),
    "GET /events": events.answer,
  });
});
afterEach(() => dashboard.close());

test("each event says when, what, where and by whom, opened all of it; text from outside stays text", async () => {
  const { page, open, isAccessible } = dashboard;
  await open("/#/events");
  await page.getByText("All 8 shown.").waitFor();
  for (const text of [
    "Went on to planning. the card is in Todo",
    "Spent $0.120 in review.",
    "credential recorded. name: github",
    "the mesh",
    "#13.2",
    agent,
  ]) {
    await list().getByText(text).first().waitFor();
  }
  const asked = list().getByRole("article").filter({ hasText: "question asked" });
  await asked.getByText(hostile).waitFor();
  await asked.getByRole("button", { name: "Details" }).click();
  await asked.getByText('"text": "<img src=x onerror=').waitFor();
  await asked.getByText(String.raw`\u202egnp.exe`).waitFor();
  expect(await page.locator("main img").count()).toBe(0);
  expect(await asked.getByRole("link", { name: "the run" }).getAttribute("href")).toBe(`#/runs/${todoName}/13/1`);
  await isAccessible("events", "in both themes at both sizes");
});

test("every filter is in the address, by the form and by each value's link, and the way back leads through them", async () => {
  const { page, mesh, open } = dashboard;
  await open("/#/events");
  await list().getByRole("link", { name: "task dispatched" }).click();
  await page.getByText("All 1 shown.").waitFor();
  expect(await address()).toBe("#/events?type=task-dispatched");
  expect(await choice("Type").inputValue()).toBe("task-dispatched");
  await list().getByRole("link", { name: agent }).click();
  await expect.poll(address).toBe(`#/events?type=task-dispatched&agent=${agent}`);
  await expect.poll(() => mesh.queries.findLast((query) => query.startsWith("/events"))).toContain(`agent=${agent}`);
  await choice("Type").selectOption("");
  await page.getByText("All 2 shown.").waitFor();
  expect(await address()).toBe(`#/events?agent=${agent}`);
  await page.goBack();
  await page.getByText("All 1 shown.").waitFor();
  expect(await choice("Type").inputValue()).toBe("task-dispatched");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByText("All 8 shown.").waitFor();
  await list().getByRole("link", { name: "#13", exact: true }).click();
  await expect.poll(address).toBe(`#/events?project=${encodeURIComponent(todoName)}&issue=13`);
  await page.getByText("All 3 shown.").waitFor();
  expect(mesh.queries.at(-1)).toContain("issue=13");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByText("More filters").click();
  await form().getByRole("textbox", { name: "Trace" }).fill("12.1");
  await form().getByRole("textbox", { name: "Trace" }).press("Enter");
  await page.getByText("All 4 shown.").waitFor();
  await choice("Type").selectOption({ label: "all but “state of a run”" });
  await page.getByText("All 3 shown.").waitFor();
  expect(await address()).toBe("#/events?without=run-changed&trace=12.1");
  await page.getByRole("button", { name: "Show all" }).click();
  await choice("Time").selectOption("15m");
  await page.getByText("No event is like that.").waitFor();
  expect(await address()).toBe("#/events?range=15m");
  await open(`/#/events?type=usage-counted&project=${encodeURIComponent(todoName)}`);
  await page.getByText("All 1 shown.").waitFor();
});

test("the export is a link with the same filters", async () => {
  const { page, mesh, open } = dashboard;
  mesh.answers["GET /events.jsonl"] = '{"seq":1}\n';
  await open(`/#/events?type=run-started&project=${encodeURIComponent(todoName)}`);
  await page.getByText("All 1 shown.").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export as JSON lines" }).click();
  expect((await download).suggestedFilename()).toBe("events.jsonl");
  await expect
    .poll(() => mesh.queries.filter((query) => query.startsWith("/events.jsonl")))
    .toEqual([`/events.jsonl?project=${encodeURIComponent(todoName)}&type=run-started`]);
});

/** A thousand events told within a second; the read model has each only `lagMs` later, in pages. */
async function burst(lagMs: number): Promise<void> {
  const told: JournalEvent[] = [];
  let projected = 8;
  cursor = () => projected;
  for (let batch = 0; batch < 50; batch += 1) {
    const fresh = Array.from({ length: 20 }, (_, place) => {
      const seq = 9 + batch * 20 + place;
      return eventOf(seq, "session-nudged", { at: Date.now(), issue: 12, run: 1, trace: "12.1", data: { silentSince: seq } });
    });
    told.push(...fresh);
    view = { ...view, seq: view.seq + 20 };
    for (const { seq } of fresh) dashboard.mesh.say({ type: "run-changed", seq, run: runOf({ explain: `Said ${seq}.` }) });
    setTimeout(() => {
      events.all.push(...fresh);
      projected = fresh.at(-1)?.seq ?? projected;
    }, lagMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function watchLongTasks(): Promise<() => Promise<number>> {
  const { page } = dashboard;
  await page.evaluate(() => {
    Object.assign(globalThis, { longest: 0 });
    new PerformanceObserver((entries) => {
      const seen = globalThis as unknown as { longest: number };
      for (const { duration } of entries.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
  });
  // It does notice.
  await page.evaluate(() => {
    setTimeout(() => {
      for (const end = performance.now() + 80; performance.now() < end;);
    });
  });
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { longest: number }).longest)).toBeGreaterThanOrEqual(50);
  await page.evaluate(() => Object.assign(globalThis, { longest: 0 }));
  return () => page.evaluate(() => (globalThis as unknown as { longest: number }).longest);
}

test("a thousand events in a second come at the top, all of them, and the page stays quick", async () => {
  const { page, open } = dashboard;
  await open("/#/events");
  await page.getByText("All 8 shown.").waitFor();
  const longest = await watchLongTasks();
  await burst(2_500);
  await page.getByText("All 1,008 shown.").waitFor({ timeout: 20_000 });
  expect(await list().locator("li").first().getAttribute("aria-setsize")).toBe("1008");
  expect(await list().locator("li").count()).toBeLessThan(60);
  expect(await longest()).toBeLessThan(200);
});

test("more new events than are walked through make the list begin anew at its top, with none left out above what follows", async () => {
  const { page, open } = dashboard;
  await open("/#/events");
  await page.getByText("All 8 shown.").waitFor();
  const at = Date.now();
  for (let seq = 9; seq <= 10_508; seq += 1) events.all.push(happened(seq, "session-nudged", { at: at + seq }));
  view = { ...view, seq: 10_508 };
  dashboard.mesh.say({ type: "project-changed", project: todo, seq: 10_508 });
  await expect.poll(() => list().locator("li").first().getAttribute("aria-setsize"), { timeout: 30_000 }).toBe("-1");
  await list().getByRole("button", { name: "Details" }).first().click();
  await list().getByText("10508", { exact: true }).waitFor();
  const more = dashboard.mesh.queries.length;
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  const cursorOf = (query = "") => new URLSearchParams(query.split("?")[1]).get("cursor") ?? "";
  await expect.poll(() => dashboard.mesh.queries.slice(more).map(cursorOf).join(" ")).toContain(`~${todo}~509`);
});

test.each([360, 1280])("nothing moves while the page comes, %d pixels wide", async (width) => {
  const { page, open } = dashboard;
  for (let seq = 9; seq < 209; seq += 1) events.all.push(happened(seq, "session-nudged", { issue: 12, data: { silentSince: seq } }));
  await page.setViewportSize({ width, height: 800 });
  const shift = await watchShifts(page);
  await open("/#/events");
  await page.getByText("Older ones come as you scroll.").waitFor();
  expect(await shift()).toBeLessThan(0.1);
});

test("who reads further down is not moved: what is new waits above, counted, until asked for", async () => {
  const { page, open } = dashboard;
  for (let seq = 9; seq < 209; seq += 1) events.all.push(happened(seq, "session-nudged", { issue: 12, data: { silentSince: seq } }));
  view = { ...view, seq: 208 };
  await open("/#/events");
  await page.getByText("Older ones come as you scroll.").waitFor();
  await page.evaluate(() => scrollTo(0, 2_000));
  await page.waitForTimeout(300);
  const read = await page.evaluate(() => {
    const row = document.elementFromPoint(180, 300)?.closest("li");
    return { text: row?.textContent ?? "", top: row?.getBoundingClientRect().top ?? 0 };
  });
  expect(read.text).not.toBe("");
  view = { ...view, seq: 508 };
  for (let seq = 209; seq < 509; seq += 1) events.all.push(happened(seq, "session-lost", { at: Date.now() }));
  dashboard.mesh.say({ type: "project-changed", project: todo, seq: 508 });
  const newer = page.getByRole("button", { name: "300 new events" });
  await newer.waitFor();
  const after = await page.evaluate(() => {
    const row = document.elementFromPoint(180, 300)?.closest("li");
    return { text: row?.textContent ?? "", top: row?.getBoundingClientRect().top ?? 0 };
  });
  expect(after).toEqual(read);
  await newer.click();
  await expect.poll(() => newer.count()).toBe(0);
  const first = list().locator('li[aria-posinset="1"]');
  await first.getByText("session lost").waitFor();
  await expect.poll(async () => Math.abs((await first.boundingBox())?.y ?? -999)).toBeLessThan(40);
  await expect
    .poll(async () => {
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      return page.getByText("All 508 shown.").count();
    })
    .toBe(1);
});

test("the tail can be off, which the address says; what has an end has none; a read model that stands still is said", async () => {
  const { page, mesh, open } = dashboard;
  await open("/#/events");
  const tail = page.getByRole("button", { name: "Live tail" });
  await page.getByText("New events come at the top.").waitFor();
  await tail.click();
  await page.getByText("New events are not shown.").waitFor();
  expect(await address()).toBe("#/events?tail=off");
  const asked = mesh.queries.filter((query) => query.startsWith("/events")).length;
  events.all.push(happened(9, "session-lost"));
  mesh.say({ type: "project-changed", project: todo, seq: 9 });
  await page.waitForTimeout(1_500);
  expect(mesh.queries.filter((query) => query.startsWith("/events")).length).toBe(asked);
  await tail.click();
  await list().getByText("session lost").waitFor();
  await open("/#/events?until=2026-11-01T00:00:00Z");
  await page.getByText("What has an end does not go on.").waitFor();
  expect(await tail.isDisabled()).toBe(true);
  mesh.answers["GET /read-model"] = { status: 503, reason: "read-model-unreachable", detail: "away" };
  await page.reload();
  await open("/#/events");
  await page.getByText("The read model stands still: new events come when it goes on.").waitFor();
});

test("failed, and then there; empty", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /events"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await open("/#/events");
  await page.getByText("Events could not be loaded.").waitFor();
  await isAccessible("events-failed");
  mesh.answers["GET /events"] = { items: [], cursor: null };
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No event yet").waitFor();
  await isAccessible("events-empty");
});
