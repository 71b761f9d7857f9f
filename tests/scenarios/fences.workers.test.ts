import { afterEach, expect, test } from "vitest";
import type { TaskId } from "../../core/ids.ts";
import { clock } from "../../platform/clock.ts";
import { problemOf } from "../../workers/test-mesh.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();

afterEach(() => clock.reset());

type Runner = Awaited<ReturnType<Story["runner"]>>;

function asks(runner: Runner, path: string, body: object, agent: string = runner.agent): Promise<Response> {
  return mesh.request(`/agents/${agent}/${path}`, { method: "POST", token: runner.token, body: JSON.stringify(body) });
}

const credentialFor = (runner: Runner, { taskId, attempt }: { taskId: string; attempt: number }) =>
  asks(runner, "git-credential", { taskId, attempt });

/** An implementation at work, and its attempt. */
async function atWork(name: string) {
  const it = await story(name);
  const gate = createGate();
  const runner = await it.runner(`laptop-${name.replace("/", "-")}`, {
    implement: async (work) => {
      await gate.opened;
      pushTo(it.repository, work);
    },
  });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await it.settled();
  await runner.settled();
  const work = runner.given.find(({ capability }) => capability === "implementation");
  if (!work) throw new Error("no work");
  return { it, runner, issue, gate, work };
}

test("an agent can register no reserved capability, and not as another agent", async () => {
  const { runner } = await atWork("acme/reserved");
  const refused = await asks(runner, "register", { capabilities: [{ name: "planning" }, { name: "plan-review" }] });
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("plan-review")]);
  const other = await asks(runner, "register", { capabilities: [{ name: "planning" }] }, "built-in.reviewer");
  expect(await problemOf(other)).toMatchObject({ status: 403, reason: "other-agent" });
  for (const path of ["heartbeat", "reports", "git-credential"]) expect((await asks(runner, path, {}, "someone-else")).status).toBe(403);
  expect((await mesh.request("/agents/someone-else/connect", { token: runner.token, headers: { upgrade: "websocket" } })).status).toBe(403);
  expect((await mesh.request("/agents", { token: runner.token })).status).toBe(403);
});

test("a foreign project's work is neither given to an agent nor changed by its reports", async () => {
  const mine = await atWork("acme/mine");
  const theirs = await story("acme/theirs");
  const issue = await theirs.begins();
  const waiting = await theirs.reaches(issue, { phase: "PLANNING", awaiting: "slot" });
  await theirs.pass(60_000);
  expect(await theirs.reaches(issue, { phase: "PLANNING", awaiting: "slot" })).toEqual(waiting);

  const owner = await theirs.runner("desktop-theirs", { plan: () => new Promise(() => {}) });
  await theirs.reaches(issue, { phase: "PLANNING", awaiting: "session" });
  await owner.settled();
  const before = await theirs.run(issue);
  const [given] = owner.given;
  if (!given) throw new Error("nothing was given");
  const ref = { taskId: given.taskId, attempt: given.attempt };
  mine.runner.say({ type: "plan", ...ref, markdown: "# Steal" });
  mine.runner.say({ type: "task-done", ...ref });
  await mine.runner.settled();
  const spoken = await asks(mine.runner, "reports", {
    journal: "journal-by-http",
    reports: [{ seq: 1, at: 1, body: { type: "task-done", ...ref } }],
  });
  expect(spoken.status).toBe(200);
  expect(await theirs.run(issue)).toEqual(before);
  expect((await theirs.owner.task(given.taskId as TaskId))?.attempts).toMatchObject([{ agent: "desktop-theirs", status: "running" }]);
  expect(await theirs.events("plan-proposed")).toEqual([]);
  expect((await credentialFor(mine.runner, ref)).status).toBe(403);
});

test("a git credential is given for the agent's own live attempt only", async () => {
  const { it, runner, issue, gate, work } = await atWork("acme/keys");
  const given = await credentialFor(runner, work);
  expect([given.status, given.headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(await given.json()).toMatchObject({ username: "x-access-token", password: "push-acme/keys" });
  const refusals = [
    { taskId: work.taskId, attempt: 2 },
    { taskId: runner.given[0]?.taskId ?? "", attempt: 1 },
    { taskId: "R_nobody.t1-1-1", attempt: 1 },
    { taskId: `${it.key}.t999-1-1`, attempt: 1 },
  ];
  for (const ref of refusals)
    expect(await problemOf(await credentialFor(runner, ref))).toMatchObject({ status: 403, reason: "no-live-attempt" });
  const stranger = await it.runner("desktop-keys");
  expect((await credentialFor(stranger, work)).status).toBe(403);
  gate.open();
  await it.reaches(issue, { phase: "ACCEPTED" });
  expect((await credentialFor(runner, work)).status).toBe(403);
});

test("after a restart by moving the card to Todo the old run's credential is refused, and what it says is stale", async () => {
  const { it, runner, issue, work } = await atWork("acme/restart");
  runner.scripts.plan = () => new Promise(() => {});
  runner.cut();
  await it.moves(issue, "Todo");
  await it.reaches(issue, { run: 2 });
  expect((await credentialFor(runner, work)).status).toBe(403);
  runner.say({
    type: "branch-pushed",
    taskId: work.taskId,
    attempt: work.attempt,
    branch: `mesh/${issue.number}.1`,
    sha: "a".repeat(40),
    commits: 1,
  });
  await runner.connect();
  await runner.settled();
  const run = await it.reaches(issue, { run: 2, phase: "PLANNING", awaiting: "session" });
  expect([run.branch, run.failures]).toEqual([`mesh/${issue.number}.2`, []]);
  expect(await it.run(issue, 1)).toMatchObject({ phase: "CANCELLED", pullRequest: null });
  expect(runner.commands.map(({ body }) => body.type)).toContain("stop");
  const stale = (await it.events("input-ignored")).map(({ data }) => [data["reason"], data["report"]]);
  expect(stale).toContainEqual(["stale", "branch-pushed"]);
});

test("an ended token closes the agent's socket, and opens none", async () => {
  const { runner } = await atWork("acme/token");
  const hungUp = runner.hungUp();
  expect((await mesh.request(`/agents/${runner.agent}`, { method: "DELETE" })).status).toBe(204);
  expect(await hungUp).toMatchObject({ code: 4401 });
  await expect(runner.connect()).rejects.toThrow("401");
});
