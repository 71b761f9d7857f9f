import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ProjectView, RunRow, RunView } from "../../core/project/views.ts";
import { questionOf, runOf, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { buildDashboard, watchShifts, type Dashboard } from "./dashboard-page.ts";
import type { Asked } from "./made-up-mesh.ts";

const now = Date.now();
const minuteMs = 60_000;
const many = 10_000;
const bothThemes = "in both themes at both sizes";
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

const run = (issue: number, phase: string, more: Partial<RunView> = {}) =>
  runOf({
    issue,
    phase,
    title: `Issue number ${issue}`,
    phaseSince: now - issue * minuteMs,
    usd: issue / 10,
    explain: `It is in ${phase}.`,
    ...more,
  });
const view: ProjectView = {
  ...{ key: todo, name: todoName, repositoryUrl: `https://github.com/${todoName}`, tasks: { pending: 0, dispatched: 0, running: 1 } },
  ...{ board: { url: "https://github.com/orgs/acme/projects/1", observedBy: "webhook" }, outbox: 0, seq: 10 },
  filtered: [{ issue: 40, title: "A question", reason: "it has the label question", at: now - 5 * minuteMs }],
  runs: [
    run(3, "IMPLEMENTATION"),
    run(4, "IMPLEMENTATION", { questions: [questionOf()] }),
    run(5, "REVIEW"),
    run(6, "QA"),
    run(7, "PLANNING"),
    run(8, "FAILED", { endedAt: now - 3 * minuteMs, startedAt: now - 2 * many * minuteMs, session: null }),
  ],
};

/** The newest first, as the read model lists them; titles of different lengths, so that rows differ in height. */
const rows: readonly RunRow[] = Array.from({ length: many }, (_, place) => {
  const issue = many - place + 100;
  const { project, name, id, run: number } = runOf({ issue });
  return {
    ...{ project, name, id, issue, run: number, usd: 1, title: `Done ${issue}${" and some more words about it".repeat(issue % 5)}` },
    ...{
      phase: issue % 3 === 0 ? "FAILED" : "ACCEPTED",
      startedAt: now - place * minuteMs,
      endedAt: now - place * minuteMs,
      endedBecause: null,
    },
  };
});

function listed({ query }: Asked): object {
  const title = query.get("title")?.toLowerCase() ?? "";
  const phase = query.get("phase");
  const fitting = rows.filter((row) => row.title.toLowerCase().includes(title) && (!phase || row.phase === phase));
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 50);
  return { items: fitting.slice(from, from + limit), cursor: from + limit < fitting.length ? String(from + limit) : null };
}

beforeAll(async () => (built = await buildDashboard()));
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /projects": { items: [{ key: todo, name: todoName }], cursor: null },
    [`GET /projects/${todoName}`]: { view },
    "GET /runs": listed,
    [`GET /projects/${todoName}/board`]: {
      ...{ board: view.board, polledAt: now - 2 * minuteMs, cards: 12, redacted: 0 },
      points: { hourFrom: now - 20 * minuteMs, used: 14, limit: 5_000 },
    },
    [`GET /projects/${todoName}/webhooks`]: {
      items: [
        { kind: "repository", number: 1, lastDelivery: { at: now - 4 * minuteMs, event: "issues", statusCode: 202 }, failed: 0 },
        { kind: "organization", number: null, lastDelivery: null, failed: 0 },
      ],
      cursor: null,
    },
  });
});
afterEach(() => dashboard.close());

test("a board by phase with live cards, and in words how GitHub is heard", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const shifted = await watchShifts(page);
  await open(`/#/projects/${todoName}`);
  await page.getByText("the last delivery was “issues” and arrived").waitFor();
  await page.getByText("Moved cards are seen with the next poll only").waitFor();
  await page.getByText("14 of 5,000 GraphQL points").waitFor();
  await page.getByText(/Rotate the webhooks under Settings/).waitFor();
  await page.getByText("Done 10100").waitFor();
  expect(await shifted()).toBeLessThan(0.1);
  await isAccessible("project", bothThemes);

  // A phone shows one phase at a time.
  const column = (name: RegExp) => page.getByRole("region", { name });
  await page.getByRole("button", { name: "implementation 2" }).click();
  expect(
    await column(/^implementation/)
      .getByRole("listitem")
      .allInnerTexts(),
  ).toEqual([expect.stringMatching(/#4[^]*asks/), expect.stringContaining("#3")]);
  expect(await column(/^qa/).count()).toBe(0);
  await page.getByRole("button", { name: "todo 0" }).click();
  await page.getByText("it has the label question").waitFor();

  await page.setViewportSize({ width: 1280, height: 800 });
  for (const [phase, title] of [
    ["planning", "Issue number 7"],
    ["qa", "Issue number 6"],
    ["review", "Issue number 5"],
    ["ended", "Issue number 8"],
  ] as const) {
    await column(new RegExp(`^${phase}`))
      .getByText(title)
      .waitFor();
  }
  mesh.say({ type: "run-changed", seq: 11, run: run(6, "REVIEW", { explain: "Waits for GitHub's checks." }) });
  await column(/^review/)
    .getByText("Waits for GitHub's checks.")
    .waitFor({ timeout: 1_000 });
  expect(await column(/^qa/).getByRole("listitem").count()).toBe(0);
  // What ends is in the list at once, without the read model.
  mesh.say({ type: "run-changed", seq: 12, run: run(5, "ACCEPTED", { endedAt: now, startedAt: now + minuteMs }) });
  await page.getByRole("list", { name: "Runs that ended" }).getByRole("link", { name: "#5 Issue number 5" }).waitFor({ timeout: 1_000 });
  await column(/^review/)
    .getByRole("link", { name: "#6 Issue number 6" })
    .click();
  await page.getByRole("heading", { name: "#6 Issue number 6" }).waitFor();
  expect(page.url()).toContain(`#/runs/${todoName}/6/1`);
});

test("what is wrong with the webhooks is said with what to do; without them and without runs the page says so", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET /projects/${todoName}/webhooks`] = {
    items: [{ kind: "repository", number: 1, lastDelivery: { at: now - 4 * minuteMs, event: "push", statusCode: 502 }, failed: 3 }],
    cursor: null,
  };
  mesh.answers[`GET /projects/${todoName}/board`] = { status: 502, reason: "github", detail: "GitHub does not answer." };
  mesh.answers["GET /runs"] = { items: [], cursor: null };
  mesh.answers[`GET /projects/${todoName}`] = { view: { ...view, runs: [], filtered: [] } };
  await open(`/#/projects/${todoName}`);
  await page.getByText("which was answered 502").waitFor();
  await page.getByText(/public address answers from outside/).waitFor();
  await page.getByText("How the board is read could not be loaded.").waitFor();
  await page.getByText("No run has ended yet.").waitFor();
  await isAccessible("project-empty", bothThemes);
  await open("/#/projects/acme/other");
  await page.getByText("This project is not known.").waitFor();
});

test("ten thousand runs: the first rows are there within 300 ms of the answer, and by outcome and title", async () => {
  const { page, open, isAccessible } = dashboard;
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".windowed > li")) return;
      observer.disconnect();
      requestAnimationFrame(() => performance.mark("first rows"));
    }).observe(document, { childList: true, subtree: true });
  });
  await open(`/#/projects/${todoName}`);
  await page.getByText("Done 10100").waitFor();
  const took = await page.evaluate(() => {
    const answered = performance.getEntriesByType("resource").find(({ name }) => name.includes("/api/runs?")) as PerformanceResourceTiming;
    return (performance.getEntriesByName("first rows")[0]?.startTime ?? Infinity) - answered.responseEnd;
  });
  expect(took).toBeLessThan(300);
  await page.getByLabel("Title has").fill("done 777");
  await page.getByRole("link", { name: "#777 Done 777" }).waitFor();
  await page.getByLabel("Outcome").selectOption("failed");
  const list = page.getByRole("list", { name: "Runs that ended" });
  await expect.poll(() => list.getByRole("listitem").allInnerTexts()).toHaveLength(5);
  expect(page.url()).toContain("phase=FAILED&title=done+777");
  await isAccessible("project-filtered", bothThemes);
  await page.getByRole("link", { name: "#777 Done 777" }).click();
  await page.getByRole("heading", { name: "There is no run 1 of issue #777" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "#777 Done 777" }).waitFor();
  expect(await page.getByLabel("Title has").inputValue()).toBe("done 777");
});

test("scrolled through, ten thousand runs come each once and in order, with nothing blank where one rests", async () => {
  const { page, open } = dashboard;
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(`/#/projects/${todoName}`);
  await page.getByText("Done 10100").waitFor();
  const seen = new Map<number, number>();
  const step = () =>
    page.evaluate(async () => {
      scrollBy(0, 1_400);
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      await frame();
      const list = document.querySelector(".windowed");
      const box = list?.getBoundingClientRect();
      let blanks = 0;
      for (let y = Math.max(0, box?.top ?? 0) + 2; y < Math.min(innerHeight, box?.bottom ?? 0) - 2; y += 30) {
        if (!document.elementFromPoint((box?.left ?? 0) + 40, y)?.closest(".windowed > li")) blanks += 1;
      }
      const shown = [...document.querySelectorAll(".windowed > li")].map((row) => [
        Number(row.getAttribute("aria-posinset")),
        Number(/#(\d+)/.exec(row.textContent ?? "")?.[1]),
      ]);
      const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      return {
        blanks,
        shown,
        atEnd,
        size: Number(document.querySelector(".windowed > li")?.getAttribute("aria-setsize")),
        rows: shown.length,
      };
    });
  let most = 0;
  for (let steps = 0, rests = 0; rests < 20 && steps < 3_000; steps += 1) {
    const { blanks, shown, atEnd, size, rows: drawn } = await step();
    expect(blanks).toBe(0);
    most = Math.max(most, drawn);
    for (const [position = 0, issue = 0] of shown) seen.set(position, issue);
    if (!atEnd) continue;
    if (size === many + 1) rests += 20;
    else await page.waitForTimeout(50);
  }
  expect(most).toBeLessThan(100);
  // The one that failed lately is live only, and began before all these: it has its place at the end.
  const expected = [...rows.map(({ issue }) => issue), 8];
  expect([...seen.entries()].toSorted(([one], [other]) => one - other).map(([, issue]) => issue)).toEqual(expected);
}, 300_000);

test("the row with the focus stays however far one scrolls, and Tab and j go on from it", async () => {
  const { page, mesh, open } = dashboard;
  await open(`/#/projects/${todoName}`);
  const row = page.getByRole("link", { name: "#10095 Done 10095" });
  await row.focus();
  await page.evaluate(() => scrollBy(0, 8_000));
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("#10095");
  // Something that ends meanwhile comes in far above, and what one looks at stays where it is.
  const lookedAt = () => page.getByRole("link", { name: "#10000 " }).evaluate((link) => Math.round(link.getBoundingClientRect().top));
  await page.getByRole("link", { name: "#10000 " }).evaluate((link) => link.scrollIntoView({ block: "center" }));
  await page.waitForTimeout(300);
  const before = await lookedAt();
  const ends = [3, 4, 5, 6, 7].map((issue, place) => run(issue, "ACCEPTED", { endedAt: now, startedAt: now + (place + 1) * minuteMs }));
  mesh.say(...ends.map((ended, place) => ({ type: "run-changed", seq: 11 + place, run: ended }) as const));
  await expect.poll(() => page.getByRole("listitem").filter({ hasText: "#10000 " }).getAttribute("aria-posinset")).toBe("106");
  await page.waitForTimeout(100);
  expect(Math.abs((await lookedAt()) - before)).toBeLessThanOrEqual(2);
  await page.keyboard.press("j");
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("#10094");
  const item = page.getByRole("listitem").filter({ hasText: "#10094" });
  expect(await item.getAttribute("aria-posinset")).toBe("12");
  expect(await item.getAttribute("aria-setsize")).toBe("-1");
});
