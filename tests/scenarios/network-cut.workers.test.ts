import { afterEach, expect, test } from "vitest";
import { minuteMs } from "../../core/time.ts";
import { clock } from "../../platform/clock.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";
import type { ScriptedRunner } from "../support/scripted-runner.ts";

const { story } = createScenario();

afterEach(() => clock.reset());

const implementations = (runner: ScriptedRunner) => runner.given.filter(({ capability }) => capability === "implementation");

/** A story whose implementation is at work on its only runner. */
async function atWork(name: string) {
  const it = await story(name);
  const gate = createGate();
  const runner = await it.runner(`laptop-${name.replace("/", "-")}`);
  const { implement } = runner.scripts;
  runner.scripts.implement = async (work) => {
    await gate.opened;
    await implement(work);
  };
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await runner.settled();
  return { it, runner, issue, gate };
}

test("five minutes without a network begin no second attempt, and the first goes on", async () => {
  const { it, runner, issue, gate } = await atWork("acme/brief");
  runner.cut();
  gate.open();
  await it.pass(5 * minuteMs);
  const [first] = implementations(runner);
  expect((await it.owner.task(first?.taskId as never))?.attempts).toMatchObject([{ number: 1, status: "running" }]);
  expect(runner.unacknowledged.map(({ body }) => body.type)).toEqual(["usage", "branch-pushed", "task-done"]);
  await runner.connect();
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  expect(implementations(runner)).toHaveLength(1);
  expect(run.failures).toEqual([]);
  expect(await it.events("session-failed")).toEqual([]);
  expect(it.repository.pulls.size).toBe(1);
});

test("after two minutes a runner counts as unreachable, after fifteen another has the work, and what the first one, back after twenty, says is stale", async () => {
  const { it, runner, issue, gate } = await atWork("acme/long");
  runner.cut();
  const second = await it.runner("desktop-long");
  const held = createGate();
  const { implement } = second.scripts;
  second.scripts.implement = async (work) => {
    await held.opened;
    await implement(work);
  };
  const attempts = async () => (await it.owner.task(implementations(runner)[0]?.taskId as never))?.attempts;
  await it.pass(minuteMs);
  expect((await attempts())?.[0]).not.toHaveProperty("unreachableSince");
  await it.pass(2 * minuteMs);
  expect(await attempts()).toMatchObject([{ status: "running", unreachableSince: expect.any(Number) }]);
  await it.pass(11 * minuteMs);
  expect(implementations(second)).toEqual([]);
  expect(await attempts()).toMatchObject([{ status: "running" }]);
  await it.pass(2 * minuteMs);
  const taken = await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  expect(taken.session).toMatchObject({ agent: "desktop-long" });
  expect(implementations(second)).toHaveLength(1);
  expect(await attempts()).toMatchObject([{ status: "lost" }]);

  await it.pass(4 * minuteMs);
  gate.open();
  await runner.connect();
  await runner.settled();
  const before = await it.run(issue);
  expect(before).toMatchObject({ phase: taken.phase, session: { agent: "desktop-long" } });
  expect(it.repository.pulls.size).toBe(0);
  const stale = (await it.events("input-ignored")).filter(({ data }) => data["reason"] === "stale");
  expect(stale.map(({ data }) => data["report"])).toEqual(expect.arrayContaining(["branch-pushed", "task-done"]));

  held.open();
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  expect(run.run).toBe(1);
  expect(it.repository.pulls.size).toBe(1);
  expect(it.writes("mergePullRequest")).toHaveLength(1);
});

test("a runner whose machine died comes back with a fresh journal and gets the work anew", async () => {
  const { it, runner, issue } = await atWork("acme/died");
  runner.die();
  runner.scripts.implement = (work) => void pushTo(it.repository, work);
  await it.pass(16 * minuteMs);
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "slot" });
  await runner.connect();
  await it.reaches(issue, { phase: "ACCEPTED" });
  expect(implementations(runner)).toHaveLength(2);
  expect(it.repository.pulls.size).toBe(1);
});
