import { describe, expect, test } from "vitest";
import type { AgentId, ProjectKey, RunRef, TaskId } from "../ids.ts";
import { defaultPolicy } from "../policy.ts";
import { hourMs, minuteMs } from "../time.ts";
import { dispatchable, liveAttempt } from "./attempts.ts";
import { nextTaskTimer } from "./timers.ts";
import { submitTask, transitionTask } from "./transition.ts";
import type { TaskInput } from "./transition.ts";
import { viewTask } from "./view.ts";
import type { FailureKind, Task, TaskError, TaskSpec } from "./state.ts";

const [ann, bob] = ["ann" as AgentId, "bob" as AgentId];
const start = 1_000_000;
const spec: TaskSpec = {
  id: "mesh.t1" as TaskId,
  capability: "research",
  payload: { topic: "x" },
  priority: 5,
  timeoutSeconds: 120,
  maxAttempts: 3,
  wait: true,
};
const session = { ...spec, run: "12.1" as RunRef, session: { run: "12.1" as RunRef, step: "plan" as const } };
const boom: TaskError = { kind: "work", message: "boom" };

const plainTask = submitTask(spec, "mesh" as ProjectKey, start, defaultPolicy);
const sessionTask = submitTask(session, "R_1" as ProjectKey, start, defaultPolicy);

function step(task: Task, input: TaskInput) {
  const moved = transitionTask(task, input, defaultPolicy);
  if (moved.type === "ignored") throw new Error(`ignored: ${moved.reason}`);
  return moved;
}
const after = (task: Task, ...inputs: TaskInput[]): Task => inputs.reduce((state, input) => step(state, input).state, task);
const ignoredBecause = (task: Task, input: TaskInput) => {
  const answer = transitionTask(task, input, defaultPolicy);
  return answer.type === "ignored" ? answer.reason : `moved to ${answer.state.status}`;
};
const given = (at: number, agent = ann): TaskInput => ({ type: "dispatched", at, agent, score: 0.9 });
const takes = (attempt: number, at: number, agent = ann): TaskInput => ({ type: "accepted", at, attempt, agent });
const finishes = (attempt: number, at: number, agent = ann): TaskInput => ({ type: "done", at, attempt, agent, result: { n: attempt } });
const fails = (attempt: number, at: number, agent = ann, error = boom): TaskInput => ({ type: "failed", at, attempt, agent, error });
const declines = (attempt: number, at: number, agent = ann): TaskInput => ({ type: "declined", at, attempt, agent, reason: "full" });
const time = (at: number): TaskInput => ({ type: "time-passed", at });
const eventsOf = (task: Task, input: TaskInput) => step(task, input).events.map(({ type }) => type);

describe("a plain task", () => {
  test("goes pending → dispatched → running → completed, with its result", () => {
    const dispatched = step(plainTask, given(start + 1));
    expect(dispatched.state.status).toBe("dispatched");
    expect(dispatched.events).toEqual([
      { type: "task-dispatched", task: spec.id, agent: ann, data: { capability: "research", attempt: 1, score: 0.9 } },
    ]);
    const running = step(dispatched.state, takes(1, start + 2));
    expect(running.state.status).toBe("running");
    expect(running.events.map(({ type }) => type)).toEqual(["task-started"]);
    const completed = step(running.state, finishes(1, start + 3));
    expect(completed.state).toMatchObject({ status: "completed", endedAt: start + 3, result: { n: 1 } });
    expect(completed.events).toEqual([
      { type: "attempt-ended", task: spec.id, agent: ann, data: { capability: "research", attempt: 1, status: "completed" } },
      { type: "task-ended", task: spec.id, agent: ann, data: { capability: "research", status: "completed" } },
    ]);
  });

  test("completes without having been accepted", () => {
    expect(after(plainTask, given(start), finishes(1, start + 1)).status).toBe("completed");
  });

  test("is tried again after a failure with payload, priority and timeout unchanged, 10 s then 20 s later", () => {
    const once = after(plainTask, given(start), fails(1, start + 5));
    expect(once).toMatchObject({
      status: "pending",
      notBefore: start + 5 + 10_000,
      payload: spec.payload,
      priority: 5,
      timeoutSeconds: 120,
    });
    expect(once.expiresAt).toBe(start + 5 + 2 * hourMs);
    expect(ignoredBecause(once, given(start + 6))).toBe("not-yet");
    expect(nextTaskTimer(once, defaultPolicy)).toBe(once.notBefore);
    const twice = after(once, given(start + 20_000, bob), fails(2, start + 20_001, bob));
    expect(twice.notBefore).toBe(start + 20_001 + 20_000);
  });

  test("fails with every attempt's error when none is left", () => {
    const failed = after(
      plainTask,
      given(start),
      fails(1, start),
      given(start + minuteMs, bob),
      fails(2, start + minuteMs, bob),
      given(start + 2 * minuteMs),
      time(start + 4 * minuteMs),
    );
    expect(failed).toMatchObject({ status: "failed", endedAt: start + 4 * minuteMs, error: { kind: "timed-out" } });
    expect(failed.attempts.map(({ status, error }) => [status, error?.kind])).toEqual([
      ["failed", "work"],
      ["failed", "work"],
      ["timed-out", "timed-out"],
    ]);
  });

  test("an attempt times out timeoutSeconds after its handover, or after it was accepted", () => {
    const dispatched = after(plainTask, given(start));
    expect(ignoredBecause(dispatched, time(start + 29_999))).toBe("nothing-due");
    expect(after(dispatched, time(start + 120_000))).toMatchObject({ status: "pending", attempts: [{ status: "timed-out" }] });
    const running = after(dispatched, takes(1, start + 60_000));
    expect(nextTaskTimer(running, defaultPolicy)).toBe(start + 180_000);
    expect(ignoredBecause(running, time(start + 179_999))).toBe("nothing-due");
    expect(after(running, time(start + 180_000)).status).toBe("pending");
  });

  test("an unconfirmed handover is repeated every 30 s, a confirmed one never", () => {
    const dispatched = after(plainTask, given(start));
    expect(nextTaskTimer(dispatched, defaultPolicy)).toBe(start + 30_000);
    const repeated = step(dispatched, time(start + 30_500));
    expect([liveAttempt(repeated.state)?.handoverAt, repeated.events]).toEqual([start + 60_500, []]);
    expect(liveAttempt(after(dispatched, takes(1, start)))?.handoverAt).toBeUndefined();
  });

  test("a late success is taken: the attempt that replaced it is dropped", () => {
    const replaced = after(plainTask, given(start), fails(1, start), given(start + minuteMs, bob), takes(2, start + minuteMs, bob));
    const taken = step(replaced, finishes(1, start + 2 * minuteMs));
    expect(taken.state).toMatchObject({ status: "completed", result: { n: 1 } });
    expect(taken.state.attempts.map(({ status }) => status)).toEqual(["completed", "cancelled"]);
    expect(taken.events.map(({ type, agent }) => [type, agent])).toEqual([
      ["attempt-ended", bob],
      ["attempt-ended", ann],
      ["task-ended", ann],
    ]);
  });

  test("a late success is taken while the task waits for its next attempt", () => {
    expect(after(plainTask, given(start), time(start + 120_000), finishes(1, start + 120_001))).toMatchObject({ status: "completed" });
  });

  test("a late failure is stale, and so is a success of an attempt that was declined", () => {
    expect(ignoredBecause(after(plainTask, given(start), fails(1, start)), fails(1, start + 1))).toBe("stale");
    expect(ignoredBecause(after(plainTask, given(start), declines(1, start)), finishes(1, start + 1))).toBe("stale");
  });

  test("a declined handover costs no attempt and is tried again after 1 s, 2 s, … at most 10 s", () => {
    let task = plainTask;
    const waits: number[] = [];
    for (let at = start, n = 1; n <= 8; n++) {
      task = after(task, given(at), declines(n, at));
      waits.push((task.notBefore ?? 0) - at);
      at = task.notBefore ?? 0;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
    expect(task.attempts.map(({ number }) => number)).toEqual([4, 5, 6, 7, 8]);
    expect(task.expiresAt).toBe(plainTask.expiresAt);
    expect(after(task, given(start + hourMs), fails(9, start + hourMs)).notBefore).toBe(start + hourMs + 10_000);
  });

  test("expires when nobody took it in two hours", () => {
    expect(nextTaskTimer(plainTask, defaultPolicy)).toBe(start + 2 * hourMs);
    expect(dispatchable(plainTask, start + 2 * hourMs)).toBe(false);
    const expired = step(plainTask, time(start + 2 * hourMs));
    expect(expired.state).toMatchObject({ status: "failed", error: { kind: "expired" } });
    expect(expired.events.map(({ type }) => type)).toEqual(["task-ended"]);
  });

  test("the end of the backoff is a wake-up and comes once", () => {
    const waiting = after(plainTask, given(start), fails(1, start));
    const awake = after(waiting, time(start + 10_000));
    expect([dispatchable(awake, start + 10_000), nextTaskTimer(awake, defaultPolicy)]).toEqual([true, start + 2 * hourMs]);
  });

  test("lost contact changes nothing: it has a deadline", () => {
    expect(ignoredBecause(after(plainTask, given(start)), { type: "contact-lost", at: start, agent: ann, since: start })).toBe(
      "has-a-deadline",
    );
  });
});

describe("a session's task", () => {
  const running = after(sessionTask, given(start), takes(1, start));
  const lost = (since: number): TaskInput => ({ type: "contact-lost", at: since + 120_000, agent: ann, since });

  test("never expires and has no deadline", () => {
    expect([sessionTask.expiresAt, nextTaskTimer(sessionTask, defaultPolicy)]).toEqual([undefined, undefined]);
    expect(ignoredBecause(running, time(start + 3 * hourMs))).toBe("nothing-due");
  });

  test("ends at its active-time limit of 4 h and one hold of 10 min, for good", () => {
    expect(nextTaskTimer(running, defaultPolicy)).toBe(start + 4 * hourMs + 10 * minuteMs);
    expect(after(running, time(start + 4 * hourMs + 10 * minuteMs))).toMatchObject({ status: "failed", error: { kind: "timed-out" } });
  });

  test("a short network cut costs nothing", () => {
    const cut = after(running, lost(start + minuteMs));
    expect(liveAttempt(cut)?.unreachableSince).toBe(start + minuteMs);
    const back = after(cut, { type: "contact-regained", at: start + 5 * minuteMs, agent: ann });
    expect(back).toEqual(running);
  });

  test("only 15 min after contact was lost may another attempt begin", () => {
    const cut = after(running, lost(start + minuteMs));
    expect(nextTaskTimer(cut, defaultPolicy)).toBe(start + 16 * minuteMs);
    expect(ignoredBecause(cut, time(start + 16 * minuteMs - 1))).toBe("nothing-due");
    const waiting = after(cut, time(start + 16 * minuteMs));
    expect(waiting).toMatchObject({ status: "pending", attempts: [{ status: "lost" }] });
    expect(waiting.expiresAt).toBeUndefined();
  });

  test("contact is not counted as lost before the handover", () => {
    expect(liveAttempt(after(sessionTask, given(start), lost(start - hourMs)))?.unreachableSince).toBe(start);
  });

  test("a success of a superseded attempt is stale", () => {
    const waiting = after(running, lost(start), time(start + 15 * minuteMs));
    expect(ignoredBecause(waiting, finishes(1, start + hourMs))).toBe("stale");
  });

  test.each<[FailureKind, Task["status"]]>([
    ["infrastructure", "pending"],
    ["work", "failed"],
    ["authentication", "failed"],
    ["configuration", "failed"],
    ["quota", "failed"],
    ["refused", "failed"],
  ])("a failure of kind %s leaves it %s", (kind, status) => {
    expect(after(running, fails(1, start + 1, ann, { kind, message: "no" })).status).toBe(status);
  });

  test("its events name the issue and run", () => {
    expect(step(sessionTask, given(start)).events[0]).toMatchObject({ issue: 12, run: 1 });
  });
});

describe("any task", () => {
  const running = after(plainTask, given(start), takes(1, start));

  test.each<[string, Task, TaskInput, string]>([
    ["a second handover", after(plainTask, given(start)), given(start + 1), "already-dispatched"],
    ["a second acceptance", running, takes(1, start + 1), "already-started"],
    ["an attempt that never was", running, finishes(2, start), "unknown-attempt"],
    ["someone else's attempt", running, finishes(1, start, bob), "not-your-attempt"],
    ["someone else's failure", running, fails(1, start, bob), "not-your-attempt"],
    ["contact of another agent", running, { type: "contact-lost", at: start, agent: bob, since: start }, "not-with-this-agent"],
    ["anything after the end", after(running, finishes(1, start)), fails(1, start), "task-ended"],
  ])("ignores %s", (_, task, input, reason) => expect(ignoredBecause(task, input)).toBe(reason));

  test("is cancelled in any state, with the live attempt", () => {
    const cancel: TaskInput = { type: "cancelled", at: start + 9, by: "ada" };
    expect(eventsOf(plainTask, cancel)).toEqual(["task-ended"]);
    expect(step(running, cancel).state).toMatchObject({
      status: "cancelled",
      endedAt: start + 9,
      error: { message: "cancelled by ada" },
      attempts: [{ status: "cancelled" }],
    });
    expect(nextTaskTimer(step(running, cancel).state, defaultPolicy)).toBeUndefined();
  });

  test("error messages in events are short", () => {
    const long = step(running, fails(1, start, ann, { kind: "work", message: "x".repeat(4_000) }));
    expect(JSON.stringify(long.events).length).toBeLessThan(1_000);
    expect(long.state.attempts[0]?.error?.message).toHaveLength(4_000);
  });

  test("its view holds payload and result only when asked for", () => {
    const completed = after(running, finishes(1, start));
    expect(viewTask(completed, { full: true })).toMatchObject({ payload: spec.payload, result: { n: 1 }, run: null });
    expect(Object.keys(viewTask(completed, { full: false }))).not.toContain("payload");
    expect(viewTask(sessionTask, { full: false }).run).toBe("12.1");
  });
});
