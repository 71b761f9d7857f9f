import { describe, expect, test } from "vitest";
import { ScriptedRun, cardAt, laptop, policyOf, profile, sha } from "../../tests/support/scripted-run.ts";
import { startRun } from "./start-run.ts";

const minute = 60_000;
const auto = { merge: "auto", qa: { testCommand: "npm test" }, deployment: { healthUrl: "https://app.test/healthz" } } as const;
const promptOf = (run: ScriptedRun) => (run.submitted[0]?.payload as { prompt: string } | undefined)?.prompt ?? "";
const command = (name: "retry" | "advance" | "pause" | "resume") => ({
  type: "operator-commanded" as const,
  issue: 12,
  command: name,
  by: "op",
  reason: "",
});

describe("what was pushed counts", () => {
  test("a session that pushed, broke off and had nothing left to do has done its work", () => {
    const run = new ScriptedRun().toImplementation().pushed().failed("lost").wait(10_000).accepted().done(null);
    expect(run.run.wait.for).toBe("pull-request");
  });
  test("a rework that leaves the head as it was has not", () => {
    const run = new ScriptedRun({ policy: { ...auto, merge: "human" } })
      .toQa()
      .tested()
      .pullSeen({ changesRequested: [{ id: "r", author: "bob", body: "better" }] });
    run.accepted().done(null);
    expect(run.run).toMatchObject({ phase: "implementation", wait: { for: "slot" }, emptyEnds: 1 });
  });
  test("a plan in between starts the count of empty ends anew", () => {
    const run = new ScriptedRun()
      .toPlanSession()
      .done(null)
      .accepted()
      .report({ type: "plan", markdown: "# Plan" })
      .done(null)
      .done({ approve: false, confidence: 1, feedback: "no" });
    run.accepted().done(null);
    expect(run.run).toMatchObject({ phase: "planning", wait: { for: "slot" } });
  });
});

describe("what is merged is merged", () => {
  const merging = () => new ScriptedRun({ policy: auto }).toQa().tested();
  test("although a human sent the work back before the result came", () => {
    const run = merging();
    const merge = run.effect("merge-pull-request");
    run.moveSettled().observe("In Progress");
    expect(run.run.phase).toBe("implementation");
    run.effectDone(merge, { kind: "merged", sha: sha("c") });
    expect(run.run).toMatchObject({ phase: "review", wait: { for: "deployment" }, mergedSha: sha("c") });
    expect(run.cancelled).toHaveLength(1);
  });
  test("and once: what GitHub still says of it in the next round is old", () => {
    const run = merging();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merged", sha: sha("c") }).wait(10 * minute);
    expect(run.run.phase).toBe("planning");
    run
      .accepted()
      .report({ type: "plan", markdown: "# Repair" })
      .done(null)
      .done({ approve: true, confidence: 1, feedback: "" })
      .accepted();
    run.pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") });
    expect(run.run).toMatchObject({ phase: "implementation", wait: { for: "session" } });
  });
  test("a decision about the merge is asked no more", () => {
    const run = merging();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merge-refused", because: "protected", message: "review needed" });
    run.pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") });
    expect(run.run.holds).toEqual([]);
    expect(run.run.questions.at(-1)?.status).toBe("withdrawn");
  });
  test("nothing is merged over a request for changes", () => {
    const run = new ScriptedRun({ policy: auto })
      .toQa()
      .pullSeen({ changesRequested: [{ id: "r", author: "bob", body: "better" }] })
      .tested();
    expect(run.run).toMatchObject({ phase: "implementation", cycles: { review: 1 } });
    expect(run.effects("merge-pull-request")).toEqual([]);
  });
  test("refused since the head moved → looked at, tested again", () => {
    const run = merging();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merge-refused", because: "head-moved", message: "" });
    expect(run.effect("observe-pull-request").number).toBe(7);
    run.moveSettled().pullSeen({ headSha: sha("b") });
    expect(run.run).toMatchObject({ phase: "qa", head: { sha: sha("b") } });
  });
});

describe("tests", () => {
  test("a result counts when its step has ended", () => {
    const run = new ScriptedRun({ policy: { ...auto, qa: { testCommand: "npm test", checks: true } } }).toQa().accepted();
    run
      .report({ type: "test-results", results: { command: "t", exitCode: 0, timedOut: false, format: "none", failures: [], tail: "" } })
      .pullSeen({ checks: "green" });
    expect(run.run.phase).toBe("qa");
    expect(run.done(null).run.phase).toBe("review");
  });
  test("a step without results is a broken session; the third in a row asks a person", () => {
    const run = new ScriptedRun({ policy: auto }).toQa().accepted().done(null);
    run.wait(10_000).accepted().done(null).wait(20_000).accepted().done(null);
    expect(run.run.holds).toMatchObject([{ kind: "question" }]);
  });
  test("out of time is red", () => {
    expect(new ScriptedRun({ policy: auto }).toQa().tested({ exitCode: null, timedOut: true }).run).toMatchObject({
      phase: "planning",
      cycles: { qa: 1 },
    });
  });
  test("the pull request's first reading counts its checks", () => {
    const run = new ScriptedRun({ policy: { merge: "human", qa: { checks: true } } }).toPullRequest().pullSeen({ checks: "green" });
    expect(run.run.phase).toBe("review");
  });
});

describe("GitHub will not", () => {
  test("a card move that was given up is no human's move; try again moves it", () => {
    const run = new ScriptedRun().toPlanReview().done({ approve: true, confidence: 1, feedback: "" });
    run.hear({ type: "effect-gave-up", effect: run.effect("move-card"), code: "github-500", message: "down" });
    expect(run.observe("Planning").run).toMatchObject({ phase: "implementation", cycles: { planning: 0 } });
    run.answer(run.openQuestion, "Try again");
    expect(run.effect("move-card").column).toBe("inProgress");
    expect(run.run.holds).toEqual([]);
  });
  test("deciding on the card's move leaves the plan review alone", () => {
    const run = new ScriptedRun().toIntake().done({ guidance: "g" });
    const move = run.effect("move-card");
    run.accepted().report({ type: "plan", markdown: "# Plan" }).done(null);
    const review = run.task;
    run.hear({ type: "effect-gave-up", effect: move, code: "x", message: "down" }).answer(run.openQuestion, "Try again");
    expect(run.submitted).toEqual([]);
    expect(run.task).toBe(review);
  });
  test("a phase left behind takes its given-up effects along", () => {
    const run = new ScriptedRun().toIntake().done({ guidance: "g" });
    run.hear({ type: "effect-gave-up", effect: run.effect("move-card"), code: "x", message: "down" }).accepted();
    run.report({ type: "plan", markdown: "# Plan" }).done(null).done({ approve: true, confidence: 1, feedback: "" });
    expect(run.run).toMatchObject({ phase: "implementation", holds: [], wait: { for: "slot" } });
  });
  test("pull request refused → a person decides; the branch gone → pushed again", () => {
    const refused = new ScriptedRun().toPullRequest();
    refused.effectDone(refused.effect("open-pull-request"), { kind: "pull-request-refused", because: "refused", message: "no" });
    expect(refused.answer(refused.openQuestion, "Try again").effects("open-pull-request")).toHaveLength(1);
    const gone = new ScriptedRun().toPullRequest();
    gone.effectDone(gone.effect("open-pull-request"), { kind: "pull-request-refused", because: "branch-missing", message: "gone" });
    expect(gone.run).toMatchObject({ phase: "implementation", wait: { step: "rework" } });
  });
});

describe("fences", () => {
  test("a run that may have opened a pull request unheard has it closed by its branch", () => {
    const old = new ScriptedRun().toPullRequest().moveSettled().observe("Todo").run;
    expect(old.phase).toBe("cancelled");
    const started = startRun(cardAt("Todo"), 2, { policy: policyOf(), profile, earlierUsd: 0 }, 9_000, old);
    expect(started.effects).toMatchObject([
      { effect: { kind: "close-pull-request", number: 0, branch: "mesh/12.1", orderKey: "12.pull" } },
    ]);
  });
  test("one that never implemented, or has merged, has none", () => {
    const planned = new ScriptedRun().toPlanSession().observe("Todo").run;
    expect(startRun(cardAt("Todo"), 2, { policy: policyOf(), profile, earlierUsd: 0 }, 9_000, planned).effects).toEqual([]);
  });
  test("what is said to a session names the attempt that accepted", () => {
    const run = new ScriptedRun().toPlanning();
    run.hear({ type: "task-started", task: run.task, attempt: 3, agent: laptop }).observe("Planning", { title: "New" });
    expect(run.effect("tell-session").attempt).toBe(3);
  });
  test("a plan or results out of their phase are stale", () => {
    const run = new ScriptedRun().toImplementation();
    expect(run.report({ type: "plan", markdown: "# Other" }).ignored).toBe("stale");
    expect(run.run.planApprovedBy).toBeDefined();
    expect(run.report({ type: "branch-pushed", branch: "mesh/12.9", sha: sha("a"), commits: 1 }).ignored).toBe("foreign-branch");
    expect(run.report({ type: "session-started", sessionId: "R_other.7.1", conversationId: "theirs" }).ignored).toBe("foreign-session");
    expect(run.run.session.conversationId).toBe("c-1");
  });
});

describe("nothing starts while held", () => {
  test("a step that waits for a slot is taken back by a pause, and asked for in the same words after it", () => {
    const run = new ScriptedRun().toPlanning();
    const prompt = promptOf(new ScriptedRun().toIntake().done({ guidance: "Mind the time zones." }));
    run.hear(command("pause"));
    expect(run.cancelled).toHaveLength(1);
    expect(promptOf(run.hear(command("resume")))).toBe(prompt);
  });
  test("an issue that has spent its money in earlier runs asks before its first session", () => {
    const run = new ScriptedRun({ earlierUsd: 5 }).toIntake().done({ guidance: "g" });
    expect(run.submitted).toEqual([]);
    expect(run.run.holds).toMatchObject([{ kind: "budget" }]);
    expect(run.answer(run.openQuestion, "Continue").submitted).toHaveLength(1);
  });
  test("a paused run takes no turn", () => {
    const run = new ScriptedRun().hear(command("pause")).toIntake();
    expect(run.ignored).toBe("paused");
    expect(run.hear(command("resume")).toIntake().run.wait.for).toBe("guidance");
  });
  test("steering that comes while the step waits for a slot is said when it is accepted", () => {
    const run = new ScriptedRun().toPlanning().observe("Planning", { title: "New title" });
    expect(run.actions).toEqual([]);
    expect(run.accepted().effect("tell-session").command).toMatchObject({ type: "prompt", text: expect.stringContaining("New title") });
    expect(run.run.steering).toEqual([]);
  });
  test("one known to the prompt is not said again, and is not lost when the agent never takes it", () => {
    const run = new ScriptedRun()
      .toPlanReview()
      .observe("Planning", { body: "Also in CSV." })
      .done({ approve: false, confidence: 1, feedback: "no" });
    run.failed("expired").wait(10_000);
    expect(promptOf(run)).toContain("Also in CSV.");
    expect(run.accepted().effects("tell-session")).toEqual([]);
  });
});

describe("an operator tries again", () => {
  test("what a person was asked about is withdrawn and done", () => {
    const run = new ScriptedRun().toPlanReview().failed("infrastructure").hear(command("retry"));
    expect(run.submitted[0]?.capability).toBe("plan-review");
    expect(run.run.holds).toEqual([]);
    expect(run.run.questions.at(-1)?.status).toBe("withdrawn");
  });
  test("advance in each phase", () => {
    expect(new ScriptedRun().toIntake().hear(command("advance")).run.phase).toBe("planning");
    expect(new ScriptedRun().toPlanSession().hear(command("advance")).ignored).toBe("no-plan-yet");
    expect(new ScriptedRun().toImplementation().hear(command("advance")).ignored).toBe("no-commits-yet");
    expect(new ScriptedRun().toImplementation().pushed().hear(command("advance")).run.wait.for).toBe("pull-request");
    expect(new ScriptedRun({ policy: auto }).toQa().hear(command("advance")).run.phase).toBe("review");
  });
});

describe("a question", () => {
  const ask = (askId: string, text = "Which colour?") => ({
    type: "ask" as const,
    askId,
    questions: [{ text, options: [], multiple: false }],
    context: "",
  });
  test("the same asking again is the same question, and an answer already given is given again", () => {
    const run = new ScriptedRun().toImplementation().report(ask("a"));
    run.answer(run.openQuestion, "Blue").report(ask("b"));
    expect(run.run.questions).toHaveLength(1);
    expect(run.effect("tell-session").command).toMatchObject({ type: "answer", askId: "b", answers: ["Blue"] });
  });
  test("reminded after 30 min, then every 4 h", () => {
    const run = new ScriptedRun().toImplementation().report(ask("a"));
    run.hear({
      type: "task-ended",
      task: run.run.questions[0]?.task as never,
      capability: "",
      agent: null,
      usd: 0,
      outcome: { done: "x" },
    });
    expect(run.wait(30 * minute).effects("ask-human")).toHaveLength(1);
    expect(run.wait(239 * minute).effects("ask-human")).toEqual([]);
    expect(run.wait(minute).effects("ask-human")).toHaveLength(1);
  });
  test("a session that breaks off leaves it open; the answer is in the next prompt", () => {
    const run = new ScriptedRun().toImplementation().report(ask("a")).failed("infrastructure").wait(10_000);
    expect(run.submitted).toEqual([]);
    expect(promptOf(run.answer(run.openQuestion, "Blue"))).toContain("is: Blue");
  });
  test("overruled when a person answers otherwise than the best guess", () => {
    const run = new ScriptedRun().toImplementation().report(ask("a"));
    run.hear({
      type: "task-ended",
      task: run.run.questions[0]?.task as never,
      capability: "",
      agent: null,
      usd: 0,
      outcome: { done: { confident: false, answers: ["Red"], confidence: 0.3, reason: "" } },
    });
    expect(run.answer(run.openQuestion, "Blue").run.questions[0]?.answer).toMatchObject({ overruled: true });
  });
});

describe("a person is quicker than our move", () => {
  test("their column counts, and ours is not asked for again", () => {
    const run = new ScriptedRun().toIntake().done({ guidance: "g" });
    const move = run.effect("move-card");
    expect(move.from).toEqual(["Todo"]);
    run.effectDone(move, { kind: "card-elsewhere", column: "Blocked" });
    expect(run.run).toMatchObject({ phase: "planning", holds: [{ kind: "paused", by: "the board" }], column: { pending: null } });
    expect(run.effects("move-card")).toEqual([]);
    run.observe("Planning");
    expect(run.run.holds).toEqual([]);
  });
});
