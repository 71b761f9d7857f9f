import { expect, test } from "vitest";
import type { AgentId, TaskId } from "../ids.ts";
import { candidateOf, Driver, key, taskOf } from "./project-fixture.ts";

const ann = "ann" as AgentId;
const id = (name: string) => `${key}.${name}` as TaskId;
const agentOf = (driver: Driver, name: string) => driver.project.task(id(name))?.attempts.at(-1)?.agent;

test("a task for one agent waits for it and holds nobody up", () => {
  const driver = new Driver();
  driver.submit(taskOf("hers", { agent: ann, priority: 10 }), taskOf("anyones"));
  driver.offer(candidateOf("bob"));
  expect([agentOf(driver, "hers"), agentOf(driver, "anyones")]).toEqual([undefined, "bob"]);
  driver.offer(candidateOf("ann"), candidateOf("bob"));
  expect(agentOf(driver, "hers")).toBe("ann");
});

test("after a failure it goes to the same agent again, and what nobody took in time says who was waited for", () => {
  const driver = new Driver();
  driver.submit(taskOf("hers", { agent: ann, maxAttempts: 2 }), taskOf("late", { agent: "away" as AgentId }));
  driver.offer(candidateOf("ann"), candidateOf("bob"));
  driver.report("ann", { type: "task-failed", taskId: id("hers"), attempt: 1, kind: "infrastructure", message: "no disk" });
  driver.say({ type: "time-passed" }, 60_000);
  driver.offer(candidateOf("ann"), candidateOf("bob"));
  expect(driver.project.task(id("hers"))?.attempts.map(({ agent }) => agent)).toEqual(["ann", "ann"]);
  driver.say({ type: "time-passed" }, 3 * 3_600_000);
  expect(driver.project.task(id("late"))?.error).toMatchObject({ kind: "expired", message: "away did not take it in time" });
});

test("attempts of a capability with slots of its own are counted apart, over any number of commits", () => {
  const driver = new Driver();
  const runner = candidateOf("runner", { slots: 1, offers: [] });
  const offer = (name: string, slots?: number) => ({ name, weight: 1, preferred: false, healthy: true, history: [], slots });
  const both = { ...runner, capabilities: [offer("coding"), offer("look", 1)] };
  driver.submit(...["c1", "c2"].map((name) => taskOf(name, { capability: "coding" })));
  driver.offer(both);
  driver.submit(...["l1", "l2"].map((name) => taskOf(name, { capability: "look" })));
  driver.offer(both);
  expect(["c1", "c2", "l1", "l2"].map((name) => agentOf(driver, name))).toEqual(["runner", undefined, "runner", undefined]);
  expect(driver.project.task(id("l1"))?.attempts[0]?.ownSlots).toBe(1);
  driver.report("runner", { type: "task-done", taskId: id("l1"), attempt: 1 });
  driver.offer(both);
  expect(["c2", "l2"].map((name) => agentOf(driver, name))).toEqual([undefined, "runner"]);
});
