import { expect, test } from "vitest";
import { spentOn } from "../lifecycle/day-budget.ts";
import { explain } from "../lifecycle/explain.ts";
import type { PolicyOverrides } from "../policy.ts";
import { dayMs } from "../time.ts";
import { Driver, everything } from "./project-fixture.ts";

const agent = "all-round";
const guide = "tech-consultation";

/** Two issues whose guidance has been given: both want a session. */
function atWork(overrides: PolicyOverrides) {
  const driver = new Driver();
  driver.configure({ maxActiveRuns: 5, ...overrides });
  driver.card(1);
  driver.card(2);
  driver.offer(everything);
  const guidances = [...driver.project.tasks.values()].filter(({ capability }) => capability === guide);
  const give = (at: number, usd: number, afterMs = 1_000) => {
    const task = guidances[at];
    if (task === undefined) throw new Error("no such guidance");
    const live = driver.project.task(task.id)?.attempts.at(-1);
    return driver.say(
      {
        type: "attempt-ended",
        task: task.id,
        attempt: live?.number ?? 1,
        agent: agent as never,
        usd,
        outcome: { done: { guidance: "Go." } },
      },
      afterMs,
    );
  };
  const holds = (issue: number) => driver.project.run(issue)?.holds.map(({ kind }) => kind);
  return { driver, give, holds };
}

test("money of all runs counts for the day; whoever spends the last of it stops them all until the next", () => {
  const { driver, give, holds } = atWork({ budget: { perDayUsd: 2 } });
  give(0, 1.5);
  expect(holds(1)).toEqual([]);
  const spent = give(1, 0.75);
  expect([holds(1), holds(2)]).toEqual([["day"], ["day"]]);
  expect(spent.events.filter(({ type, data }) => type === "hold-began" && data["kind"] === "day")).toHaveLength(2);
  const run = driver.project.run(1);
  expect(run && explain(run, driver.project.policy)).toMatch(/spent \$2\.25 today.*goes on by itself at .* 00:00 UTC/);
  const midnight = (Math.floor(driver.at / dayMs) + 1) * dayMs;
  driver.say({ type: "time-passed" }, midnight - driver.at - 1);
  expect(holds(1)).toEqual(["day"]);
  driver.say({ type: "time-passed" }, 1);
  expect([holds(1), holds(2)]).toEqual([[], []]);
  expect(driver.project.run(1)?.wait.for).toBe("slot");
});

test("an operator's retry lets one issue go on for the day, and no other", () => {
  const { driver, give, holds } = atWork({ budget: { perDayUsd: 1 } });
  give(0, 1);
  expect([holds(1), holds(2)]).toEqual([["day"], ["day"]]);
  const retried = driver.say({ type: "operator-commanded", issue: 1, command: "retry", by: "ada", reason: "" });
  expect(retried.applied).toEqual({ status: "applied" });
  expect(driver.project.run(1)?.wait.for).toBe("slot");
  give(1, 1);
  expect([holds(1), holds(2)]).toEqual([[], ["day"]]);
});

test("an issue that comes on a spent day gets its guidance and then waits; without a cap nothing is held", () => {
  const { driver, give, holds } = atWork({ budget: { perDayUsd: 1 } });
  give(0, 1);
  driver.card(3);
  driver.offer(everything);
  const task = [...driver.project.tasks.values()].find(({ capability, run }) => capability === guide && run === "3.1");
  driver.say({
    type: "attempt-ended",
    task: task?.id as never,
    attempt: 1,
    agent: agent as never,
    usd: 0,
    outcome: { done: { guidance: "Go." } },
  });
  expect(holds(3)).toEqual(["day"]);

  const free = atWork({});
  free.give(0, 100);
  expect(free.holds(2)).toEqual([]);
});

test("a new day begins with nothing", () => {
  const first = spentOn(undefined, 5 * dayMs, 1);
  expect(first).toEqual({ day: 5, usd: 1 });
  expect(spentOn(first, 6 * dayMs - 1, 2)).toEqual({ day: 5, usd: 3 });
  expect(spentOn(first, 6 * dayMs, 2)).toEqual({ day: 6, usd: 2 });
});
