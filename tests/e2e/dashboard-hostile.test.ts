import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";
import { everyPage, pageNames } from "./every-page.ts";
import { madeUpAnswers, type Outside } from "./made-up-data.ts";

/** Script, a picture that runs script, a link that runs script, a colour and a link of the terminal, and a turn of the writing's direction. */
const trick =
  '<script>globalThis.ran=1</script><img src="/run-me" onerror="globalThis.ran=1"> [x](javascript:globalThis.ran=1) \u001B[31mred\u001B]8;;https://evil.example\u0007 \u202Eexe.txt';
const wild: Outside = (calm) => `${calm} ${trick}`;
/** 10 kB, half of it without a place to break a line at. */
const long: Outside = (calm) => `${calm} ${trick} ${"Ű".repeat(2_500)}${" a word".repeat(800)}`;

let built: Awaited<ReturnType<typeof buildDashboard>>;
beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());

async function opened(name: (typeof pageNames)[number], outside: Outside, viewport: { width: number; height: number }): Promise<Dashboard> {
  const dashboard = await built.start(madeUpAnswers(outside, () => "javascript:globalThis.ran=1//https://github.com"));
  const { page, open } = dashboard;
  page.on("dialog", (dialog) => {
    void dialog.dismiss();
    void page.evaluate(() => Object.assign(globalThis, { ran: 1 }));
  });
  await page.setViewportSize(viewport);
  await open(everyPage[name].address);
  await page.getByRole("main").getByText(everyPage[name].has).first().waitFor();
  // What is folded away is looked at, too.
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("main details")) (details as HTMLDetailsElement).open = true;
  });
  return dashboard;
}

describe.each(pageNames)("the page %s", (name) => {
  test("shows what comes from outside as text that does nothing, each in its own direction", async () => {
    const dashboard = await opened(name, wild, { width: 360, height: 640 });
    const { page, mesh } = dashboard;
    const isRunMeAsked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("run-me")) isRunMeAsked.push(request.url());
    });
    expect(await page.evaluate(() => (globalThis as { ran?: number }).ran)).toBeUndefined();
    expect(await page.locator("main").locator("script, img, iframe").count()).toBe(0);
    expect(await leadsAstray(page, mesh.url)).toEqual([]);
    expect(await unisolated(page)).toEqual([]);
    expect(isRunMeAsked).toEqual([]);
    await dashboard.close();
  });

  test.each([360, 1280])("keeps its layout with texts of 10 kB, %s pixels wide", async (width) => {
    const dashboard = await opened(name, long, { width, height: 800 });
    expect(await tooLong(dashboard.page)).toEqual([]);
    expect(await outOfSight(dashboard.page)).toEqual([]);
    // Nothing is wider than the page, which closing looks at.
    await dashboard.close();
  });
});

/** Links that lead neither to a page of the dashboard nor, by https, to somewhere else. */
function leadsAstray(page: Page, own: string): Promise<string[]> {
  return page
    .locator("a[href]")
    .evaluateAll(
      (links, origin) =>
        links
          .map((link) => (link as HTMLAnchorElement).href)
          .filter((href) => !href.startsWith(origin) && !href.startsWith("https://") && !href.startsWith("http://")),
      own,
    );
}

/** Texts that turn the direction of what stands beside them: what holds them must be isolated, or have a line of its own to itself. */
function unisolated(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      if (!text.textContent?.includes("\u202E") || text.parentElement?.closest("script, title, .xterm, textarea, option")) continue;
      for (let around = text.parentElement; around; around = around.parentElement) {
        const { unicodeBidi, display } = getComputedStyle(around);
        if (/isolate|plaintext/.test(unicodeBidi)) break;
        if (display.startsWith("inline")) continue;
        if (around.textContent !== text.textContent)
          found.push(`${around.tagName}.${around.className}: ${around.textContent?.slice(0, 120)}`);
        break;
      }
    }
    return found;
  });
}

/** Texts shown in sight that are longer than anybody asked for. */
function tooLong(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const around = text.parentElement;
      if ((text.textContent?.length ?? 0) <= 4_100 || !around?.checkVisibility() || around.closest("script, .xterm, textarea")) continue;
      // What scrolls in a place of its own pushes nothing away.
      if (around.getBoundingClientRect().height <= 200) continue;
      found.push(`${around.tagName}.${around.className} in ${around.parentElement?.tagName}.${around.parentElement?.className}`);
    }
    return found;
  });
}

/** Controls that a long text has pushed out of the page's width. */
function outOfSight(page: Page): Promise<string[]> {
  return page.locator("main button, main a, main input, main select").evaluateAll((controls) =>
    controls
      .filter((control) => control.checkVisibility() && !control.closest(".xterm"))
      .filter((control) => {
        const { left, right, width } = control.getBoundingClientRect();
        return width > 0 && (left < -1 || right > document.documentElement.clientWidth + 1);
      })
      .map((control) => `${control.tagName}.${control.className} ${control.textContent?.slice(0, 60)}`),
  );
}
