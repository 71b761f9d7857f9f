import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { castHeader, castLines, type OutputPiece } from "../../core/sessions/recording.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import { createTerminal, screenOf } from "../../runner/output/session-screen.ts";
import { tenMinuteSession } from "../../runner/output/test-line.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";
import { cellsOfPlayer, cellsOfSnapshot } from "./player-screen.ts";

const startedAt = Date.now() - 20 * 60_000;
const tenMinutes = 600_000;
const id = "R_kgDOtodo=.s12-1";
const path = `/sessions/${encodeURIComponent(id)}`;
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    [`GET ${path}`]: {
      id,
      project: "R_kgDOtodo=",
      name: "acme/todo-app",
      issue: 12,
      run: 1,
      agent: "my-laptop",
      driver: "claude",
      conversationId: "0199-abcd",
      state: "ended",
      step: null,
      startedAt,
      lastSeenAt: startedAt + tenMinutes,
      endedAt: startedAt + tenMinutes,
      inputTokens: 120_400,
      outputTokens: 8_210,
      usd: 0.84,
      outputBytes: 14_000,
      ...terminalSize,
    },
    [`GET ${path}/snapshots`]: { items: [], cursor: null },
    [`GET ${path}/checkpoints`]: { items: [], cursor: null },
    "GET /read-model/runs/acme/todo-app/12/1": { questions: [] },
  });
});
afterEach(() => dashboard.close());

/** Plays a recording to its end and compares every character, where and how it stands, with a snapshot. */
async function endsWith(pieces: readonly OutputPiece[], snapshot: string): Promise<void> {
  const { page, mesh, open } = dashboard;
  mesh.answers[`GET ${path}/recording.cast`] =
    castHeader(3, { ...terminalSize, startedAt, title: "acme/todo-app#12.1" }) + castLines(pieces, startedAt);
  await open(`/#${path}`);
  const elapsed = () => page.locator(".ap-time-elapsed").textContent();
  await expect.poll(elapsed, { timeout: 5_000 }).toBe("00:00");
  await page.locator(".ap-wrapper").focus();
  await page.keyboard.press("9");
  await expect.poll(elapsed, { timeout: 5_000 }).toBe("09:00");
  // Five seconds each.
  for (let pressed = 0; pressed < 13; pressed += 1) await page.keyboard.press("ArrowRight");
  await expect.poll(elapsed, { timeout: 5_000 }).toBe("10:00");
  const expected = await cellsOfSnapshot(snapshot);
  expect(expected.length).toBeGreaterThan(250);
  // It draws a moment after it has told the time.
  await expect.poll(() => cellsOfPlayer(page), { timeout: 10_000 }).toEqual(expected);
}

test("ten minutes that a runner wrote end in the player with the screen of the last snapshot", async () => {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  const { mesh, ends } = await tenMinuteSession(folder);
  rmSync(folder, { recursive: true });
  const pieces = mesh.pieces.map(({ at, data }) => ({ at: at - 1_000 + startedAt, data }));
  await endsWith(pieces, ends.at(-1)?.screen ?? "");
});

test("whoever comes late is told how much came before, and plays it", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  Object.assign(mesh.answers[`GET ${path}`] as object, { state: "working", step: "implement", endedAt: null });
  const head = castHeader(3, { ...terminalSize, startedAt, title: "acme/todo-app#12.1" });
  mesh.answers[`GET ${path}/recording.cast`] = head + castLines([{ at: startedAt, data: "from the very beginning" }], startedAt);
  mesh.feed.begin = () => [
    { type: "hello", from: 3_145_728, end: 3_145_733, ...terminalSize },
    { type: "output", offset: 3_145_728, data: "\r\nnow" },
  ];
  await open(`/#${path}`);
  await page.getByText("3.0 MiB written earlier are not shown here: they are in the replay.").waitFor();
  await isAccessible("session-late");
  await page.getByRole("button", { name: "Play from the beginning" }).click();
  await page.locator(".ap-term-text", { hasText: "from the very beginning" }).waitFor();
});

test("of a recording too long for a page the beginning is played, and it is said", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const piece = `${"x".repeat(98)}\r\n`.repeat(80);
  const pieces = Array.from({ length: 4_000 }, (_, at) => ({ at: startedAt + at * 100, data: piece }));
  const head = castHeader(3, { ...terminalSize, startedAt, title: "acme/todo-app#12.1" });
  const cast = head + castLines(pieces, startedAt);
  expect(cast.length).toBeGreaterThan(30 * 1_048_576);
  mesh.answers[`GET ${path}/recording.cast`] = cast;
  await open(`/#${path}`);
  await page.getByText("this is its beginning, 24.0 MiB").waitFor();
  await isAccessible("session-long");
  await page.locator(".ap-wrapper").focus();
  await page.keyboard.press("9");
  await expect.poll(() => page.locator(".ap-time-elapsed").textContent()).toMatch(/^04:3\d$/);
});

test("ten minutes of a program that moves the cursor, scrolls a part and changes screens end with the same screen as well", async () => {
  const terminal = createTerminal();
  const pieces: OutputPiece[] = [];
  const esc = "\u001B[";
  const write = (second: number, data: string) => pieces.push({ at: startedAt + second * 1_000, data });
  write(0, `${esc}1mbegun${esc}0m\r\n`);
  for (let second = 1; second < 600; second += 1) {
    if (second % 100 === 50) write(second, `${esc}?1049h${esc}2J${esc}Hon the other screen`);
    else if (second % 100 === 60) write(second, `${esc}?1049l`);
    else if (second % 10 === 3)
      write(second, `${esc}5;20r${esc}20;1H\r\nscrolled ${second} 漢字 ${esc}3${second % 8}mcoloured${esc}0m${esc}r`);
    else if (second % 10 === 5)
      write(second, `${esc}s${esc}${(second % 28) + 1};${(second % 60) + 1}H${esc}7m${second}${esc}0m 한글${esc}u`);
    else if (second % 10 === 7) write(second, `${esc}25;1H${esc}2Kprogress ${second}\r${esc}9C${esc}1;32m${second}${esc}0m${esc}K`);
    else write(second, `${esc}2;1H${esc}Lline ${second} grüße e\u0301 😀 ⚠\uFE0F 👩\u200D💻 ${"wrapped ".repeat(second % 14)}`);
  }
  write(600, `${esc}30;1Hdone ${esc}31m✗${esc}0m`);
  for (const { data } of pieces) terminal.write(data);
  await new Promise<void>((resolve) => terminal.write("", resolve));
  await endsWith(pieces, screenOf(terminal));
});
