import { describe, expect, test } from "vitest";
import type { ProjectKey } from "../core/ids.ts";
import type { Assignment, Command } from "../core/protocol/frames.ts";
import { framesOf, OutstandingWork } from "./agent-mailbox-work.ts";

const project = "P_1" as ProjectKey;
const item = (taskId: string, payload: Assignment["payload"] = null): Assignment => ({
  taskId,
  attempt: 1,
  capability: "c",
  payload,
  priority: 5,
  timeoutSeconds: 60,
});
const command = (taskId: string): Command => ({ commandId: `tell.${taskId}`, taskId, attempt: 1, body: { type: "nudge" } });
const ref = (taskId: string) => ({ taskId, attempt: 1 });
const ids = (items: readonly { taskId: string }[]) => items.map(({ taskId }) => taskId);
const none = new Set<string>();

function holding(...taskIds: string[]) {
  const work = new OutstandingWork();
  for (const taskId of taskIds) work.add(project, item(taskId));
  return work;
}

describe("slots", () => {
  test.each(["task-done", "parked", "stopped", "task-declined", "task-failed"] as const)("%s frees one, before it is committed", (type) => {
    const work = holding("a", "b");
    work.command(project, command("a"));
    const body = { ...ref("a"), type, reason: "r", kind: "work", message: "m", questionId: "q" } as never;
    expect([work.heard(body), work.size, work.countOf(project), work.hasEnded(ref("a"))]).toEqual([true, 1, 1, true]);
    expect([work.heard(body), work.unsent(1, []).commands]).toEqual([false, []]);
    work.committed([body]);
    expect(work.hasEnded(ref("a"))).toBe(false);
  });

  test("other reports keep it", () => {
    const work = holding("a");
    expect(work.heard({ ...ref("a"), type: "task-accepted" })).toBe(false);
    expect(work.size).toBe(1);
  });

  test("a capability with slots of its own neither takes nor lacks the shared ones", () => {
    const work = holding("a");
    const own = (taskId: string): Assignment => ({ ...item(taskId), capability: "look", ownSlots: 1 });
    expect([work.fits(item("b"), 1), work.fits(own("l"), 1)]).toEqual([false, true]);
    work.add(project, own("l"));
    work.add(project, own("l"));
    expect([work.fits(item("b"), 2), work.fits(own("m"), 2)]).toEqual([true, false]);
    work.revoke([ref("l")]);
    expect(work.fits(own("m"), 2)).toBe(true);
  });

  test("what is revoked is free", () => {
    const work = holding("a", "b");
    expect([work.revoke([ref("a"), ref("z")]), work.size]).toEqual([true, 1]);
    expect(work.revoke([ref("a"), { ...ref("b"), attempt: 7 }])).toBe(false);
  });
});

describe("a new connection", () => {
  test("gets what was not sent on it, but what the agent still works on", () => {
    const work = holding("a", "b", "c");
    work.command(project, command("b"));
    work.sent({ assignments: [item("a")], commands: [] }, 1, 0);
    expect(ids(work.unsent(1, [ref("b")]).assignments)).toEqual(["c"]);
    expect(ids(work.unsent(2, [ref("b")]).assignments)).toEqual(["a", "c"]);
    expect(ids(work.unsent(2, []).commands)).toEqual(["b"]);
  });

  test("names attempts that are no longer the agent's, but not those whose end is on its way", () => {
    const work = holding("a", "b");
    work.heard({ ...ref("b"), type: "task-done" });
    expect(work.strays([ref("a"), ref("b"), ref("c")])).toEqual([ref("c")]);
  });
});

describe("after asking the orchestrators", () => {
  test("what they no longer have is let go, what they have more is added", () => {
    const work = holding("old", "kept");
    const before = work.snapshot();
    work.add(project, item("meanwhile"));
    work.add("P_2" as ProjectKey, item("other"));
    work.align(
      project,
      { assignments: [item("kept"), item("new"), item("arriving")], commands: [command("new")] },
      before,
      new Set(["arriving:1"]),
    );
    expect(ids(work.unsent(1, []).assignments)).toEqual(["kept", "meanwhile", "other", "new"]);
    expect(ids(work.unsent(1, []).commands)).toEqual(["new"]);
  });

  test("an end that is not committed yet is not undone", () => {
    const work = holding("a");
    work.heard({ ...ref("a"), type: "task-done" });
    work.align(project, { assignments: [item("a")], commands: [] }, none, none);
    expect(work.size).toBe(0);
  });
});

test("a long-poll is told once, and again 30 s later while nothing is accepted", () => {
  const work = holding("a", "b");
  const told = work.due(100_000);
  work.sent(told, 0, 100_000);
  expect([ids(told.assignments), work.due(129_999).assignments, ids(work.due(130_000).assignments)]).toEqual([["a", "b"], [], ["a", "b"]]);
  work.heard({ ...ref("a"), type: "task-accepted" });
  expect(ids(work.due(130_000).assignments)).toEqual(["b"]);
});

test("frames share assignments up to a part of their limit", () => {
  const small = Array.from({ length: 50 }, (_, index) => item(`t${index}`));
  expect(framesOf({ assignments: small, commands: [command("t1")] }, 1_048_576).map(({ type }) => type)).toEqual(["assign", "command"]);
  const large = Array.from({ length: 10 }, (_, index) => item(`t${index}`, "ä".repeat(130_000)));
  const frames = framesOf({ assignments: large, commands: [] }, 1_048_576);
  expect(frames.flatMap((frame) => (frame.type === "assign" ? ids(frame.assignments) : []))).toEqual(ids(large));
  for (const frame of frames) expect(new TextEncoder().encode(JSON.stringify(frame)).length).toBeLessThanOrEqual(1_048_576);
});
