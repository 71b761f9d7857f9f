import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";
import { everyPage, pageNames } from "./every-page.ts";
import { madeUpAnswers, projectName } from "./made-up-data.ts";

/** Asked for on every page, for what the frame around it counts; said where it is shown. Without `/session` nothing but commands is missing. */
const isOfFrame = (key: string) => ["GET /session", "GET /projects", `GET /projects/${projectName}`, "GET /onboard"].includes(key);

let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());

describe.each(pageNames)("the page %s", (name) => {
  const { address, has, charts, terminal, live, onboardings } = everyPage[name];
  beforeEach(async () => {
    dashboard = await built.start(madeUpAnswers());
  });
  afterEach(() => dashboard.close());
  const shown = () => dashboard.page.getByRole("main").getByText(has).first().waitFor();

  test("has no violation of accessibility in both themes on a phone and a desktop, and loads what it needs only", async () => {
    const { page, open, isAccessible } = dashboard;
    const code = new Set<string>();
    page.on("request", (request) => {
      if (request.resourceType() === "script") code.add(new URL(request.url()).pathname.replace(/^\/assets\/(.+)-[\w-]{8}\.js$/, "$1"));
    });
    await open(address);
    await shown();
    await isAccessible(`every-${name}`, "in both themes at both sizes");
    const heavy = [...code].filter((chunk) => /^(terminal|player|uPlot|chart)/i.test(chunk));
    expect(heavy.filter((chunk) => (/^(terminal|player)/i.test(chunk) ? !terminal : !charts))).toEqual([]);
  });

  test("says what does not answer, whichever it is, and is right again by itself", async () => {
    const { page, mesh, open } = dashboard;
    await open(address);
    await shown();
    const asked = new Set(mesh.asked.filter((line) => line.startsWith("GET")).map((line) => line.trim()));
    const broken = { status: 503, reason: "broken", detail: "Broken on purpose." };
    const silent: string[] = [];
    for (const key of asked) {
      const isShown = key === "GET /session" ? false : key === "GET /onboard" ? onboardings : live;
      if (isOfFrame(key) && !isShown) continue;
      const well = mesh.answers[key];
      mesh.answers[key] = broken;
      await page.goto("about:blank");
      await open(address);
      const told = page.getByText(key === "GET /read-model" ? /The read model stands still/ : /Broken on purpose\./).first();
      const isTold = await told.waitFor({ timeout: 4_000 }).then(
        () => true,
        () => false,
      );
      if (!isTold) silent.push(`${key} failed and nothing said so`);
      mesh.answers[key] = well;
      if (!isTold || key === "GET /read-model") continue;
      const isGone = await told.waitFor({ state: "detached", timeout: 8_000 }).then(
        () => true,
        () => false,
      );
      if (!isGone) silent.push(`${key} came back and the page did not see it`);
    }
    expect(silent).toEqual([]);
  });

  test("says that it is not connected, and is right again when it is", async () => {
    const { page, mesh, open } = dashboard;
    await open(address);
    await shown();
    mesh.cutSockets(true);
    await page.getByText(/^Not connected since/).waitFor();
    mesh.cutSockets(false);
    await page.getByText(/^Not connected since/).waitFor({ state: "detached", timeout: 15_000 });
    await shown();
  });
});
