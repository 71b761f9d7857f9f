import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { phoneBrowser, phoneSize } from "./phone.ts";
import { startMadeUpMesh, type Answers, type MadeUpMesh } from "./made-up-mesh.ts";

const root = fileURLToPath(new URL("../../pages", import.meta.url));
const shots = process.env["DASHBOARD_SHOTS"];

/** The built dashboard in a real browser of a phone's size, on a mesh that says what a test wants. */
export interface Dashboard {
  readonly mesh: MadeUpMesh;
  readonly page: Page;
  open(address: string): Promise<void>;
  /** No violation of axe-core's rules (WCAG and best practices) in the light theme on a phone and the dark one on a desktop, or everywhere; nothing wider than the page. */
  isAccessible(name: string, everywhere?: "in both themes at both sizes"): Promise<void>;
  /** Nothing was complained of and nothing is wider than the phone; then everything is put away. */
  close(): Promise<void>;
}

/** Adds up how much of a page moves by itself from now on, however it is opened; answers how to read that: https://web.dev/articles/cls. */
export async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        (globalThis as unknown as { shift: number }).shift += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { shift: number }).shift);
}

/** Answers how to open the dashboard that was built before the tests; ended by `end`. */
export async function buildDashboard(): Promise<{ start(answers: Answers): Promise<Dashboard>; end(): Promise<void> }> {
  const [browser, axe] = await Promise.all([
    phoneBrowser(),
    readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
  ]);
  return {
    end: () => browser.close(),
    async start(answers) {
      const mesh = await startMadeUpMesh(`${root}/dist`, {
        "GET /projects": { items: [], cursor: null },
        "GET /session": { role: "operator", by: "operator", via: "cookie", until: null, logoutUrl: null },
        "GET /read-model": { asOf: 1, projects: [], refusals: { count: 0 } },
        ...answers,
      });
      const page = await browser.newPage({ viewport: phoneSize });
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (/Content.Security.Policy|violates/i.test(message.text())) complaints.push(message.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(mesh.url)) complaints.push(`asked a third party: ${request.url()}`);
      });
      const fits = async () =>
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(
          0,
        );
      return {
        mesh,
        page,
        async open(address) {
          await page.goto(`${mesh.url}${address}`);
          await page.getByText("live", { exact: true }).waitFor();
        },
        async isAccessible(name, everywhere) {
          const desktop = { width: 1280, height: 800 };
          for (const [colorScheme, viewport, looked] of [
            ["light", phoneSize, true],
            ["light", desktop, false],
            ["dark", desktop, true],
            ["dark", phoneSize, false],
          ] as const) {
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await page.setViewportSize(viewport);
            await fits();
            if (shots) await page.screenshot({ path: `${shots}/${name}-${viewport.width}-${colorScheme}.png`, fullPage: true });
            if (!looked && everywhere === undefined) continue;
            await page.evaluate(axe);
            const { violations } = await page.evaluate<AxeResults>("axe.run()");
            expect(violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
          }
          await page.setViewportSize(phoneSize);
        },
        async close() {
          await fits();
          expect(complaints).toEqual([]);
          await page.close();
          await mesh.close();
        },
      };
    },
  };
}
