import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { OnboardingId, ProjectName } from "../../core/ids.ts";
import type { OnboardingActivity, OnboardingView } from "../../core/onboarding/view.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";

const begun = Date.now() - 3 * 60_000;
const id = "o0mwxyz" as OnboardingId;
const secret = "sk-ant-api03-never-to-be-seen-again";
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

const done = (activity: OnboardingActivity, summary: string) => ({ activity, summary, at: begun + 1_000 });
function onboarding(more: Partial<OnboardingView> = {}): OnboardingView {
  return {
    id,
    repository: "acme/todo-app" as ProjectName,
    request: {
      repository: "acme/todo-app" as ProjectName,
      overrides: {},
      login: "api-key",
      skipAuth: false,
      skipLiteLLM: false,
      skipDevContainer: false,
      skipTrial: false,
      actionsRunner: false,
    },
    status: "running",
    phase: "initialisation",
    activity: "webhook",
    completed: [
      done("validate", "acme/todo-app, branch main; the App may do everything but see the organisation's webhooks."),
      done("board", "Made “todo-app” with 7 columns and 4 fields."),
      done("registry", "Registered as R_kgDOtodo."),
    ],
    error: null,
    login: null,
    pause: null,
    permissions: [
      { name: "contents-write", result: "works", detail: "a branch was made and taken away" },
      { name: "issues-write", result: "works", detail: "" },
      {
        name: "organization-webhooks-write",
        result: "degraded",
        detail: "The board is polled instead.",
        fix: "Give the App “Webhooks: read and write” on the organisation.",
      },
    ],
    project: null,
    board: null,
    explain: "It makes the webhook of the repository.",
    attempt: 1,
    requestedBy: "operator",
    createdAt: begun,
    updatedAt: begun + 2_000,
    ...more,
  };
}
const waiting = (login: OnboardingView["login"]) =>
  onboarding({
    status: "waiting_auth",
    phase: "login-and-settings",
    activity: "login",
    login,
    explain: "It waits for the agent's login.",
    updatedAt: begun + 3_000,
  });
const posted = () => dashboard.mesh.asked.filter((line) => line.startsWith("POST"));
function show(view: OnboardingView): void {
  dashboard.mesh.answers[`GET /onboard/${id}`] = view;
}
/** The DOM as it is, fields' values included, and the address. */
async function everything(): Promise<string> {
  const values = await dashboard.page
    .locator("input, textarea")
    .evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));
  return [
    await dashboard.page.content(),
    ...values,
    dashboard.page.url(),
    JSON.stringify(await dashboard.page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])),
  ].join("\n");
}

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({ "GET /onboard": { items: [], cursor: null } });
});
afterEach(() => dashboard.close());

test("one is begun with the form, and its page shows phases and activities as they happen", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open("/#/onboarding");
  await page.getByText("No repository was onboarded yet.").waitFor();
  await page.getByLabel("Repository", { exact: true }).fill("acme/todo-app");
  await page.getByRole("radio", { name: /The runner's own login/ }).check();
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByLabel("Board to adopt").fill("https://github.com/orgs/acme/projects/3");
  await page.getByRole("checkbox", { name: "Propose no dev container" }).check();
  await isAccessible("onboarding-form");
  mesh.answers["POST /onboard"] = {
    status: 409,
    reason: "already-onboarding",
    detail: "The repository is being onboarded with another request.",
  };
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("being onboarded with another request").waitFor();
  const first = onboarding({
    completed: [],
    activity: "validate",
    permissions: [],
    explain: "It checks what the mesh may do.",
    updatedAt: onboarding().createdAt + 1_000,
  });
  mesh.answers["POST /onboard"] = first;
  show(first);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("It checks what the mesh may do.").waitFor();
  const request = { repository: "acme/todo-app", board: { owner: "acme", number: 3 }, login: "runner", skipDevContainer: true };
  expect(posted().at(-1)).toBe(`POST /onboard ${JSON.stringify(request)}`);
  expect(page.url()).toContain(`#/onboarding/${id}`);

  mesh.say({ type: "onboarding-changed", seq: 4, onboarding: onboarding() });
  await page.getByText("Made “todo-app” with 7 columns").waitFor();
  expect(await page.locator('[aria-current="step"]').textContent()).toContain("Webhooks");
  await page.getByText("What the mesh may do: 2 of 3 work").waitFor();
  await page.getByText("Give the App “Webhooks: read and write”").waitFor();
  await isAccessible("onboarding-running");
  // A message that is older than what is shown changes nothing.
  mesh.say({ type: "onboarding-changed", seq: 3, onboarding: first });
  mesh.say({
    type: "onboarding-changed",
    seq: 9,
    onboarding: onboarding({
      status: "completed",
      phase: null,
      activity: null,
      explain: "acme/todo-app is ready.",
      updatedAt: begun + 9_000,
    }),
  });
  await page.getByText("acme/todo-app is ready.").waitFor();
  expect(await page.getByRole("link", { name: "acme/todo-app" }).getAttribute("href")).toBe("#/projects/acme/todo-app");
});

test("a service that asks to wait: which, until when and at which activity, until it goes on", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const explain = "Waits until 2026-11-27 05:10 UTC because GitHub asks, then goes on making the webhooks.";
  show(onboarding({ pause: { service: "GitHub", until: Date.now() + 600_000 }, explain }));
  await open(`/#/onboarding/${id}`);
  await page.getByText(explain).waitFor();
  await page.getByText("waits for GitHub", { exact: true }).waitFor();
  const step = page.locator('[aria-current="step"]');
  expect(await step.textContent()).toMatch(/Webhooks ?waits until \d.* because GitHub asks/);
  await isAccessible("onboarding-paused");
  mesh.say({ type: "onboarding-changed", seq: 4, onboarding: onboarding({ updatedAt: begun + 4_000 }) });
  await page.getByText("running", { exact: true }).waitFor();
  expect(await step.textContent()).not.toContain("waits until");
});

test("the code of a device login, large and to be copied, and the vendor's address", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  show(
    waiting({ mode: "device", deviceUrl: "https://auth.openai.com/codex/device", userCode: "ABCD-1234", expiresAt: Date.now() + 600_000 }),
  );
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(`/#/onboarding/${id}`);
  const code = page.getByText("ABCD-1234", { exact: true });
  expect(Number.parseFloat(await code.evaluate((element) => getComputedStyle(element).fontSize))).toBeGreaterThanOrEqual(24);
  expect(await page.getByRole("link", { name: "auth.openai.com" }).getAttribute("href")).toBe("https://auth.openai.com/codex/device");
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("ABCD-1234");
  await isAccessible("onboarding-device");
  mesh.answers[`POST /onboard/${id}/auth-callback`] = onboarding({ explain: "It looks.", updatedAt: begun + 4_000 });
  await page.getByRole("button", { name: "It is done: look now" }).click();
  await page.getByText("It looks.").waitFor();
  expect(posted()).toEqual([`POST /onboard/${id}/auth-callback {}`]);
});

test("an address that is not https is no link", async () => {
  show(waiting({ mode: "device", deviceUrl: "javascript:alert(1)", userCode: "ABCD-1234" }));
  await dashboard.open(`/#/onboarding/${id}`);
  await dashboard.page.getByText("ABCD-1234").waitFor();
  expect(await dashboard.page.locator('a[href^="javascript"]').count()).toBe(0);
});

test("the command of a runner's own login, and on which runner", async () => {
  const { page, open, isAccessible } = dashboard;
  show(waiting({ mode: "runner", command: "claude auth login", runner: "my-laptop" }));
  await open(`/#/onboarding/${id}`);
  await page.getByText("claude auth login").waitFor();
  await page.getByText("my-laptop").waitFor();
  await page.getByRole("button", { name: "Copy command" }).waitFor();
  await isAccessible("onboarding-runner");
});

test("a key is sent once and stays nowhere: not in the field, the page, its address or its storage", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  show(waiting({ mode: "api-key" }));
  await open(`/#/onboarding/${id}`);
  await isAccessible("onboarding-key");
  await page.getByLabel("API key").fill(secret);
  mesh.answers[`POST /onboard/${id}/auth-callback`] = {
    status: 400,
    reason: "invalid-input",
    detail: "The body does not fit.",
    issues: [{ path: "variables.ANTHROPIC_API_KEY", message: "a subscription's login is never given to the mesh" }],
  };
  await page.getByRole("button", { name: "Put it in" }).click();
  await page.getByText("a subscription's login is never given to the mesh").waitFor();
  expect(await everything()).not.toContain(secret);
  await page.getByLabel("API key").fill(secret);
  mesh.answers[`POST /onboard/${id}/auth-callback`] = waiting({ mode: "api-key" });
  await page.getByRole("button", { name: "Put it in" }).click();
  await page.getByText("It is sealed; the onboarding looks now.").waitFor();
  expect(await everything()).not.toContain(secret);
  expect(posted().at(-1)).toBe(`POST /onboard/${id}/auth-callback {"variables":{"ANTHROPIC_API_KEY":"${secret}"}}`);
});

test("a failure says what to do, step by step, and goes on from there", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const error = {
    activity: "webhook",
    reason: "webhooks-missing",
    message: "The token may not make webhooks of acme/todo-app.",
    fix: "1. Open https://github.com/settings/tokens\n2. Give the token the scope admin:repo_hook, or run:\n  gh auth refresh --scopes admin:repo_hook\n3. Try again",
  } as const;
  show(onboarding({ status: "failed", error, explain: "It stopped: the token may not make webhooks.", updatedAt: begun + 3_000 }));
  await open(`/#/onboarding/${id}`);
  await page.getByRole("heading", { name: "It stopped at: Webhooks" }).waitFor();
  const steps = page.locator(".steps li");
  expect(await steps.count()).toBe(3);
  expect(await steps.nth(0).getByRole("link").getAttribute("href")).toBe("https://github.com/settings/tokens");
  await steps.nth(1).getByText("gh auth refresh --scopes admin:repo_hook", { exact: true }).waitFor();
  await steps.nth(1).getByRole("button", { name: "Copy command" }).waitFor();
  await isAccessible("onboarding-failed");
  mesh.answers[`POST /onboard/${id}/retry`] = onboarding({ attempt: 2, updatedAt: begun + 5_000 });
  await page.getByRole("button", { name: "Try again from here" }).click();
  await page.getByText("try 2").waitFor();
  expect(await page.getByText("It stopped at").count()).toBe(0);
});

test("a viewer sees it all and can begin, retry and put in nothing", async () => {
  const { page, mesh, open } = dashboard;
  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  mesh.answers["GET /onboard"] = { items: [onboarding()], cursor: null };
  await open("/#/onboarding");
  await page.getByRole("link", { name: "acme/todo-app" }).waitFor();
  expect(await page.getByRole("button", { name: "Begin" }).count()).toBe(0);
  show(waiting({ mode: "api-key" }));
  await page.getByRole("link", { name: "acme/todo-app" }).click();
  await page.getByText("An operator has to put in an API key.").waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  mesh.say({
    type: "onboarding-changed",
    seq: 5,
    onboarding: onboarding({
      status: "failed",
      error: { activity: "login", reason: "login-timed-out", message: "Nobody logged in.", fix: "Log in." },
      updatedAt: begun + 9_000,
    }),
  });
  await page.getByText("Nobody logged in.").waitFor();
  expect(await page.getByRole("button", { name: /Try again/ }).count()).toBe(0);
});

test("a list page by page, what is not known, and a mesh that is away", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const other = (n: number, more: Partial<OnboardingView> = {}) =>
    onboarding({ id: `o${n}` as OnboardingId, repository: `acme/app-${n}` as ProjectName, ...more });
  mesh.answers["GET /onboard"] = {
    items: [
      other(9),
      other(8, { status: "completed", explain: "acme/app-8 is ready." }),
      other(7, { status: "failed", explain: "It stopped." }),
      other(6, { status: "waiting_auth", explain: "It waits." }),
    ],
    cursor: "o6",
  };
  await open("/#/onboarding");
  await page.getByRole("link", { name: "acme/app-9" }).waitFor();
  await page.getByRole("button", { name: "More 1 waiting" }).waitFor();
  await isAccessible("onboarding-list");
  mesh.answers["GET /onboard"] = { items: [other(5)], cursor: null };
  await page.getByRole("button", { name: "Older" }).click();
  await page.getByRole("link", { name: "acme/app-5" }).waitFor();
  expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
  await open("/#/onboarding/o-unknown");
  await page.getByText("This onboarding is not known.").waitFor();
  mesh.answers[`GET /onboard/${id}`] = { status: 503, reason: "overloaded", detail: "The mesh is busy." };
  await open(`/#/onboarding/${id}`);
  await page.getByText("The mesh is busy.").waitFor();
  show(onboarding());
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("It makes the webhook of the repository.").waitFor();
});
