import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import type { CredentialHealth, CredentialView } from "../../core/credentials/credential.ts";
import { parsePolicy, policySchema, type PolicyOverrides } from "../../core/policy.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";

const secret = "sk-ant-api03-never-to-be-seen-again";
const at = Date.now() - 5 * 60_000;
const project = "/projects/acme/todo-app";
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

function settings(overrides: PolicyOverrides = {}): { overrides: PolicyOverrides; policy: unknown } {
  const policy = parsePolicy(overrides);
  return { overrides, policy: policy.ok ? policy.value : null };
}
const profile = (overrides: PolicyOverrides = {}) => ({
  key: "R_kgDOtodo",
  name: "acme/todo-app",
  repositoryUrl: "https://github.com/acme/todo-app",
  cloneUrl: "https://github.com/acme/todo-app.git",
  defaultBranch: "main",
  board: { url: "https://github.com/orgs/acme/projects/1", number: 1, owner: "acme", observedBy: "webhook" },
  overrides,
});
const credential = (more: Partial<CredentialView> = {}): CredentialView => ({
  name: "agent",
  version: 3,
  variables: ["ANTHROPIC_API_KEY"],
  expiresAt: null,
  hasRefreshToken: false,
  pushedBy: "operator",
  pushedAt: at,
  lastRefreshAt: null,
  invalidatedAt: null,
  ...more,
});
const health = (more: Partial<CredentialHealth> = {}): CredentialHealth => ({
  hasValidCredential: true,
  expiresAt: null,
  expiresInMs: null,
  hasRefreshToken: false,
  lastRefreshAt: null,
  activeBundleId: null,
  credentials: [credential()],
  ...more,
});
const changed = () => dashboard.mesh.asked.filter((line) => !line.startsWith("GET"));

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  dashboard = await built.start({
    "GET /settings": settings({ budget: { perIssueUsd: 8 } }),
    "GET /settings/schema": z.toJSONSchema(policySchema, { io: "input" }),
    "GET /ops/state": { stopped: null },
    [`GET ${project}`]: {
      profile: profile({ qa: { testCommand: "npm test" } }),
      policy: settings({ qa: { testCommand: "npm test" } }).policy,
    },
    [`GET ${project}/credentials/health`]: health(),
    [`GET ${project}/credentials/history`]: { items: [], cursor: null },
  });
});
afterEach(() => dashboard.close());

const section = (title: string) => dashboard.page.locator("details").filter({ has: dashboard.page.locator(`summary:text("${title}")`) });

test("a setting is changed, another goes back to its default, and only these are sent", async () => {
  const { mesh, open, isAccessible } = dashboard;
  await open("/#/settings");
  const budget = section("Budget");
  await budget.getByText("1 set").waitFor();
  await budget.locator("summary").click();
  expect(await budget.getByLabel("Per issue (US $)").inputValue()).toBe("8");
  await budget.getByText("default: 3").waitFor();
  await budget.getByRole("button", { name: "use default: 5 for Per issue" }).click();
  await budget.getByLabel("No progress (US $)").fill("2.5");
  await budget.getByText("not saved").waitFor();
  await isAccessible("settings");
  mesh.answers["PATCH /settings"] = settings({ budget: { noProgressUsd: 2.5 } });
  await budget.getByRole("button", { name: "Save" }).click();
  await budget.getByText("Saved.").waitFor();
  expect(changed()).toEqual(['PATCH /settings {"budget":{"perIssueUsd":null,"noProgressUsd":2.5}}']);
  expect(await budget.getByLabel("Per issue (US $)").inputValue()).toBe("5");
});

test("the cap of the whole mesh's day is set here, and the page says when it is reached", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /ops/state"] = { stopped: null, day: { usd: 50.2, capUsd: 50, reached: true, until: at + 3_600_000 } };
  await open("/#/settings");
  await page.getByText("All projects have spent $50.20 of $50.00 today (UTC): no session begins until tomorrow").waitFor();
  await isAccessible("settings-day-reached");
  const budget = section("Budget");
  await budget.locator("summary").click();
  await budget.getByLabel("Mesh per day (US $)").fill("80");
  mesh.answers["PATCH /settings"] = settings({ budget: { meshPerDayUsd: 80 } });
  mesh.answers["GET /ops/state"] = { stopped: null, day: { usd: 50.2, capUsd: 80, reached: false, until: at + 3_600_000 } };
  await budget.getByRole("button", { name: "Save" }).click();
  await budget.getByText("Saved.").waitFor();
  expect(changed()).toEqual(['PATCH /settings {"budget":{"meshPerDayUsd":80}}']);
  await page.getByText("All projects have spent $50.20 of $80.00 today (UTC).").waitFor();
});

test("what cannot be read and what the mesh refuses is said at its field", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open("/#/settings");
  const questions = section("Questions");
  await questions.locator("summary").click();
  await questions.getByLabel("Hold for").fill("10");
  await questions.getByRole("button", { name: "Save" }).click();
  await questions.getByText("a length of time is needed, like 10 min or 1.5 h").waitFor();
  expect(changed()).toEqual([]);
  await questions.getByLabel("Hold for").fill("2 days");
  await questions.getByLabel("On silence", { exact: true }).selectOption("best-guess");
  mesh.answers["PATCH /settings"] = {
    status: 400,
    reason: "invalid-settings",
    detail: "The settings do not fit.",
    issues: [{ path: "questions.holdForMs", message: "Too big: expected number to be <=86400000" }],
  };
  await questions.getByRole("button", { name: "Save" }).click();
  await questions.getByText("Too big: expected number to be <=86400000").waitFor();
  expect(changed()).toEqual(['PATCH /settings {"questions":{"holdForMs":172800000,"onSilence":"best-guess"}}']);
  expect(await questions.getByLabel("Hold for").getAttribute("aria-invalid")).toBe("true");
  await isAccessible("settings-refused");
  await questions.getByRole("button", { name: "Forget the changes" }).click();
  expect(await questions.getByLabel("Hold for").inputValue()).toBe("10 min");
  await page.getByText("General").click();
  expect(await page.getByLabel("Merge", { exact: true }).inputValue()).toBe("human");
});

test("the mesh is stopped with a reason, and started again", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open("/#/settings");
  await page.getByRole("heading", { name: "The mesh is at work" }).waitFor();
  await page.getByLabel("Why it is stopped").fill("the release is today");
  mesh.answers["POST /ops/stop"] = { stopped: { at: Date.now(), by: "operator", reason: "the release is today" }, untold: [] };
  await page.getByRole("button", { name: "Stop the mesh" }).click();
  await page.getByRole("heading", { name: "The mesh is stopped" }).waitFor();
  await page.getByText("the release is today").waitFor();
  await isAccessible("settings-stopped");
  mesh.answers["POST /ops/start"] = { stopped: null, untold: [] };
  await page.getByRole("button", { name: "Start the mesh" }).click();
  await page.getByRole("heading", { name: "The mesh is at work" }).waitFor();
  expect(changed()).toEqual(['POST /ops/stop {"reason":"the release is today"}', "POST /ops/start"]);
});

test("a project's settings lie over the mesh's, and its refusals are at their fields, too", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open(`/#${project}/settings`);
  const budget = section("Budget");
  await budget.locator("summary").click();
  await budget.getByText("the mesh's: 8").waitFor();
  const qa = section("QA");
  await qa.locator("summary").click();
  expect(await qa.getByLabel("Test command").inputValue()).toBe("npm test");
  await qa.getByText("set here").waitFor();
  await qa.getByLabel("Evaluate at").fill("7");
  mesh.answers[`PATCH ${project}`] = {
    status: 400,
    reason: "invalid-settings",
    detail: "The settings do not fit.",
    issues: [{ path: "overrides.qa.evaluateAt", message: "Too big: expected number to be <=1" }],
  };
  await qa.getByRole("button", { name: "Save" }).click();
  await qa.getByText("Too big: expected number to be <=1").waitFor();
  await isAccessible("project");
  await qa.getByLabel("Evaluate at").fill("0.7");
  mesh.answers[`PATCH ${project}`] = { profile: profile(), policy: settings().policy };
  await qa.getByRole("button", { name: "Save" }).click();
  await qa.getByText("Saved.").waitFor();
  expect(changed().at(-1)).toBe(`PATCH ${project} {"overrides":{"qa":{"evaluateAt":0.7}}}`);
  await page.getByRole("link", { name: "acme/todo-app", exact: true }).click();
  await page.getByText("This project is not known.").waitFor();
  await page.getByRole("link", { name: "All projects" }).click();
  await page.getByText("No project yet").waitFor();
});

test("a key is put in and stays nowhere on the page; credentials are renewed and ended", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers[`GET ${project}/credentials/health`] = health({ hasValidCredential: false, credentials: [] });
  await open(`/#${project}/settings`);
  await page.getByText("Agents have none from the mesh").waitFor();
  await page.getByText("Put in a key").click();
  await page.getByLabel("Value").fill(secret);
  mesh.answers[`POST ${project}/credentials`] = credential({ version: 1 });
  mesh.answers[`GET ${project}/credentials/health`] = health({
    activeBundleId: "b1",
    credentials: [
      credential({ hasRefreshToken: true, expiresAt: Date.now() + 3_600_000 }),
      credential({ name: "old", invalidatedAt: at }),
      credential({ name: "odd", fault: "tampered" }),
    ],
  });
  await page.getByRole("button", { name: "Put it in" }).click();
  await page.getByText("Sealed as version 1.").waitFor();
  await page.getByText("Agents have a credential that holds").waitFor();
  await page.getByText("cannot be opened: what is stored was changed").waitFor();
  expect(changed()).toEqual([`POST ${project}/credentials {"variables":{"ANTHROPIC_API_KEY":"${secret}"}}`]);
  const values = await page.locator("input").evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));
  expect([await page.content(), ...values, page.url()].join("\n")).not.toContain(secret);
  mesh.answers[`GET ${project}/credentials/history`] = {
    items: [
      { seq: 2, at, name: "agent", version: 3, action: "bundle-made", by: "my-laptop", detail: "" },
      { seq: 1, at, name: "agent", version: 3, action: "refresh-failed", by: "mesh", detail: "invalid-grant" },
    ],
    cursor: null,
  };
  await page.getByText("What was done with them").click();
  await page.getByText("bundle made").waitFor();
  await page.getByText("invalid-grant").waitFor();
  await isAccessible("credentials");
  mesh.answers[`POST ${project}/credentials/refresh`] = {
    status: 409,
    reason: "backoff",
    detail: "The last try failed; it is tried again later.",
  };
  await page.getByRole("button", { name: "Renew now" }).click();
  await page.getByText("The last try failed").waitFor();
  await page.getByRole("button", { name: "End it" }).first().click();
  mesh.answers[`DELETE ${project}/credentials/agent`] = 204;
  mesh.answers[`GET ${project}/credentials/health`] = health({
    hasValidCredential: false,
    credentials: [credential({ invalidatedAt: Date.now() })],
  });
  await page.getByRole("button", { name: "Really end it" }).click();
  await page.getByText("ended", { exact: true }).waitFor();
  expect(changed().slice(1)).toEqual([`POST ${project}/credentials/refresh {"name":"agent"}`, `DELETE ${project}/credentials/agent`]);
});

test("webhooks are rotated; a project is deleted once its name was typed", async () => {
  const { page, mesh, open } = dashboard;
  await open(`/#${project}/settings`);
  mesh.answers[`POST ${project}/webhooks/rotate`] = { webhooks: [{ kind: "repository", state: "made" }], removed: 1 };
  await page.getByRole("button", { name: "Rotate the secrets" }).click();
  await page.getByText("Rotated: repository made; 1 taken away.").waitFor();
  await page.getByText("Delete this project").click();
  const gone = page.getByRole("button", { name: "Delete the project" });
  expect(await gone.isDisabled()).toBe(true);
  await page.getByLabel("To go on, type").fill("acme/other-app");
  expect(await gone.isDisabled()).toBe(true);
  await page.getByLabel("To go on, type").fill("acme/todo-app");
  await page.getByRole("checkbox", { name: /Forget its history/ }).check();
  mesh.answers[`DELETE ${project}`] = { webhooks: [], waitsFor: null };
  await gone.click();
  await page.getByText("No project yet").waitFor();
  expect(changed()).toEqual([`POST ${project}/webhooks/rotate`, `DELETE ${project}`]);
});

test("a viewer reads everything and changes nothing", async () => {
  const { page, mesh, open } = dashboard;
  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  await open("/#/settings");
  await section("Budget").locator("summary").click();
  expect(await page.getByLabel("Per issue (US $)").isDisabled()).toBe(true);
  await open(`/#${project}/settings`);
  await page.getByText("Agents have a credential that holds").waitFor();
  await section("Budget").locator("summary").click();
  expect(await page.getByLabel("Per issue (US $)").isDisabled()).toBe(true);
  for (const name of [/Save/, /Stop the mesh/, /Put it in/, /End it/, /Rotate/, /Delete/, /use /]) {
    expect(await page.getByRole("button", { name }).count(), String(name)).toBe(0);
  }
  await open("/#/projects/acme/unknown/settings");
  await page.getByText("This project is not known.").waitFor();
});
