import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentId, ProjectKey, RunRef, TaskId } from "../ids.ts";
import { defaultPolicy } from "../policy.ts";
import { attemptsSpent, hasEnded, isLive } from "./attempts.ts";
import { nextTaskTimer } from "./timers.ts";
import { submitTask, transitionTask } from "./transition.ts";
import type { TaskInput } from "./transition.ts";
import type { Task, TaskSpec } from "./state.ts";

const agent = fc.constantFrom("ann" as AgentId, "bob" as AgentId);
const attempt = fc.integer({ min: 1, max: 6 });
const kind = fc.constantFrom("infrastructure", "authentication", "configuration", "quota", "refused", "work" as const);
const body = fc.oneof(
  fc.record({ type: fc.constant("dispatched" as const), agent, score: fc.constant(1) }),
  fc.record({ type: fc.constant("accepted" as const), attempt, agent }),
  fc.record({ type: fc.constant("declined" as const), attempt, agent, reason: fc.constant("full") }),
  fc.record({ type: fc.constant("done" as const), attempt, agent, result: fc.integer() }),
  fc.record({ type: fc.constant("failed" as const), attempt, agent, error: fc.record({ kind, message: fc.constant("no") }) }),
  fc.record({ type: fc.constant("contact-lost" as const), agent, since: fc.nat(10_000_000) }),
  fc.record({ type: fc.constant("contact-regained" as const), agent }),
  fc.record({ type: fc.constant("time-passed" as const) }),
);
// Cancellation is rare, so that histories get long.
const input = fc.oneof({ weight: 60, arbitrary: body }, { weight: 1, arbitrary: fc.constant({ type: "cancelled" as const, by: "ada" }) });
// Moments jump back and forth: inputs come late, twice and in any order.
const moment = fc.oneof(fc.nat(10_000_000), fc.nat(200_000));
const history = fc.array(fc.record({ input, at: moment, twice: fc.boolean() }), { maxLength: 80 }).map((steps) =>
  steps.flatMap(({ input: each, at, twice }): TaskInput[] =>
    twice
      ? [
          { ...each, at },
          { ...each, at },
        ]
      : [{ ...each, at }],
  ),
);
const spec = fc.record({ maxAttempts: fc.integer({ min: 1, max: 4 }), session: fc.boolean() });

function newTask({ maxAttempts, session }: { maxAttempts: number; session: boolean }): Task {
  const plain: TaskSpec = {
    id: "mesh.t" as TaskId,
    capability: "c",
    payload: null,
    priority: 5,
    timeoutSeconds: 60,
    maxAttempts,
    wait: true,
  };
  const made = session ? { ...plain, session: { run: "1.1" as RunRef, step: "plan" as const } } : plain;
  return submitTask(made, "mesh" as ProjectKey, 0, defaultPolicy);
}

function check(property: (task: Task, before: Task, each: TaskInput) => void) {
  fc.assert(
    fc.property(spec, history, (of, inputs) => {
      let task = newTask(of);
      for (const each of inputs) {
        const answer = transitionTask(task, each, defaultPolicy);
        const next = answer.type === "moved" ? answer.state : task;
        property(next, task, each);
        task = next;
      }
    }),
    { numRuns: 500 },
  );
}

test("at most one attempt is live, it is the last, and the task's status says so", () => {
  check((task) => {
    const live = task.attempts.filter(({ status }) => isLive(status));
    expect(live.length).toBeLessThanOrEqual(1);
    if (live[0]) expect([task.attempts.at(-1), task.status]).toEqual([live[0], live[0].status]);
    else expect(["pending", "completed", "failed", "cancelled"]).toContain(task.status);
  });
});

test("an ended task never changes and has its moment", () => {
  check((task, before) => {
    if (hasEnded(before)) expect(task).toBe(before);
    expect(hasEnded(task)).toBe(task.endedAt !== undefined);
  });
});

test("attempts that cost never pass maxAttempts, and a failed attempt is only tried again while some are left", () => {
  check((task) => {
    expect(attemptsSpent(task)).toBeLessThanOrEqual(task.maxAttempts);
    if (task.status === "pending") expect(attemptsSpent(task)).toBeLessThan(task.maxAttempts);
  });
});

test("attempt numbers grow and none is used twice", () => {
  check((task, before) => {
    const numbers = task.attempts.map((each) => each.number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(task.attempts.at(-1)?.number ?? 0).toBeGreaterThanOrEqual(before.attempts.at(-1)?.number ?? 0);
  });
});

test("what was submitted never changes", () => {
  check((task, before) => {
    const kept = ({ id, capability, payload, priority, timeoutSeconds, maxAttempts, submittedAt }: Task) => [
      id,
      capability,
      payload,
      priority,
      timeoutSeconds,
      maxAttempts,
      submittedAt,
    ];
    expect(kept(task)).toEqual(kept(before));
  });
});

test("the repeat of an input changes nothing more, but that time may pass on", () => {
  check((task, _, each) => {
    if (each.type === "time-passed") return;
    const again = transitionTask(task, each, defaultPolicy);
    expect(again.type).toBe("ignored");
  });
});

test("a live plain attempt and a pending plain task always have a timer, and time-passed at it changes the task", () => {
  check((task) => {
    const due = nextTaskTimer(task, defaultPolicy);
    if (hasEnded(task)) return expect(due).toBeUndefined();
    if (task.session === undefined) expect(due).toBeDefined();
    if (due !== undefined) expect(transitionTask(task, { type: "time-passed", at: due }, defaultPolicy).type).toBe("moved");
  });
});
