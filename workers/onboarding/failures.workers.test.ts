import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { hourMs } from "../../core/time.ts";
import { vault } from "../../durable-objects/remote.ts";
import { createOnboardingMesh, passedTrial } from "./onboarding-fixture.ts";
import type { OnboardingMesh } from "./onboarding-fixture.ts";
import type { AgentId, ProjectKey, ProjectName, TaskId } from "../../core/ids.ts";

let it: OnboardingMesh;
let count = 0;
let repository = "";
let key = "" as ProjectKey;

beforeAll(async () => {
  it = await createOnboardingMesh();
  await it.addRunner("ann", ({ capability }) => (capability === "environment" ? passedTrial : undefined));
});
afterAll(() => it.dispose());
beforeEach(() => {
  count += 1;
  repository = `acme/shop-${"abcdefghijklmnopqrstuvwxyz"[count] ?? ""}`;
});

/** The state is clear: where it stopped, why, and what to do; and nothing goes on. */
function expectStopped(view: OnboardingView, activity: string, reason: string): void {
  expect(view).toMatchObject({ status: "failed", activity, error: { activity, reason }, login: null });
  expect(view.error?.fix.length).toBeGreaterThan(20);
  expect(view.explain).toContain("Stopped while");
}

function add(...args: Parameters<OnboardingMesh["mesh"]["addRepository"]> | []) {
  const added = it.mesh.addRepository(args[0] ?? repository, args[1]);
  key = added.profile.key;
  return added;
}

const summaryOf = (view: OnboardingView, activity: string) => view.completed.find((each) => each.activity === activity)?.summary ?? "";

describe("before anything is changed", () => {
  test.each([
    "repository-read",
    "issues-write",
    "contents-write",
    "pull-requests-write",
    "board-read",
    "board-write",
    "runner-git",
  ] as const)("the permission %s is missing", async (name) => {
    add();
    it.mesh.preparation.setCheck(name, "missing");
    const writes = it.mesh.preparation.writes.length;
    const view = await it.ended((await it.onboard(repository)).id);
    expectStopped(view, "validate", "missing-permissions");
    expect(view.error?.message).toContain(name);
    expect(view.error?.fix).toContain(`mend ${name}`);
    expect(view.permissions.find((check) => check.name === name)).toMatchObject({ result: "missing" });
    expect(it.mesh.preparation.writes).toHaveLength(writes);
    expect((await it.mesh.request(`/projects/${repository}`)).status).toBe(404);
    it.mesh.preparation.setCheck(name, "works");
    expect(await it.retry(view.id)).toMatchObject({ status: "completed", attempt: 2, error: null });
  });

  test("an archived repository", async () => {
    const added = add();
    added.archived = true;
    const view = await it.ended((await it.onboard(repository)).id);
    expectStopped(view, "validate", "repository-archived");
    added.archived = false;
    expect(await it.retry(view.id)).toMatchObject({ status: "completed" });
  });

  test("a repository without issues", async () => {
    const added = add();
    added.hasIssues = false;
    const view = await it.ended((await it.onboard(repository)).id);
    expectStopped(view, "validate", "issues-disabled");
    added.hasIssues = true;
    expect(await it.retry(view.id)).toMatchObject({ status: "completed" });
  });

  test("a repository that is not there", async () => {
    const view = await it.ended((await it.onboard("acme/nowhere")).id);
    expectStopped(view, "validate", "github-not-found");
  });

  test("no organisation webhook: the board is polled, and it says so", async () => {
    add();
    it.mesh.preparation.setCheck("organization-webhooks-write", "missing");
    it.hooks.refused.add("organization");
    const view = await it.ended((await it.onboard(repository)).id);
    it.mesh.preparation.setCheck("organization-webhooks-write", "works");
    it.hooks.refused.clear();
    expect(view).toMatchObject({ status: "completed", board: { observedBy: "poll" } });
    expect(summaryOf(view, "webhook")).toContain("polled every 60 s");
  });
});

describe("what is there already", () => {
  test("a board with other columns is not touched; mapped or completed, it is adopted", async () => {
    add();
    const board = it.mesh.preparation.addBoard("acme", { columns: ["Backlog", "Doing", "Done"] });
    const { number } = board.ref;
    const view = await it.ended((await it.onboard(repository, { board: { owner: "acme", number } })).id);
    expectStopped(view, "board", "columns-missing");
    expect(view.error?.message).toContain('"Todo"');
    expect(board.columns).toEqual(["Backlog", "Doing", "Done"]);
    board.columns.push("Todo", "Planning", "In Progress", "QA", "Review", "Blocked");
    expect(await it.retry(view.id)).toMatchObject({ status: "completed", board: { number } });
    const names = { planning: "Doing", inProgress: "Doing", qa: "Doing", review: "Doing", blocked: "Backlog", todo: "Backlog" };
    const mapped = await it.ended((await it.onboard(repository, { board: { owner: "acme", number }, overrides: { columns: names } })).id);
    expect(mapped).toMatchObject({ status: "completed", board: { number } });
  });

  test("a board that the project is registered with stays its board", async () => {
    const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];
    const { ref } = it.mesh.preparation.addBoard("acme", { columns });
    await it.mesh.addProject(repository, { board: ref, overrides: { retryBudget: 1 } });
    const boards = it.mesh.preparation.boards.length;
    const view = await it.ended((await it.onboard(repository, { overrides: { merge: "auto" } })).id);
    expect(view).toMatchObject({ status: "completed", board: { number: ref.number } });
    expect(it.mesh.preparation.boards).toHaveLength(boards);
    const { policy } = await (await it.mesh.request(`/projects/${repository}`)).json<{ policy: object }>();
    expect(policy).toMatchObject({ retryBudget: 1, merge: "auto" });
  });

  test("a board whose own automations are on: adopted, named, with the way to turn them off", async () => {
    add();
    const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];
    const { ref } = it.mesh.preparation.addBoard("acme", { columns, automations: ["Item closed"] });
    const view = await it.ended((await it.onboard(repository, { board: { owner: "acme", number: ref.number } })).id);
    expect(view.status).toBe("completed");
    expect(summaryOf(view, "board")).toContain("its own automations are on and move cards too: Item closed");
    const check = view.permissions.find(({ name }) => name === "board-automations");
    expect(check).toMatchObject({ result: "degraded", fix: `Turn them off at ${ref.url}/workflows.` });
  });

  test.each([".devcontainer/devcontainer.json", ".devcontainer.json"])("a dev container at %s", async (path) => {
    const added = add();
    added.files.add(path);
    const view = await it.ended((await it.onboard(repository, { skipDevContainer: false })).id);
    expect(summaryOf(view, "dev-container")).toBe(`There already: ${path}`);
    expect(added.proposals.size).toBe(0);
  });

  test("a webhook", async () => {
    add();
    it.hooks.there.add(`https://mesh.test/webhooks/github/repository-${repository}`);
    const { made } = it.hooks;
    const view = await it.ended((await it.onboard(repository)).id);
    expect(summaryOf(view, "webhook")).toContain("repository webhook there already");
    expect(it.hooks.made - made).toBeLessThanOrEqual(1);
  });

  test("everything, a second time: nothing more is made", async () => {
    add();
    const first = await it.ended((await it.onboard(repository, { skipDevContainer: false })).id);
    const [writes, hooks] = [it.mesh.preparation.writes.length, it.hooks.made];
    const second = await it.ended((await it.onboard(repository, { skipDevContainer: false })).id);
    expect(second).toMatchObject({ status: "completed", board: first.board });
    expect(second.id).not.toBe(first.id);
    expect([it.mesh.preparation.writes.length, it.hooks.made]).toEqual([writes, hooks]);
    expect(summaryOf(second, "model-budget")).toContain("There already");
  });
});

describe("outside services", () => {
  test("GitHub is away for a moment: tried again, nobody hears of it", async () => {
    add();
    const away = new ClientError("GitHub", "does not answer", { code: "unavailable", retryable: true });
    it.mesh.preparation.failNext("ensureBoard", away, { after: true });
    it.mesh.preparation.failNext("probe", away, { times: 3 });
    const view = await it.ended((await it.onboard(repository)).id);
    expect(view).toMatchObject({ status: "completed", attempt: 1 });
    expect(it.mesh.preparation.boards.filter(({ madeFor }) => madeFor === key)).toHaveLength(1);
  });

  test("GitHub asks to wait: it says until when, and goes on by itself", async () => {
    add();
    const until = Date.now() + 1_500;
    it.mesh.preparation.failNext(
      "ensureBoard",
      new ClientError("GitHub", "rate limit", { code: "rate-limited", retryable: true, retryAt: until }),
    );
    const { id } = await it.onboard(repository);
    const waiting = await it.until(id, ({ pause }) => pause !== null);
    expect(waiting).toMatchObject({ status: "running", activity: "board", pause: { service: "GitHub", until } });
    expect(waiting.explain).toMatch(/^Waits until .* UTC because GitHub asks, then goes on making the board/);
    const view = await it.ended(id);
    expect(view).toMatchObject({ status: "completed", attempt: 1, pause: null });
    expect(view.completed.find(({ activity }) => activity === "board")?.at).toBeGreaterThanOrEqual(until);
  });

  test("GitHub asks to wait for too long: it stops, says why, and goes on when retried", async () => {
    add();
    const retryAt = Date.now() + 4 * hourMs;
    it.mesh.preparation.failNext(
      "ensureBoard",
      new ClientError("GitHub", "rate limit", { code: "rate-limited", retryable: true, retryAt }),
    );
    const view = await it.ended((await it.onboard(repository)).id);
    expectStopped(view, "board", "asked-to-wait-too-long");
    expect(view.error?.message).toContain("GitHub: rate limit");
    expect(await it.retry(view.id)).toMatchObject({ status: "completed", attempt: 2 });
  });

  test("LiteLLM answers 500, again and again", async () => {
    add();
    const broken = new ClientError("LiteLLM", "answered 500; look at its log", { code: "unavailable", retryable: true, status: 500 });
    it.mesh.modelBudget.failNext(...Array.from({ length: 6 }, () => broken));
    const view = await it.ended((await it.onboard(repository)).id);
    expectStopped(view, "model-budget", "litellm-unavailable");
    expect(view.error?.message).toContain("answered 500");
    expect(await it.retry(view.id)).toMatchObject({ status: "completed" });
    const { credentials } = await vault(it.mesh.env, key).health();
    expect(credentials.map(({ name }) => name)).toEqual(["model-gateway"]);
  });

  test("the gateway's answer is lost: the key is made anew, and the Vault has the one that holds", async () => {
    add();
    const lost = it.mesh.modelBudget.ensure(repository as ProjectName, { usd: null, kept: false });
    const before = (await lost).key;
    const view = await it.ended((await it.onboard(repository)).id);
    expect(view.status).toBe("completed");
    const holds = it.mesh.modelBudget.keyOf(repository as ProjectName) ?? "";
    expect(holds).not.toBe(before);
    const holder = { agent: "ann" as AgentId, task: `${key}.t` as TaskId, attempt: 1 };
    const provision = await vault(it.mesh.env, key).provision(holder, null);
    const bundleId = provision.status === "provisioned" ? provision.bundleId : "";
    const opened = await vault(it.mesh.env, key).openBundle(bundleId, holder);
    expect(opened).toMatchObject({ ok: true, value: { variables: { ANTHROPIC_AUTH_TOKEN: holds } } });
    expect(JSON.stringify(view)).not.toContain(holds);
  });
});
