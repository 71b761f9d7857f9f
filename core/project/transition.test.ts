import { describe, expect, test } from "vitest";
import type { AgentId, EffectId, QuestionId, TaskId } from "../ids.ts";
import { leftNoTrace } from "./lookup.ts";
import { candidateOf, Driver, everything, key, taskOf } from "./project-fixture.ts";

const id = (name: string): TaskId => `${key}.${name}` as TaskId;
const agent = "one" as AgentId;

describe("plain tasks", () => {
  test("go from submission through dispatch and acceptance to their end, each told once", () => {
    const drive = new Driver();
    expect(drive.types(drive.submit(taskOf("a")))).toEqual(["task-submitted"]);
    expect(drive.types(drive.offer(candidateOf("one")))).toEqual(["task-dispatched"]);
    const ended = drive.report(
      "one",
      { type: "task-accepted", taskId: id("a"), attempt: 1 },
      { type: "task-done", taskId: id("a"), attempt: 1, result: { ok: true } },
    );
    expect(drive.types(ended)).toEqual(["task-started", "attempt-ended", "task-ended"]);
    expect(ended.tasks.map(({ status, result }) => [status, result])).toEqual([["completed", { ok: true }]]);
  });

  test("a submission repeated with other tasks takes only those it does not know", () => {
    const drive = new Driver();
    drive.submit(taskOf("a"));
    const again = drive.submit(taskOf("a", { priority: 9 }), taskOf("b"));
    expect(again.tasks.map((task) => task.id)).toEqual([id("b")]);
    expect(leftNoTrace(drive.submit(taskOf("a"), taskOf("b")))).toBe(true);
  });

  test("are dispatched by priority, then age, while agents have room", () => {
    const drive = new Driver();
    drive.submit(taskOf("low", { priority: 1 }), taskOf("old"));
    drive.submit(taskOf("new"), taskOf("urgent", { priority: 9 }));
    const first = drive.offer(candidateOf("one", { slots: 3 }));
    expect(first.tasks.map((task) => task.id)).toEqual([id("urgent"), id("old"), id("new")]);
    expect(leftNoTrace(drive.offer(candidateOf("one", { slots: 3 })))).toBe(true);
    drive.report("one", { type: "task-done", taskId: id("old"), attempt: 1 });
    expect(drive.offer(candidateOf("one", { slots: 3 })).tasks.map((task) => task.id)).toEqual([id("low")]);
  });

  test("one capability without room does not hold back another", () => {
    const drive = new Driver();
    drive.submit(taskOf("a", { priority: 9 }), taskOf("b", { capability: "other" }));
    expect(drive.offer(candidateOf("two", { offers: ["other"] })).tasks.map((task) => task.id)).toEqual([id("b")]);
  });

  test("a report of an attempt that is over changes nothing but the journal", () => {
    const drive = new Driver();
    drive.submit(taskOf("a"));
    drive.offer(candidateOf("one"));
    drive.report("one", { type: "task-failed", taskId: id("a"), attempt: 1, kind: "work", message: "no" });
    const stale = drive.report("one", { type: "task-failed", taskId: id("a"), attempt: 1, kind: "work", message: "no" });
    expect(stale.tasks).toEqual([]);
    expect(stale.events).toMatchObject([{ type: "input-ignored", task: id("a"), data: { reason: "stale" } }]);
  });

  test("a late success of a superseded attempt is taken, the live one is taken back", () => {
    const drive = new Driver();
    drive.submit(taskOf("a"));
    drive.offer(candidateOf("one"));
    drive.report("one", { type: "task-accepted", taskId: id("a"), attempt: 1 });
    drive.say({ type: "time-passed" }, 121_000);
    drive.say({ type: "time-passed" }, 11_000);
    drive.offer(candidateOf("two"));
    const late = drive.report("one", { type: "task-done", taskId: id("a"), attempt: 1, result: 1 });
    expect(late.tasks[0]).toMatchObject({ status: "completed", result: 1 });
    expect(late.tasks[0]?.attempts.map(({ status }) => status)).toEqual(["completed", "cancelled"]);
  });

  test("reports at or below the number seen are dropped", () => {
    const drive = new Driver();
    drive.submit(taskOf("a"));
    drive.offer(candidateOf("one"));
    const body = { type: "task-accepted" as const, taskId: id("a"), attempt: 1 };
    drive.report("one", body);
    const again = drive.say({ type: "reports-received", agent, journal: "journal-1", reports: [{ seq: 1, at: drive.at, body }] });
    expect(again.applied).toEqual({ status: "ignored", reason: "repeated" });
    expect(leftNoTrace(again)).toBe(true);
    const other = drive.say({ type: "reports-received", agent, journal: "journal-2", reports: [{ seq: 1, at: drive.at, body }] });
    expect(other.reportsSeen).toEqual({ agent, journal: "journal-2", seq: 1 });
  });

  test("a declined handover costs no attempt and waits a moment", () => {
    const drive = new Driver();
    drive.submit(taskOf("a", { maxAttempts: 1 }));
    drive.offer(candidateOf("one"));
    expect(drive.say({ type: "handover-declined", task: id("a"), attempt: 1, reason: "no-slot" }).applied.status).toBe("applied");
    expect(leftNoTrace(drive.offer(candidateOf("one")))).toBe(true);
    drive.say({ type: "time-passed" }, 2_000);
    expect(drive.offer(candidateOf("one")).tasks[0]).toMatchObject({ status: "dispatched" });
    expect(drive.say({ type: "handover-declined", task: id("a"), attempt: 1, reason: "late" }).applied).toEqual({
      status: "ignored",
      reason: "stale",
    });
  });

  test("time changes only what is due", () => {
    const drive = new Driver();
    drive.submit(taskOf("short", { timeoutSeconds: 10, maxAttempts: 1 }), taskOf("long", { timeoutSeconds: 1_000 }));
    drive.offer(candidateOf("one"));
    for (const name of ["short", "long"]) drive.report("one", { type: "task-accepted", taskId: id(name), attempt: 1 });
    const passed = drive.say({ type: "time-passed" }, 15_000);
    expect(passed.tasks.map((task) => [task.id, task.status])).toEqual([[id("short"), "failed"]]);
  });
});

describe("cards", () => {
  test("start a run in Todo, once, with one view told", () => {
    const drive = new Driver();
    drive.configure();
    const started = drive.card(7);
    expect(started.runs).toHaveLength(1);
    expect(drive.types(started).filter((type) => type === "run-changed")).toHaveLength(1);
    expect(started.tasks.map(({ capability }) => capability)).toEqual(["tech-consultation"]);
    expect(leftNoTrace(drive.card(7))).toBe(true);
  });

  test("are refused before the project is configured, and ignored outside Todo", () => {
    const drive = new Driver();
    expect(drive.card(7).applied.reason).toBe("not-configured");
    drive.configure();
    expect(drive.card(7, { column: "Review" }).applied.reason).toBe("not-in-todo");
  });

  test("that are filtered are told when the reason changes, not at each poll", () => {
    const drive = new Driver();
    drive.configure();
    const filtered = drive.card(7, { authorCanWrite: false });
    expect(filtered.applied).toMatchObject({ status: "ignored", reason: "filtered" });
    expect(drive.types(filtered)).toEqual(["card-filtered"]);
    expect(leftNoTrace(drive.card(7, { authorCanWrite: false }))).toBe(true);
    expect(drive.types(drive.card(7, { labels: ["no-agent"] }))).toEqual(["card-filtered"]);
    expect(drive.card(7).filtered).toEqual([{ issue: 7, reason: null }]);
    expect(drive.project.run(7)?.phase).toBe("intake");
  });

  test("of more issues than may be active wait for their turn; it goes by priority, then age", () => {
    const drive = new Driver();
    drive.configure({ maxActiveRuns: 1 });
    drive.card(1);
    drive.card(2);
    drive.card(3, { labels: ["priority:9"] });
    expect([1, 2, 3].map((issue) => drive.project.run(issue)?.wait.for)).toEqual(["guidance", "turn", "turn"]);
    const cancelled = drive.say({ type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    expect(cancelled.runs.map(({ issue }) => issue).toSorted()).toEqual([1, 3]);
    expect([2, 3].map((issue) => drive.project.run(issue)?.wait.for)).toEqual(["turn", "guidance"]);
    drive.configure({ maxActiveRuns: 2 });
    expect(drive.project.run(2)?.wait.for).toBe("guidance");
  });

  test("a cancelled run's tasks and effects stay its own; a retry starts the next run", () => {
    const drive = new Driver();
    drive.configure();
    drive.card(1);
    const cancelled = drive.say({ type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    expect(cancelled.tasks.map(({ status }) => status)).toEqual(["cancelled"]);
    expect(drive.card(1).applied.reason).toBe("run-ended");
    drive.say({ type: "operator-commanded", issue: 1, command: "retry", by: "ann", reason: "" });
    expect(drive.project.run(1)).toMatchObject({ run: 2, phase: "intake" });
  });

  test("an ended run's card that leaves Todo and comes back starts the next run", () => {
    const drive = new Driver();
    drive.configure();
    drive.card(1);
    drive.say({ type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    drive.card(1, { column: "Backlog" });
    drive.card(1);
    expect(drive.project.run(1)).toMatchObject({ run: 2, phase: "intake" });
  });

  test("a command to nothing is refused and journaled", () => {
    const drive = new Driver();
    drive.configure();
    const refused = drive.say({ type: "operator-commanded", issue: 9, command: "pause", by: "ann", reason: "" });
    expect(refused.applied).toEqual({ status: "refused", reason: "unknown-run" });
    expect(drive.types(refused)).toEqual(["input-refused"]);
  });

  test("observations of an older run's branch are stale", () => {
    const drive = new Driver();
    drive.configure();
    drive.card(1);
    drive.say({ type: "operator-commanded", issue: 1, command: "cancel", by: "ann", reason: "" });
    drive.say({ type: "operator-commanded", issue: 1, command: "retry", by: "ann", reason: "" });
    const old = drive.say({ type: "branch-observed", branch: "mesh/1.1", sha: "a".repeat(40), commits: 1 });
    expect(old.applied).toEqual({ status: "ignored", reason: "stale" });
    expect(drive.say({ type: "branch-observed", branch: "feature/x", sha: "a".repeat(40), commits: 1 }).applied.reason).toBe(
      "not-of-a-run",
    );
  });
});

describe("cascades", () => {
  test("a task that ends moves its run, whose next task and effects come in the same change", () => {
    const drive = new Driver();
    drive.configure();
    const consultation = drive.card(1).tasks[0];
    drive.offer(everything);
    const ended = drive.say({
      type: "attempt-ended",
      task: consultation?.id ?? id("none"),
      attempt: 1,
      agent: everything.agent,
      usd: 0.01,
      outcome: { done: { guidance: "Do it well." } },
    });
    expect(drive.project.run(1)?.phase).toBe("planning");
    expect(ended.tasks.map(({ status }) => status)).toEqual(["completed", "pending"]);
    expect(ended.outboxAdd.map(({ kind }) => kind)).toContain("move-card");
    expect(drive.types(ended).filter((type) => type === "run-changed")).toHaveLength(1);
  });

  test("an effect is retried with backoff, waits for the time the outside names, and is given up after eight failures", () => {
    const drive = new Driver();
    drive.configure();
    const effect = drive.card(1).outboxAdd[0]?.id ?? ("" as EffectId);
    const failed = { type: "effect-failed" as const, effect, code: "http-502", message: "bad gateway", retryable: true };
    expect(drive.say(failed).outboxRetry).toEqual([{ id: effect, tries: 1, at: drive.at + 10_000 }]);
    const named = drive.at + 3_600_000;
    expect(drive.say({ ...failed, retryAt: named }).outboxRetry).toEqual([{ id: effect, tries: 2, at: named }]);
    for (let tries = 3; tries < 8; tries += 1) expect(drive.say(failed).outboxRetry).toHaveLength(1);
    expect(drive.say(failed).outboxRemove).toEqual([effect]);
    expect(drive.say(failed).applied).toEqual({ status: "ignored", reason: "stale" });
  });

  test("an answer to no question is refused", () => {
    const drive = new Driver();
    drive.configure();
    drive.card(1);
    const question = `${key}.q1-1-9` as QuestionId;
    const answered = drive.say({ type: "human-answered", question, answers: ["yes"], by: "ann", via: "api" });
    expect(answered.applied).toEqual({ status: "refused", reason: "unknown-question" });
  });

  test("settings out of range change nothing", () => {
    const drive = new Driver();
    const refused = drive.configure({ maxActiveRuns: 0 });
    expect(refused.applied).toMatchObject({ status: "refused", reason: "invalid-policy", detail: "maxActiveRuns" });
    expect(drive.project.configuration).toBeNull();
  });
});
