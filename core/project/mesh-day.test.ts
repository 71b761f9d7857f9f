import { expect, test } from "vitest";
import type { EffectId } from "../ids.ts";
import { explain } from "../lifecycle/explain.ts";
import { dayMs } from "../time.ts";
import { candidateOf, cardOf, Driver, everything, profileWith } from "./project-fixture.ts";

/** Two issues whose guidance has been asked for, in a mesh with a cap. */
function atWork(capUsd: number | null) {
  const driver = new Driver();
  const cap = (usd: number | null) =>
    driver.say({
      type: "project-configured",
      profile: profileWith({ maxActiveRuns: 5, budget: { meshPerDayUsd: 1_000 } }),
      meshOverrides: usd === null ? {} : { budget: { meshPerDayUsd: usd } },
    });
  cap(capUsd);
  driver.card(1);
  driver.card(2);
  driver.offer(everything);
  const guidances = [...driver.project.tasks.values()].filter(({ capability }) => capability === "tech-consultation");
  const give = (at: number, usd: number) =>
    driver.say({
      type: "attempt-ended",
      task: guidances[at]?.id as never,
      attempt: 1,
      agent: "all-round" as never,
      usd,
      outcome: { done: { guidance: "Go." } },
    });
  const day = () => Math.floor(driver.at / dayMs);
  const spent = (usd: number, announce = false) => driver.say({ type: "mesh-day-spent", spend: { day: day(), usd }, announce });
  const holds = (issue: number) => driver.project.run(issue)?.holds.map(({ kind }) => kind);
  const reports = () => [...driver.project.outbox()].flatMap(({ effect }) => (effect.kind === "report-spend" ? [effect] : []));
  const reported = (effect: EffectId) => driver.say({ type: "effect-done", effect, result: { kind: "done" } });
  return { driver, cap, give, spent, holds, reports, reported, day };
}

test("what a project spends is reported while there is a cap, the whole of it, one report at a time", () => {
  const { give, reports, reported, day } = atWork(10);
  give(0, 0.5);
  const [first] = reports();
  expect(first).toMatchObject({ day: day(), usd: 0.5, life: 0, issue: null });
  give(1, 0.25);
  expect(reports()).toEqual([first]);
  reported(first?.id as EffectId);
  expect(reports()).toMatchObject([{ usd: 0.75 }]);
  reported(reports()[0]?.id as EffectId);
  expect(reports()).toEqual([]);
});

test("without a cap nothing is reported; when one is set, what the day has cost so far is", () => {
  const { cap, give, reports } = atWork(null);
  give(0, 0.5);
  expect(reports()).toEqual([]);
  cap(10);
  expect(reports()).toMatchObject([{ usd: 0.5 }]);
});

test("a report is never given up", () => {
  const { driver, give, reports } = atWork(10);
  give(0, 0.5);
  const effect = reports()[0]?.id as EffectId;
  for (let n = 0; n < 400; n += 1)
    driver.say({ type: "effect-failed", effect, code: "internal", message: "the settings are away", retryable: false });
  expect(reports()).toHaveLength(1);
});

test("while a session works, less than a hundredth of the cap is held back, and told when its step has ended", () => {
  const { driver, cap, give, reports, reported } = atWork(null);
  give(0, 0);
  driver.offer(candidateOf("all-round", { offers: ["planning"] }));
  const task = driver.project.run(1)?.session.task;
  if (task == null) throw new Error("no session");
  cap(10);
  driver.report("all-round", { type: "task-accepted", taskId: task, attempt: 1 });
  const used = (usd: number) =>
    driver.report("all-round", { type: "usage", taskId: task, attempt: 1, process: "p", inputTokens: 1, outputTokens: 1, usd });
  used(0.09);
  expect(reports()).toEqual([]);
  used(0.11);
  expect(reports()).toMatchObject([{ usd: 0.11 }]);
  reported(reports()[0]?.id as EffectId);
  used(0.15);
  expect(reports()).toEqual([]);
  driver.say({ type: "operator-commanded", issue: 1, command: "cancel", by: "ada", reason: "" });
  driver.say({ type: "operator-commanded", issue: 2, command: "cancel", by: "ada", reason: "" });
  expect(reports()).toMatchObject([{ usd: 0.15 }]);
});

test("a spent day holds every run until midnight, whatever the project's own settings say, and a retry does not lift it", () => {
  const { driver, give, spent, holds } = atWork(2);
  give(0, 0);
  give(1, 0);
  const told = spent(2.5);
  expect([holds(1), holds(2)]).toEqual([["mesh-day"], ["mesh-day"]]);
  expect(told.outboxAdd.filter(({ kind }) => kind === "notify")).toEqual([]);
  const run = driver.project.run(1);
  expect(run && explain(run, driver.project.policy)).toMatch(
    /All projects of the mesh have spent \$2\.50 today, of \$2\.00 .* 00:00 UTC.*raises budget\.meshPerDayUsd/,
  );
  driver.say({ type: "operator-commanded", issue: 1, command: "retry", by: "ada", reason: "" });
  expect(holds(1)).toEqual(["mesh-day"]);
  const midnight = (Math.floor(driver.at / dayMs) + 1) * dayMs;
  driver.say({ type: "time-passed" }, midnight - driver.at - 1);
  expect(holds(1)).toEqual(["mesh-day"]);
  driver.say({ type: "time-passed" }, 1);
  expect([holds(1), holds(2)]).toEqual([[], []]);
  expect(driver.project.run(1)?.wait.for).toBe("slot");
});

test("a higher cap lets everything go on at once, and so does none; a lower one says what it is", () => {
  const { driver, cap, give, spent, holds } = atWork(2);
  give(0, 0);
  spent(2.5);
  cap(1);
  expect(driver.project.run(1)?.holds).toMatchObject([{ kind: "mesh-day", usd: 2.5, capUsd: 1 }]);
  cap(3);
  expect([holds(1), driver.project.run(1)?.wait.for]).toEqual([[], "slot"]);
  cap(2);
  expect(holds(1)).toEqual(["mesh-day"]);
  cap(null);
  expect(holds(1)).toEqual([]);
});

test("an issue that comes on a spent day gets its guidance and then waits; one that repeats itself tells nothing new", () => {
  const { driver, give, spent, holds } = atWork(2);
  spent(2.5);
  give(0, 0);
  expect(holds(1)).toEqual(["mesh-day"]);
  expect([spent(2.5).applied, spent(2.4).applied]).toEqual([
    { status: "ignored", reason: "unchanged" },
    { status: "ignored", reason: "unchanged" },
  ]);
  driver.say({ type: "card-observed", card: cardOf(3, { observedAt: driver.at + 1_000 }) });
  expect(driver.project.run(3)?.phase).toBe("intake");
});

test("the project whose report reached the cap tells people, once for each cap", () => {
  const { cap, spent } = atWork(2);
  spent(2.5);
  expect(spent(2.5, true).outboxAdd).toMatchObject([
    { kind: "notify", sequenceId: expect.stringMatching(/^mesh-day-\d+$/), message: expect.stringContaining("$2.50 of $2.00") },
  ]);
  expect(spent(2.7, true).outboxAdd).toEqual([]);
  cap(2.75);
  expect(spent(2.8, true).outboxAdd).toMatchObject([{ kind: "notify", message: expect.stringContaining("$2.80 of $2.75") }]);
});

test("another life of the project, or one brought back, reports its day anew", () => {
  const { driver, give, reports, reported } = atWork(10);
  give(0, 0.5);
  reported(reports()[0]?.id as EffectId);
  driver.say({
    type: "project-configured",
    profile: profileWith(),
    meshOverrides: { budget: { meshPerDayUsd: 10 } },
    formerRuns: 7,
  });
  expect(reports()).toMatchObject([{ usd: 0.5, life: 7 }]);
});
