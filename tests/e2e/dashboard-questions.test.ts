import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import type { AxeResults } from "axe-core";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { QuestionId } from "../../core/ids.ts";
import type { ProjectView, QuestionView, RunView } from "../../core/project/views.ts";
import { questionOf, runOf, start, todo, todoName } from "../../drizzle/journal.fixture.ts";
import { startMadeUpMesh, type Asked, type MadeUpMesh } from "./made-up-mesh.ts";

const root = fileURLToPath(new URL("../../pages", import.meta.url));
const shots = process.env["DASHBOARD_SHOTS"];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const word = "Ű".repeat(10_000);
let browser: Browser;
let mesh: MadeUpMesh;
let page: Page;
let complaints: string[];
let seq: number;

const id = (n: number) => `${todo}.q1-1-${n}` as QuestionId;
const fourMinutesAgo = Date.now() - 4.5 * 60_000;
const colour = questionOf({
  id: id(1),
  askedAt: fourMinutesAgo,
  items: [
    {
      text: "Which colour shall the button have?",
      options: [{ label: "Blue", description: "As the links." }, { label: "Green" }],
      multiple: false,
    },
  ],
  guess: { answers: ["Green"], confidence: 0.62 },
});
const platforms = questionOf({
  id: id(2),
  askedAt: fourMinutesAgo + 1_000,
  items: [
    { text: "Which platforms?", header: "Scope", options: [{ label: "Web" }, { label: "Phone" }, { label: "Watch" }], multiple: true },
    { text: "And what is it called?", options: [], multiple: false },
  ],
  parked: true,
});
const more = questionOf({
  id: id(3),
  purpose: "budget",
  askedAt: fourMinutesAgo + 2_000,
  items: [{ text: "Spent $5.00. Go on?", options: [{ label: "Continue" }, { label: "Stop" }], multiple: false }],
});
const withArchitect = questionOf({ id: id(4), status: "with-architect", askedAt: fourMinutesAgo + 3_000 });
const answered = (question: QuestionView, more: Partial<NonNullable<QuestionView["answer"]>> = {}): QuestionView => ({
  ...question,
  status: "answered",
  answer: { answers: ["Green"], by: "operator", via: "dashboard", at: start + 60_000, ...more },
});
const past = (n: number, question: QuestionView) => ({
  ...question,
  id: id(n),
  run: `${todoName}#1.1`,
  project: todoName,
  issue: 1,
  title: "Fix the list",
  url: "https://github.com/acme/todo-app/issues/1",
});

function project(run: Partial<RunView>): ProjectView {
  const none = { repositoryUrl: null, board: null, tasks: { pending: 0, dispatched: 0, running: 0 }, outbox: 0, filtered: [] };
  return { key: todo, name: todoName, runs: [runOf(run)], seq, ...none };
}
/** What the mesh answers from now on. */
function show(...questions: QuestionView[]): void {
  const view = project({ questions });
  mesh.answers["GET /projects"] = { items: [{ key: view.key, name: view.name }], cursor: null };
  mesh.answers[`GET /projects/${view.name}`] = { view };
}
/** The same, said by the socket. */
function say(...questions: QuestionView[]): void {
  seq += 1;
  show(...questions);
  mesh.say({ type: "run-changed", seq, run: runOf({ questions }) });
}
function settled(items: readonly unknown[], cursor: string | null = null): void {
  mesh.answers["GET /questions/history"] = { items, cursor };
}
const card = (text: string) => page.locator("article.question").filter({ hasText: text });
const posted = () => mesh.asked.filter((line) => line.startsWith("POST"));

async function open(address = "/#/questions"): Promise<void> {
  await page.goto(`${mesh.url}${address}`);
  await page.getByText("live", { exact: true }).waitFor();
}

/** No violation of axe-core's rules (WCAG and best practices), in both themes. */
async function isAccessible(name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(axe);
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    expect(violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    if (!shots) continue;
    for (const [width, height] of [
      [360, 640],
      [1280, 800],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    await page.setViewportSize({ width: 360, height: 640 });
  }
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
  seq = 10;
  mesh = await startMadeUpMesh(`${root}/dist`, {
    "GET /read-model": { asOf: start, projects: [{ project: todo, seq: 10, updatedAt: start }], refusals: { count: 0 } },
  });
  settled([]);
  show(colour, platforms, more, withArchitect);
  complaints = [];
  page = await browser.newPage({ viewport: { width: 360, height: 640 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|violates/i.test(message.text())) complaints.push(message.text());
  });
});
afterEach(async () => {
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(complaints).toEqual([]);
  await page.close();
  await mesh.close();
});

test("open questions, the longest waiting first, with what waits, choices and the guess", async () => {
  await open();
  const cards = page.locator("article.question");
  await expect.poll(() => cards.count()).toBe(4);
  for (const [place, text] of ["Which colour", "Which platforms", "Spent $5.00", "Blue or green?"].entries()) {
    await cards.nth(place).getByText(text).first().waitFor();
  }
  const first = cards.first();
  for (const text of [
    "planning",
    "Fix the list",
    "4 min",
    "the session holds its slot on runner.one",
    "As the links.",
    "“Green”",
    "62 % sure",
  ]) {
    await first.getByText(text).first().waitFor();
  }
  expect(await first.getByText("4 min").getAttribute("title")).toContain(String(new Date(fourMinutesAgo).getFullYear()));
  expect(await first.getByRole("link").getAttribute("href")).toBe("#/runs/acme/todo-app/1/1");
  await cards.nth(1).getByText("the session is parked, its slot is free").waitFor();
  await cards.nth(3).getByText("waits for the architect").waitFor();
  expect(await cards.nth(2).getByRole("textbox").count()).toBe(0);
  expect(await page.title()).toBe("(3) Questions · mesh-six");
  await isAccessible("open");
});

test("answered in place by the keyboard: accepted, then the agent has gone on", async () => {
  await open();
  await card("Which colour").getByRole("radio", { name: "Blue" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Teal,\nplease");
  mesh.answers[`POST /questions/${colour.id}/answer`] = { status: "accepted" };
  seq += 1;
  const said = answered(colour, { answers: ["Teal,\nplease"], overruled: true });
  show(said, platforms, more, withArchitect);
  await page.keyboard.press("Control+Enter");
  const mine = card("Which colour");
  await mine.getByText("Accepted. The agent has yet to go on.").waitFor();
  expect(posted()).toEqual([`POST /questions/${colour.id}/answer {"answers":["Teal,\\nplease"]}`]);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Which colour");
  await mine.getByText("otherwise than the architect's guess “Green”").waitFor();
  say({ ...said, appliedAt: Date.now() }, platforms, more, withArchitect);
  await mine.getByText("The agent has gone on · just now").waitFor();
  await isAccessible("receipt");
});

test("several choices and a free text; the guess put down; nothing is sent while an item has no answer", async () => {
  await open();
  const asked = card("Which platforms");
  await asked.getByRole("button", { name: "Answer" }).click();
  await asked.getByText("Each of the questions needs an answer.").waitFor();
  await asked.getByRole("checkbox", { name: "Watch" }).check();
  await asked.getByRole("checkbox", { name: "Web" }).check();
  await asked.getByRole("textbox").last().fill("Listig");
  mesh.answers[`POST /questions/${platforms.id}/answer`] = { status: "accepted" };
  await asked.getByRole("button", { name: "Answer" }).click();
  await asked.getByText("Accepted.").waitFor();
  await card("Which colour").getByRole("button", { name: "Take this guess" }).click();
  expect(await card("Which colour").getByRole("radio", { name: "Green" }).isChecked()).toBe(true);
  expect(posted()).toEqual([`POST /questions/${platforms.id}/answer {"answers":["Web, Watch","Listig"]}`]);
});

test("refused: answered already, by whom and with what", async () => {
  await open();
  const late = { answers: ["Blue"], by: "operator", via: "dashboard", at: Date.now() } as const;
  mesh.answers[`POST /questions/${colour.id}/answer`] = { status: "already-answered", answered: "Green" };
  seq += 1;
  show({ ...answered(colour, { by: "Ada", via: "notification" }), late: [late] }, platforms);
  await card("Which colour").getByRole("radio", { name: "Blue" }).check();
  await card("Which colour").getByRole("button", { name: "Answer" }).click();
  const mine = card("Which colour");
  await mine.getByRole("alert").getByText("answered already with “Green”").waitFor();
  await mine.getByText("Answered by Ada in the notification").waitFor();
  await mine.getByText("Too late, by operator on the dashboard, just now: Blue").waitFor();
});

test("refused: withdrawn, none of the choices, the mesh away; what was put down stays and the same answer keeps its key", async () => {
  await open();
  const asked = card("Spent $5.00");
  const path = `POST /questions/${more.id}/answer`;
  const answer = asked.getByRole("button", { name: "Answer" });
  await asked.getByRole("radio", { name: "Stop" }).check();
  const keys: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") keys.push(request.headers()["idempotency-key"]);
  });
  mesh.answers[path] = { status: 409, reason: "not-a-choice", detail: "x" };
  await answer.click();
  await asked.getByText("That is none of the choices").waitFor();
  mesh.answers[path] = { status: 503, reason: "overloaded", detail: "The mesh is busy." };
  await answer.click();
  await asked.getByText("The mesh is busy.").waitFor();
  expect(await asked.getByRole("radio", { name: "Stop" }).isChecked()).toBe(true);
  mesh.answers[path] = { status: 410, reason: "withdrawn", detail: "x" };
  seq += 1;
  show({ ...more, status: "withdrawn" });
  await answer.click();
  await asked.getByText("It was withdrawn").waitFor();
  await asked.getByText("Withdrawn: the run went on or ended without an answer.").waitFor();
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[a-z0-9-]{12,}$/);
});

test("what is being written survives a change of page, and another's answer meanwhile", async () => {
  await open();
  await card("Which colour").getByRole("textbox").fill("Teal");
  await page.getByRole("link", { name: "Projects" }).click();
  await page.getByRole("heading", { name: todoName, exact: true }).waitFor();
  expect(await card("Which colour").getByRole("textbox").inputValue()).toBe("Teal");
  await page.getByRole("link", { name: /Questions/ }).click();
  expect(await card("Which colour").getByRole("textbox").inputValue()).toBe("Teal");
  say(answered(colour, { by: "Ada", via: "comment" }), answered(platforms));
  await page.getByText("Answered by Ada in a comment").waitFor();
  await page.locator(".past-question-row").getByText("Which platforms?").waitFor();
});

test("history: who, how sure, overruled, late, silence, withdrawn; older ones come by themselves", async () => {
  show();
  const item = (text: string) => [{ text, options: [], multiple: false }];
  settled(
    [
      past(9, {
        ...answered(colour, { by: "architect", via: "architect", confidence: 0.91, answers: ["Blue"] }),
        appliedAt: start + 90_000,
        items: item("One?"),
      }),
      past(8, { ...answered(colour, { by: "best guess", via: "silence", confidence: 0.4 }), items: item("Two?") }),
      past(7, {
        ...answered(colour, { by: "Ada", via: "reply-page", overruled: true }),
        late: [{ answers: ["Red"], by: "Bob", via: "api", at: start }],
        items: item("Three?"),
      }),
    ],
    "1~x",
  );
  const newest = mesh.answers["GET /questions/history"];
  const older = { items: [past(6, { ...colour, status: "withdrawn", items: item("Four?") })], cursor: null };
  mesh.answers["GET /questions/history"] = ({ query }: Asked) => (query.get("cursor") === "1~x" ? older : newest);
  await open();
  await page.getByText("Nobody waits for an answer.").waitFor();
  const entry = (text: string) => page.locator(".past-question-row").filter({ hasText: text });
  await entry("One?").getByText("Answered by the architect · 91 % sure").waitFor();
  await entry("One?").getByText("The agent went on").waitFor();
  await entry("Two?").getByText("Best guess after silence — nobody answered").waitFor();
  await entry("Two?").getByText("The agent has not gone on with it.").waitFor();
  await entry("Three?").getByText("Answered by Ada on the reply page").waitFor();
  await entry("Three?").getByText("Too late, by Bob by the API").waitFor();
  await isAccessible("history");
  await entry("Four?").getByText("Withdrawn").waitFor();
  expect(await page.locator(".past-question-row").count()).toBe(4);
  expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
});

test("the link of a notification: one question, open, past, or not known", async () => {
  await open(`/questions/${platforms.id}`);
  await card("Which platforms").getByRole("button", { name: "Answer" }).waitFor();
  expect(await page.locator("article.question").count()).toBe(1);
  settled([past(9, answered(colour, { by: "Ada", via: "notification" }))]);
  await open(`/questions/${id(9)}`);
  await page.getByText("Answered by Ada in the notification").waitFor();
  settled([]);
  await open(`/questions/${id(99)}`);
  await page.getByText("This question is not known").waitFor();
  await page.getByRole("link", { name: "All questions" }).click();
  await card("Which colour").waitFor();
  expect(new URL(page.url()).pathname).toBe("/");
});

test("loading, failed, old, and a history that is away", async () => {
  mesh.answers["GET /projects"] = { status: 500, reason: "internal", detail: "Something broke." };
  mesh.answers["GET /questions/history"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await open();
  await page.getByText("Something broke.").waitFor();
  show(answered(colour), platforms);
  await page.getByRole("button", { name: "Try again" }).first().click();
  await card("Which platforms").waitFor();
  await page.getByText("The database does not answer.").waitFor();
  await page.getByText("Only the latest are shown.").waitFor();
  await page.locator(".past-question-row").getByText("Which colour").waitFor();
  settled([past(9, { ...answered(colour), askedAt: fourMinutesAgo - 1 })]);
  // It is asked for again by itself.
  await page.getByText("Only the latest are shown.").waitFor({ state: "detached" });
  expect(await page.locator(".past-question-row").count()).toBe(2);
  mesh.cutSockets(true);
  await page.getByText(/^Not connected since .*: what is shown may be old/).waitFor();
  mesh.cutSockets(false);
  await page.getByText("live", { exact: true }).waitFor();
});

test("words from outside stay text, in their own direction, and inside the page", async () => {
  const hostile = '<img src=x onerror="document.title=1"> [x](javascript:alert(1))';
  const item = { text: word, options: [{ label: "ש".repeat(400), description: hostile }, { label: word.slice(0, 500) }], multiple: false };
  const arabic = { text: `هل نستخدم اللون الأزرق؟ ${hostile}`, options: [{ label: "نعم" }, { label: "لا" }], multiple: false };
  const wild = questionOf({ id: id(1), items: [item, arabic], guess: { answers: [word, "نعم"], confidence: 0.5 } });
  show(wild);
  settled([past(9, { ...answered(wild, { answers: [word, hostile], by: word, overruled: true }), title: word } as QuestionView)]);
  await open();
  const asked = page.locator("article.question");
  await asked.waitFor();
  await isAccessible("wild");
  await asked
    .getByRole("button", { name: /All .* characters/ })
    .first()
    .click();
  await asked.getByText(word.slice(0, 9_000)).first().waitFor();
  await asked.getByText(hostile).first().waitFor();
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.title()).toBe("(1) Questions · mesh-six");
  const direction = await asked.getByText("هل نستخدم").evaluate((element) => getComputedStyle(element).direction);
  expect(direction).toBe("rtl");
});
