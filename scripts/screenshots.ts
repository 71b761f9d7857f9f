import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDashboard } from "../dev/mesh/build-dashboard.ts";
import { everyPage, pageNames } from "../tests/e2e/every-page.ts";
import { madeUpAnswers } from "../tests/e2e/made-up-data.ts";
import { startMadeUpMesh } from "../tests/e2e/made-up-mesh.ts";
import { phoneBrowser, phoneSize } from "../tests/e2e/phone.ts";

/** `npm run screenshots`: every page of the dashboard on a phone and a desktop, light and dark, into `pages/screenshots`. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "pages/screenshots");
mkdirSync(folder, { recursive: true });
await buildDashboard(root, (line) => console.log(line));
const mesh = await startMadeUpMesh(join(root, "pages/dist"), madeUpAnswers());
const browser = await phoneBrowser();
try {
  const page = await browser.newPage();
  for (const name of pageNames) {
    const { address, has } = everyPage[name];
    for (const viewport of [phoneSize, { width: 1280, height: 800 }])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto("about:blank");
        await page.goto(`${mesh.url}${address}`);
        await page.getByRole("main").getByText(has).first().waitFor();
        await page.screenshot({ path: join(folder, `${name}-${viewport.width}-${colorScheme}.png`), fullPage: true });
      }
  }
  console.log(`${pageNames.length * 4} pictures in ${folder}`);
} finally {
  await browser.close();
  await mesh.close();
}
