import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { AgentId, ProjectKey, ProjectName } from "../../core/ids.ts";
import type { SessionSnapshot, SessionView } from "../../core/sessions/views.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";
import { inPages } from "./made-up-mesh.ts";

const at = Date.now() - 5 * 60_000;
const id = "R_kgDOtodo=.s12-1";
const path = `/sessions/${encodeURIComponent(id)}`;
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

const session = (more: Partial<SessionView> = {}): SessionView => ({
  id,
  project: "R_kgDOtodo=" as ProjectKey,
  name: "acme/todo-app" as ProjectName,
  issue: 12,
  run: 1,
  agent: "my-laptop" as AgentId,
  driver: "claude",
  conversationId: "0199-abcd",
  state: "working",
  step: "implement",
  startedAt: at,
  lastSeenAt: at,
  endedAt: null,
  inputTokens: 120_400,
  outputTokens: 8_210,
  usd: 0.84,
  outputBytes: 14_000,
  cols: 100,
  rows: 30,
  ...more,
});
const ended = session({ state: "ended", step: null, endedAt: at + 600_000 });
const snapshot = (seq: number, kind: SessionSnapshot["kind"], screen: string) => ({ seq, at, kind, screen, cols: 100, rows: 30 });
const list = (items: readonly unknown[], cursor: string | null = null) => ({ items, cursor });
/** What the terminal shows, line by line without what is empty. */
const lines = async () =>
  (await dashboard.page.locator(".xterm-rows > div").allTextContents()).map((line) => line.trimEnd()).filter((line) => line !== "");
const chunksAsked = async (name: string) =>
  dashboard.page.evaluate(
    (part) => performance.getEntriesByType("resource").filter((entry) => entry.name.includes(`/assets/${part}-`)).length,
    name,
  );

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /sessions": list([]),
    [`GET ${path}`]: session(),
    [`GET ${path}/snapshots`]: list([]),
    [`GET ${path}/checkpoints`]: list([]),
    "GET /read-model/runs/acme/todo-app/12/1": { questions: [] },
  });
  dashboard.mesh.feed.begin = (from) => [{ type: "hello", from, end: from, cols: 100, rows: 30 }];
});
afterEach(() => dashboard.close());

test("sessions under way and ended, by an address of their own; older ones come by themselves, and a terminal's code is not loaded for them", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /sessions"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await open("/#/sessions");
  await page.getByText("The database does not answer.").waitFor();
  mesh.answers["GET /sessions"] = list([]);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No session has begun yet.").waitFor();
  mesh.answers["GET /sessions"] = inPages(
    [session(), session({ id: "R_kgDOtodo=.s9-2", issue: 9, run: 2, state: "parked" })],
    [session({ id: "R_kgDOtodo=.s3-1", issue: 3, state: "ended" })],
  );
  await page.getByLabel("State").selectOption("under way");
  await page.getByRole("link", { name: "acme/todo-app#9 run 2" }).waitFor();
  await page.getByRole("link", { name: "acme/todo-app#3" }).waitFor();
  expect(mesh.queries.slice(-2)).toEqual(["/sessions?open=1&limit=50", "/sessions?open=1&limit=50&cursor=1"]);
  expect(page.url()).toContain("#/sessions?open=1");
  await isAccessible("sessions");
  expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
  mesh.answers["GET /sessions"] = list([]);
  await open("/#/sessions?open=0&project=acme%2Ftodo-app");
  await page.getByText("No session is like that.").waitFor();
  expect(await page.getByLabel("State").inputValue()).toBe("0");
  expect(await page.getByLabel("Project").inputValue()).toBe("acme/todo-app");
  expect(mesh.queries.at(-1)).toBe("/sessions?open=0&project=acme%2Ftodo-app&limit=50");
  await page.getByRole("link", { name: "Show all" }).click();
  await page.getByText("No session has begun yet.").waitFor();
  expect([await chunksAsked("terminal"), await chunksAsked("player")]).toEqual([0, 0]);
});

test("the terminal live, on from its byte after a break, with colours, and a gap is told", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open(`/#${path}`);
  await expect.poll(() => mesh.feed.asked.length).toBe(1);
  mesh.feed.say({ type: "output", offset: 0, data: "first \u001b[31mréd\u001b[0m \u001b[38;2;10;200;90mtrue\u001b[0m\r\n" });
  await expect.poll(lines).toContain("first réd true");
  const colours = await page
    .locator(".xterm-rows span")
    .evaluateAll((spans) => spans.filter((span) => /réd|true/.test(span.textContent)).map((span) => getComputedStyle(span).color));
  expect(new Set(colours).size).toBe(2);
  const known = Buffer.byteLength("first \u001b[31mréd\u001b[0m \u001b[38;2;10;200;90mtrue\u001b[0m\r\n");
  mesh.feed.begin = (from) => [
    { type: "hello", from, end: known + 8, cols: 100, rows: 30 },
    { type: "output", offset: known - 2, data: "\r\nsecond\r\n" },
  ];
  mesh.feed.cut();
  await expect.poll(lines).toEqual(["first réd true", "second"]);
  expect(mesh.feed.asked).toEqual([`${path}/live?from=0`, `${path}/live?from=${known}`]);
  mesh.feed.say({ type: "output", offset: known + 8 + 2_048, data: "third" });
  await page.getByText("2 KiB written earlier are not shown here: they are in the replay.").waitFor();
  await expect.poll(lines).toContain("third");
  mesh.feed.say({ type: "output", offset: known + 8 + 2_048 + 5, data: `\r\n${"x".repeat(300_000)}` });
  await expect.poll(() => mesh.feed.heard).toHaveLength(1);
  expect(JSON.parse(mesh.feed.heard[0] ?? "")).toEqual({ type: "seen", offset: known + 8 + 2_048 + 5 + 300_002 });
  await isAccessible("session-live");
  // The terminal takes no key that would hold people in it.
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.className)).not.toContain("xterm");
  mesh.feed.say({ type: "ended" });
  await page.getByText("The session has ended.").waitFor();
  expect(await chunksAsked("player")).toBe(0);
});

test("an ended session is replayed, with seek and speed, and its files are to be had", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET ${path}`] = ended;
  mesh.answers[`GET ${path}/recording.cast`] = 503;
  await open(`/#${path}`);
  await page.getByText("the mesh answered 503").waitFor();
  const header = { version: 3, term: { cols: 100, rows: 30 }, timestamp: Math.floor(at / 1_000), title: "acme/todo-app#12.1" };
  const events = Array.from({ length: 60 }, (_, second) => [1, "o", `line ${second}\r\n`]);
  mesh.answers[`GET ${path}/recording.cast`] = [header, ...events].map((line) => JSON.stringify(line)).join("\n");
  await page.getByRole("button", { name: "Try again" }).click();
  const elapsed = () => page.locator(".ap-time-elapsed").textContent();
  await expect.poll(elapsed).toBe("00:00");
  await isAccessible("session-replay");
  await page.locator(".ap-wrapper").focus();
  await page.keyboard.press("5");
  await expect.poll(elapsed).toBe("00:30");
  await page.getByLabel("Speed").selectOption("16×");
  await expect.poll(elapsed).toBe("00:30");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(elapsed, { timeout: 6_000 }).toBe("01:00");
  for (const [name, file] of [
    ["Transcript", "transcript"],
    ["Recording", "recording.cast"],
    ["Recording for players before 2025", "recording.cast?version=2"],
  ]) {
    expect(await page.getByRole("link", { name, exact: true }).getAttribute("href")).toBe(`/api${path}/${file}`);
  }
  expect(await chunksAsked("terminal")).toBe(0);
});

test("its screens, checkpoints, questions and cost; what is not known", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET ${path}`] = ended;
  mesh.answers[`GET ${path}/recording.cast`] = JSON.stringify({ version: 3, term: { cols: 100, rows: 30 } });
  mesh.answers[`GET ${path}/snapshots`] = list([
    snapshot(1, "start", "The task is \u001b[1mto add\u001b[0m a_button"),
    snapshot(2, "end", "\u001b[32m✓\u001b[0m pushed\nand done"),
  ]);
  mesh.answers[`GET ${path}/checkpoints`] = list([
    {
      seq: 40,
      at,
      task: "t",
      agent: "my-laptop",
      because: "push",
      gitStatus: " M src/app.ts",
      diffStat: " src/app.ts | 4 +++-\n 1 file changed, 3 insertions(+), 1 deletion(-)",
      tail: "12 passed",
    },
  ]);
  const items = [{ text: "Which colour?", options: [{ label: "Green" }], multiple: false }];
  const answer = { answers: ["Green"], by: "operator", via: "dashboard", at };
  const question = { id: "R_kgDOtodo=.q12-1-1", purpose: "session", items, status: "answered", askedAt: at, guess: null, late: [] };
  mesh.answers["GET /read-model/runs/acme/todo-app/12/1"] = {
    issue: 12,
    questions: [{ ...question, answer, appliedAt: at, parked: false }],
  };
  await open(`/#${path}`);
  await page.getByText("Nothing was recorded yet.").waitFor();
  await page.getByText("$0.84").waitFor();
  await page.getByText("120,400 in, 8,210 out").waitFor();
  await page.getByText("Which colour?").waitFor();
  await page.getByText("1 file changed, 3 insertions(+), 1 deletion(-)").first().click();
  await page.getByText("12 passed").waitFor();
  await page.getByRole("button", { name: /^end/ }).click();
  await expect.poll(lines).toEqual(["✓ pushed", "and done"]);
  await page.getByRole("button", { name: /^start/ }).click();
  await expect.poll(lines).toEqual(["The task is to add a_button"]);
  await isAccessible("session-ended");
  await open("/#/sessions/nothing");
  await page.getByText("This session is not known.").waitFor();
});
