import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { AgentId, ProjectKey, TaskId } from "../../core/ids.ts";
import type { AgentView, ScoreView } from "../../core/pool/views.ts";
import type { TaskView } from "../../core/project/views.ts";
import { buildDashboard, type Dashboard } from "./dashboard-page.ts";
import type { Asked } from "./made-up-mesh.ts";

const at = Date.now() - 5 * 60_000;
let built: Awaited<ReturnType<typeof buildDashboard>>;
let dashboard: Dashboard;

const agent = (more: Partial<AgentView> = {}): AgentView => ({
  id: "my-laptop" as AgentId,
  kind: "remote",
  status: "online",
  capabilities: [
    {
      name: "implement",
      weight: 0.9,
      preferred: true,
      requirements: ["docker"],
      score: 0.982,
      results: 20,
      successes: 18,
      failedInRow: 0,
      slots: null,
    },
    {
      name: "resize-image",
      weight: 0.5,
      preferred: false,
      requirements: [],
      score: 0.5,
      results: 0,
      successes: 0,
      failedInRow: 0,
      slots: null,
    },
  ],
  slots: 3,
  connected: true,
  lastContactAt: at,
  registeredAt: at - 86_400_000,
  draining: false,
  refusal: null,
  projects: "all",
  metadata: { host: "laptop.example", version: "1.6.0", claude: "2.1.4" },
  health: [{ name: "docker", url: "https://laptop.example/health", ok: true, at }],
  ...more,
});
const attempt = (more: Partial<TaskView["attempts"][number]> = {}): TaskView["attempts"][number] => ({
  number: 1,
  agent: "my-laptop" as AgentId,
  score: 0.982,
  status: "running",
  dispatchedAt: at,
  startedAt: at,
  endedAt: null,
  error: null,
  ...more,
});
const task = (n: number, more: Partial<TaskView> = {}): TaskView => ({
  id: `R_kgDOtodo=.a${n}-1` as TaskId,
  project: "R_kgDOtodo=" as ProjectKey,
  run: null,
  capability: "resize-image",
  status: "running",
  priority: 5,
  timeoutSeconds: 600,
  maxAttempts: 3,
  attempts: [attempt()],
  submittedAt: at - n * 1_000,
  endedAt: null,
  error: null,
  ...more,
});
const score = (id: string, more: Partial<ScoreView> = {}): ScoreView => ({
  agent: id as AgentId,
  status: "online",
  score: 0.982,
  weight: 0.9,
  health: 1,
  success: 0.945,
  recent: 1.1,
  preferred: 1.05,
  results: 20,
  ...more,
});
const list = (items: readonly unknown[], cursor: string | null = null) => ({ items, cursor });
const commands = () => dashboard.mesh.asked.filter((line) => !line.startsWith("GET"));
const tasksAsked = () => dashboard.mesh.queries.filter((line) => line.startsWith("/tasks?")).at(-1);

beforeAll(async () => {
  built = await buildDashboard();
});
afterAll(() => built?.end());
beforeEach(async () => {
  const away = { status: "offline", health: 0, score: 0, success: 1, recent: 1, preferred: 1, results: 0 } as const;
  dashboard = await built.start({
    "GET /agents": list([]),
    "GET /tasks": list([]),
    "GET /agents/score/implement": list([score("my-laptop"), score("other", { ...away })]),
    "GET /agents/score/resize-image": list([score("other", { score: 0.7 }), score("my-laptop", { score: 0.5 })]),
    "GET /agents/my-laptop": { ...agent(), mailbox: { connected: true, lastContactAt: at, working: 1, asking: 1, parked: 2, slots: 2 } },
  });
});
afterEach(() => dashboard.close());

test("agents with what they offer, how well they do and how much they have, and who is asked first", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  await open("/#/agents");
  await page.getByText("No agent has registered yet.").waitFor();
  mesh.answers["GET /agents"] = list([
    agent(),
    agent({
      id: "build-host" as AgentId,
      status: "degraded",
      health: [{ name: "docker", url: "https://build.example/health", ok: false, at }],
    }),
    agent({ id: "built-in.architect" as AgentId, kind: "built-in", metadata: {}, health: [], slots: 1_000_000 }),
    agent({ id: "gone" as AgentId, status: "offline", connected: false, capabilities: [] }),
    agent({
      id: "old" as AgentId,
      connected: false,
      refusal: { because: "this mesh speaks version 1 of the agent protocol, not 0: update the agent", at },
    }),
    agent({ id: "unlucky" as AgentId, capabilities: agent().capabilities.map((each) => ({ ...each, failedInRow: 4 })) }),
    agent({ id: "leaving" as AgentId, status: "draining", draining: true }),
  ]);
  mesh.answers["GET /tasks"] = list([task(1), task(2, { attempts: [attempt({ agent: "build-host" as AgentId }), attempt()] })]);
  mesh.say({ type: "agents-changed" });
  mesh.say({ type: "tasks-changed", project: "R_kgDOtodo=" as ProjectKey, seq: 4 });
  const laptop = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "my-laptop" }) });
  await laptop.getByText("18 of 20").waitFor();
  // Both of the lists of tasks under way are answered alike here.
  await laptop.getByText("4 of 3").waitFor();
  await laptop.getByText("laptop.example").waitFor();
  // Who is broken comes first and says what to do.
  const heads = page.locator("ul.runs h3");
  expect((await heads.allInnerTexts()).slice(0, 4)).toEqual(["build-host", "gone", "old", "unlucky"]);
  for (const [name, why, mend] of [
    ["build-host", "Docker does not answer well.", "gets no work until it answers"],
    ["gone", "Not heard of.", "Start it there again"],
    ["old", "not 0: update the agent.", "Bring both to one version"],
    ["unlucky", "implement, the last 4; resize-image, the last 4.", "Its failed tasks say of what"],
    ["leaving", "Gets no new work.", "its page gives it work again"],
  ] as const) {
    const notice = page
      .getByRole("listitem")
      .filter({ has: page.getByRole("heading", { name }) })
      .locator(".notice");
    expect(await notice.innerText()).toContain(why);
    expect(await notice.innerText()).toContain(mend);
  }
  expect(await laptop.locator(".notice").count()).toBe(0);
  expect(await laptop.getByRole("link", { name: "4 of 3" }).getAttribute("href")).toBe("#/tasks?agent=my-laptop&status=running");
  await page.getByText("0: a check it needs fails").waitFor();
  await page.getByText("1.1: the last three succeeded").waitFor();
  await isAccessible("agents");
  await page.getByLabel("For").selectOption("resize-image");
  await page.getByText("0.700").waitFor();
});

test("one agent: why its scores are as they are, its checks, its tasks; drained, and its token ended", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const error = { kind: "lost", message: "The agent did not come back." } as const;
  mesh.answers["GET /tasks"] = list([
    task(1, { status: "completed", attempts: [attempt({ status: "lost", error }), attempt({ number: 2, agent: "other" as AgentId })] }),
    task(2, { status: "completed", attempts: [attempt({ status: "completed", endedAt: at + 90_000 })] }),
  ]);
  await open("/#/agents/my-laptop");
  await page.getByText("place 2 of 2").waitFor();
  await page.getByText("It needs docker.").waitFor();
  await page.getByText("1 asking, 2 parked").waitFor();
  await page.getByText("lost: The agent did not come back.").waitFor();
  await page.getByText("took 2 min").waitFor();
  expect(tasksAsked()).toContain("agent=my-laptop");
  expect(await page.getByRole("link", { name: "Its events" }).getAttribute("href")).toBe("#/events?agent=my-laptop");
  expect(await page.getByRole("link", { name: "Its failed tasks" }).getAttribute("href")).toBe("#/tasks?agent=my-laptop&status=failed");
  await isAccessible("agent");
  mesh.answers["POST /agents/my-laptop/drain"] = { id: "my-laptop", draining: true };
  mesh.answers["GET /agents/my-laptop"] = {
    ...agent({ draining: true, status: "draining" }),
    mailbox: { connected: true, lastContactAt: at },
  };
  await page.getByRole("button", { name: "Drain it" }).click();
  await page.getByRole("heading", { name: "It gets no new work" }).waitFor();
  await page.getByRole("button", { name: "Give it work again" }).waitFor();
  await page.getByRole("button", { name: "End its token…" }).click();
  expect(commands()).toEqual(['POST /agents/my-laptop/drain {"draining":true}']);
  await page.getByRole("button", { name: "Yes, end the token of my-laptop" }).click();
  // The made-up mesh has no such token.
  await page.getByText("The mesh answered 404.").waitFor();
  mesh.answers["DELETE /agents/my-laptop/token"] = 204;
  await page.getByRole("button", { name: "End its token…" }).click();
  await page.getByRole("button", { name: "Yes, end the token of my-laptop" }).click();
  await page.getByText("Its token has ended.").waitFor();
});

test("tasks by status, project, capability and agent, also in the address; older ones come by themselves; and a mesh that is away", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  mesh.answers["GET /tasks"] = { status: 503, reason: "read-model-unreachable", detail: "The database does not answer." };
  await open("/#/tasks");
  await page.getByText("The database does not answer.").waitFor();
  mesh.answers["GET /tasks"] = list([]);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No task was submitted yet.").waitFor();
  const failed = { kind: "work", message: "x".repeat(400) } as const;
  const newest = list([task(1), task(2, { status: "failed", error: failed, endedAt: at })], "9~two");
  mesh.answers["GET /tasks"] = ({ query }: Asked) => (query.has("cursor") ? 500 : newest);
  await page.getByLabel("Status").selectOption("failed");
  await page.getByText("work: xxx").waitFor();
  expect(tasksAsked()).toContain("status=failed");
  expect(page.url()).toContain("#/tasks?status=failed");
  // What was refused is not asked for again and again.
  await page.getByText("The mesh answered 500.").waitFor();
  await isAccessible("tasks");
  expect(mesh.queries.filter((line) => line.includes("cursor="))).toHaveLength(1);
  const older = list([task(3, { capability: "translate", run: "4.1" })]);
  mesh.answers["GET /tasks"] = ({ query }: Asked) => (query.has("cursor") ? older : newest);
  await page.getByRole("button", { name: "Older" }).click();
  await page.getByRole("link", { name: /translate/ }).waitFor();
  await page.getByText("R_kgDOtodo=#4.1").waitFor();
  expect(tasksAsked()).toContain("cursor=9%7Etwo");
  expect(await page.locator(".task-row").count()).toBe(3);
  expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
  await page.getByLabel("Agent").fill("My Laptop");
  await page.getByLabel("Agent").press("Enter");
  expect(tasksAsked()).not.toContain("agent=");
  mesh.answers["GET /tasks"] = list([]);
  await page.getByLabel("Agent").fill("my-laptop ");
  await page.getByLabel("Agent").press("Enter");
  await page.getByText("No task is like that.").waitFor();
  expect(tasksAsked()).toContain("status=failed&agent=my-laptop");
  await page.getByRole("link", { name: "Show all" }).click();
  await page.getByText("No task was submitted yet.").waitFor();
  await open("/#/tasks?capability=translate&agent=my-laptop&status=nonsense");
  await page.getByText("No task is like that.").waitFor();
  expect(await page.getByLabel("Capability").inputValue()).toBe("translate");
  expect(tasksAsked()).toBe("/tasks?capability=translate&agent=my-laptop&limit=50");
});

test("one task with its attempts is cancelled; a viewer only reads, also what is long over", async () => {
  const { page, mesh, open, isAccessible } = dashboard;
  const path = `/tasks/${encodeURIComponent(task(1).id)}`;
  const lost = attempt({ status: "lost", error: { kind: "lost", message: "No contact for 15 min." }, endedAt: at + 900_000 });
  const why = { weight: 1, success: 0.512, recent: 1, preferred: 1, results: 7, others: 2, better: 1 };
  const two = task(1, { attempts: [lost, attempt({ number: 2, score: 0.512, why })], payload: { image: "cat.png" } });
  mesh.answers[`GET ${path}`] = two;
  await open(`/#${path}`);
  await page.getByText("lost: No contact for 15 min.").waitFor();
  await page.getByText("score 0.512 (weight 1, success 0.512 over 7, 1 better not free)").waitFor();
  await page.getByText("2 of at most 3").waitFor();
  expect(await page.getByRole("link", { name: "Its events" }).getAttribute("href")).toBe(`#/events?task=${encodeURIComponent(task(1).id)}`);
  await page.getByText("Payload").click();
  await page.getByText("cat.png").waitFor();
  await isAccessible("task");
  await page.getByRole("button", { name: "Cancel…" }).click();
  mesh.answers[`DELETE ${path}`] = { ...two, status: "cancelled", endedAt: at, error: { kind: "cancelled", message: "By an operator." } };
  await page.getByRole("button", { name: "Yes, cancel this task" }).click();
  await page.getByText("cancelled: By an operator.").waitFor();
  expect(commands()).toEqual([`DELETE ${path}`]);
  expect(await page.getByRole("button", { name: "Cancel…" }).count()).toBe(0);

  mesh.answers["GET /session"] = { role: "viewer", by: "viewer", via: "cookie", until: null, logoutUrl: null };
  delete mesh.answers[`GET ${path}`];
  mesh.answers[`GET /read-model${path}`] = task(1, { explain: "It runs." });
  await page.reload();
  await page.getByText("It runs.").waitFor();
  expect(await page.getByRole("button", { name: "Cancel…" }).count()).toBe(0);
  await open("/#/agents/my-laptop");
  await page.getByRole("heading", { name: "my-laptop" }).waitFor();
  expect(await page.getByRole("button", { name: /Drain|token/ }).count()).toBe(0);
  await open("/#/agents/nobody");
  await page.getByText("This agent is not known.").waitFor();
});
