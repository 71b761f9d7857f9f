import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectView, RunView } from "../../core/project/views.ts";
import { buildDashboard } from "./dashboard-page.ts";
import { madeUpAnswers, madeUpViews, projectName } from "./made-up-data.ts";

const runs = 40;
const perSecond = 1_000;
const steps = 50;
let built: Awaited<ReturnType<typeof buildDashboard>>;
beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());

/** Ends of `explain` say how often a run was heard of: the last is `heard 25 times`, whatever came before. */
function heard(view: ProjectView, number: number, times: number): RunView {
  const [first] = view.runs;
  if (!first) throw new Error("the made-up project has no run");
  const issue = 100 + number;
  const id = `${projectName}#${issue}.1` as RunView["id"];
  return { ...first, id, issue, key: `${projectName}#${issue}` as RunView["key"], explain: `heard ${times} times` };
}

test.each([
  ["/#/", "the overview"],
  [`/#/projects/${projectName}`, "a project"],
  ["/#/questions", "questions"],
])("1,000 events within a second: %s stays at hand, and misses nothing at the end", async (address) => {
  const { view } = madeUpViews(
    (calm) => calm,
    (calm) => calm,
    Date.now(),
  );
  const begun = { ...view, runs: Array.from({ length: runs }, (_, number) => heard(view, number, 0)) };
  const dashboard = await built.start({ ...madeUpAnswers(), [`GET /projects/${projectName}`]: { view: begun } });
  const { page, mesh, open } = dashboard;
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(address);
  await page.getByRole("main").getByText("#100").first().waitFor();
  // How long nothing else had a turn, which is what a person feels.
  await page.evaluate(() => {
    const held = Object.assign(globalThis, { most: 0 });
    let last = performance.now();
    setInterval(() => {
      held.most = Math.max(held.most, performance.now() - last);
      last = performance.now();
    }, 5);
  });
  const most = () => page.evaluate(() => (globalThis as unknown as { most: number }).most);
  await page.evaluate(() => {
    for (const end = performance.now() + 250; performance.now() < end;);
  });
  await expect.poll(most).toBeGreaterThan(200);
  await page.evaluate(() => Object.assign(globalThis, { most: 0 }));
  const asked = mesh.asked.length;
  let seq = view.seq;
  let said = 0;
  for (const from = performance.now(); said < perSecond;) {
    for (let piece = 0; piece < perSecond / steps; piece += 1, said += 1) {
      seq += 1;
      mesh.say({ type: "run-changed", seq, run: heard(begun, said % runs, Math.floor(said / runs) + 1) });
    }
    await pause(Math.max(0, from + (said / perSecond) * 1_000 - performance.now()));
  }
  const shown = address.includes("questions") ? "Which colour shall the button have?" : `heard ${perSecond / runs} times`;
  await expect
    .poll(() => page.getByRole("main").getByText(shown, { exact: true }).count(), { timeout: 5_000 })
    .toBeGreaterThanOrEqual(runs);
  expect(
    await page
      .getByRole("main")
      .getByText(/^heard (?!25 )\d+ times$/)
      .count(),
  ).toBe(0);
  const held = await most();
  process.stdout.write(`${address}: held for ${Math.round(held)} ms at most\n`);
  expect(held).toBeLessThan(200);
  // Nothing was fetched anew because of it, but what counts what was spent or changed.
  expect(mesh.asked.slice(asked).filter((line) => line.startsWith("GET /projects"))).toEqual([]);
  await dashboard.close();
});
