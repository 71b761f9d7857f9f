import { expect, test } from "vitest";
import type { AgentId } from "../ids.ts";
import { defaultPolicy } from "../policy.ts";
import { candidateOf, key, startedAt, taskOf } from "../project/project-fixture.ts";
import { submitTask } from "../task/transition.ts";
import type { TaskSpec } from "../task/state.ts";
import { explainWaiting } from "./explain-waiting.ts";
import type { AgentStatus, Candidate } from "./state.ts";

const laptop = "laptop-1" as AgentId;
const task = (more: Partial<TaskSpec> = {}) => submitTask(taskOf("t", more), key, startedAt, defaultPolicy);
const explained = (candidates: Candidate[], more: Partial<TaskSpec> = {}, busy = new Map()) =>
  explainWaiting(task(more), candidates, busy, startedAt);

test("a task for anyone says who could, and why they do not", () => {
  expect(explained([])).toBe("It waits for an agent that offers general: there is none for this project.");
  expect(explained([candidateOf("ann", { status: "offline" }), candidateOf("bob", { slots: 0 })])).toBe(
    "It waits for an agent that offers general: ann is out of contact, bob has no free slot.",
  );
  expect(explained([candidateOf("ann")])).toBe("ann is about to get it.");
});

test.each<[AgentStatus, string]>([
  ["offline", "It waits for laptop-1, which is out of contact."],
  ["draining", "It waits for laptop-1, which is being drained."],
])("a task for one agent that is %s", (status, expected) => {
  expect(explained([candidateOf("laptop-1", { status }), candidateOf("ann")], { agent: laptop })).toBe(expected);
});

test("a task for one agent that is busy, or does not offer it", () => {
  expect(explained([candidateOf("laptop-1", { slots: 1 })], { agent: laptop }, new Map([[laptop, 1]]))).toBe(
    "It waits for laptop-1, which has no free slot.",
  );
  expect(explained([candidateOf("ann")], { agent: laptop })).toBe("It waits for laptop-1, which does not offer general here.");
});

test("what was handed over and not taken up says to whom, and whether that agent is there", () => {
  const attempts = [{ number: 1, agent: laptop, score: 1, status: "dispatched", dispatchedAt: startedAt - 4_000 }] as const;
  const handed = { ...task(), status: "dispatched", attempts } as const;
  const told = (status: AgentStatus) => explainWaiting(handed, [candidateOf("laptop-1", { status })], new Map(), startedAt);
  expect(told("online")).toBe("It was handed to laptop-1, 4 s ago, and is not taken up yet.");
  expect(told("degraded")).toBe("It was handed to laptop-1, which is out of contact, 4 s ago, and is not taken up yet.");
});

test("a pause after a failure is told with the failure, and what does not wait needs no word", () => {
  const failed = {
    ...task(),
    notBefore: startedAt + 9_500,
    attempts: [{ number: 1, agent: laptop, score: 1, status: "failed", dispatchedAt: 0, error: { kind: "work", message: "no disk left" } }],
  } as const;
  expect(explainWaiting(failed, [], new Map(), startedAt)).toBe("Attempt 1 ended (no disk left); the next attempt begins in 10 s.");
  expect(explainWaiting({ ...task(), status: "running" }, [], new Map(), startedAt)).toBeNull();
});
