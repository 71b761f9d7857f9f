import { describe, expect, test } from "vitest";
import { cardAt, laptop, policyOf, ScriptedRun, sha } from "../../tests/support/scripted-run.ts";
import { filterCard } from "./start-run.ts";

const minute = 60_000;
const auto = { merge: "auto", qa: { testCommand: "npm test" }, deployment: { healthUrl: "https://app.test/healthz" } } as const;

describe("none → intake", () => {
  test("a card in Todo starts a run that waits for its turn, then asks the architect and says so on the issue", () => {
    const run = new ScriptedRun();
    expect(run.run).toMatchObject({ phase: "intake", wait: { for: "turn" }, branch: "mesh/12.1" });
    run.toIntake();
    expect(run.submitted.map((task) => task.capability)).toEqual(["tech-consultation"]);
    expect(run.effect("comment").marker).toBe("12.1:status");
    expect(run.run.wait.for).toBe("guidance");
  });
  test.each([
    [{ labels: ["no-agent"] }, "excluded-label: no-agent"],
    [{ ours: true }, "made-by-the-mesh"],
    [{ labels: ["agent"], authorCanWrite: false }, "author-without-write-access"],
    [{ state: "closed" as const }, "issue-closed"],
    [{ archived: true }, "card-archived"],
    [{ labels: ["wip"] }, "excluded-label: wip"],
    [{ labels: [] }, "required-label-missing: agent"],
    [{ labels: ["agent"], author: "eve" }, "author-not-allowed"],
    [{ labels: ["agent"] }, null],
  ])("filter %j → %s", (change, reason) => {
    const policy = policyOf({ filters: { excludedLabels: ["wip"], requiredLabels: ["agent"], authors: ["Ann"] } });
    expect(filterCard(cardAt("Todo", change), policy)).toBe(reason);
  });
});

describe("intake", () => {
  test("guidance given → planning, comment, card moved, session told to plan", () => {
    const run = new ScriptedRun().toIntake().done({ guidance: "Mind the time zones." });
    expect(run.run.phase).toBe("planning");
    expect(run.effect("move-card")).toMatchObject({ column: "planning", columnName: "Planning" });
    expect(run.effect("comment").body).toContain("Mind the time zones.");
    expect(run.submitted[0]).toMatchObject({ capability: "planning", session: { run: "12.1", step: "plan" }, maxAttempts: 1 });
    expect(run.prompt.split("\n")[0]).toBe("[mesh-six acme/todo-app#12.1 plan]");
  });
  test("guidance failed → no guidance, going on", () => {
    const run = new ScriptedRun().toIntake().failed("infrastructure");
    expect(run.run.phase).toBe("planning");
    expect(run.effects("comment")).toEqual([]);
  });
  test("label simple → implementation with the guidance as plan", () => {
    const run = new ScriptedRun({ card: { labels: ["simple"] } }).toIntake().done({ guidance: "Fix the comparison." });
    expect(run.run.phase).toBe("implementation");
    expect(run.submitted[0]).toMatchObject({ capability: "implementation", session: { step: "implement" } });
    expect(run.prompt).toContain("Fix the comparison.");
  });
});

describe("planning", () => {
  test("plan proposed → plan review", () => {
    const run = new ScriptedRun().toPlanReview();
    expect(run.run.wait.for).toBe("plan-review");
    expect(run.submitted[0]).toMatchObject({ capability: "plan-review" });
  });
  test("approved with confidence → implementation, plan comment, the same session goes on", () => {
    const run = new ScriptedRun().toPlanReview().done({ approve: true, confidence: 0.8, feedback: "" });
    expect(run.run.phase).toBe("implementation");
    expect(run.effect("comment").body).toContain("# Plan");
    expect(run.effect("move-card").column).toBe("inProgress");
    expect(run.submitted[0]).toMatchObject({ affinity: laptop, session: { step: "implement" }, payload: { conversationId: "c-1" } });
  });
  test("approved, less sure → a person approves", () => {
    const run = new ScriptedRun().toPlanReview().done({ approve: true, confidence: 0.79, feedback: "hm" });
    expect(run.run).toMatchObject({ phase: "planning", wait: { for: "plan-approval" } });
    expect(run.effect("ask-human").choices).toEqual(["Approve", "Reject"]);
    run.answer(run.openQuestion, "Approve");
    expect(run.run).toMatchObject({ phase: "implementation", planApprovedBy: "ann" });
  });
  test("a person rejects with a reason → the session plans again, a cycle spent", () => {
    const run = new ScriptedRun().toPlanReview().done({ approve: true, confidence: 0.1, feedback: "hm" });
    run.answer(run.openQuestion, "Use UTC");
    expect(run.run).toMatchObject({ phase: "planning", cycles: { planning: 1 }, wait: { for: "slot" } });
    expect(run.prompt).toContain("Use UTC");
  });
  test("rejected, cycles left → feedback to the same session; none left → failed", () => {
    const run = new ScriptedRun({ policy: { retryBudget: 1 } })
      .toPlanReview()
      .done({ approve: false, confidence: 0.9, feedback: "Too vague" });
    expect(run.run.cycles.planning).toBe(1);
    expect(run.run.failures.at(-1)?.reason).toContain("Too vague");
    expect(run.prompt).toContain("Too vague");
    run
      .accepted()
      .report({ type: "plan", markdown: "# Plan 2" })
      .done(null)
      .done({ approve: false, confidence: 0.9, feedback: "Still vague" });
    expect(run.run).toMatchObject({ phase: "failed", cycles: { planning: 1 } });
    expect(run.effect("move-card").column).toBe("blocked");
    expect(run.effect("notify").title).toContain("failed");
  });
  test("label budget:0 leaves no cycle", () => {
    const run = new ScriptedRun({ card: { labels: ["budget:0"] } }).toPlanReview().done({ approve: false, confidence: 1, feedback: "no" });
    expect(run.run.phase).toBe("failed");
  });
  test("no plan → asked once more, then failed", () => {
    const run = new ScriptedRun().toPlanSession().done(null);
    expect(run.run).toMatchObject({ phase: "planning", wait: { for: "slot" } });
    run.accepted().done(null);
    expect(run.run.phase).toBe("failed");
  });
  test("review failed for good → a person decides: try again, go on, stop", () => {
    for (const [said, phase] of [
      ["Try again", "planning"],
      ["Go on", "implementation"],
      ["Stop", "failed"],
    ] as const) {
      const run = new ScriptedRun().toPlanReview().failed("infrastructure");
      expect(run.run.holds).toMatchObject([{ kind: "question" }]);
      run.answer(run.openQuestion, said);
      expect(run.run.phase).toBe(phase);
      if (said === "Try again") expect(run.submitted[0]?.capability).toBe("plan-review");
    }
  });
  test("an answer that is none of the choices changes nothing", () => {
    const run = new ScriptedRun().toPlanReview().failed("infrastructure");
    const before = run.run;
    run.answer(run.openQuestion, "maybe");
    expect(run.ignored).toBe("not-a-choice");
    expect(run.run).toBe(before);
  });
});

describe("implementation", () => {
  test("branch pushed with commits → pull request by its head, Refs and never Closes", () => {
    const run = new ScriptedRun().toPullRequest();
    expect(run.run.wait.for).toBe("pull-request");
    const effect = run.effect("open-pull-request");
    expect(effect).toMatchObject({ branch: "mesh/12.1", base: "main" });
    expect(effect.body).toContain("Refs #12");
    expect(effect.body).not.toMatch(/closes/i);
  });
  test("pull request open → qa: card moved, test command on the runner that has the worktree", () => {
    const run = new ScriptedRun({ policy: auto }).toPullRequest().opened();
    expect(run.run).toMatchObject({ phase: "qa", wait: { for: "slot", step: "test" } });
    expect(run.effect("move-card").column).toBe("qa");
    expect(run.submitted[0]).toMatchObject({ capability: "qa", affinity: laptop, payload: { testCommand: "npm test", prompt: "" } });
  });
  test("ended without commits → nudged once, then failed", () => {
    const run = new ScriptedRun().toImplementation().done(null);
    expect(run.run).toMatchObject({ phase: "implementation", wait: { for: "slot", step: "rework" } });
    run.accepted().done(null);
    expect(run.run.phase).toBe("failed");
  });
  test("the pull request's own observation does when the result was lost", () => {
    const run = new ScriptedRun({ policy: auto }).toPullRequest().pullSeen();
    expect(run.run).toMatchObject({ phase: "qa", pull: { number: 7 } });
  });
  test("GitHub's branch does when the report was lost", () => {
    const run = new ScriptedRun().toImplementation().failed("lost");
    expect(run.run.wait.for).toBe("start");
    run.hear({ type: "branch-observed", branch: "mesh/12.1", sha: sha("b"), commits: 2 });
    expect(run.effect("open-pull-request").branch).toBe("mesh/12.1");
    expect(run.run.timers.start).toBeUndefined();
  });
});

describe("qa", () => {
  test("tests passed → review: card moved, result on the issue", () => {
    const run = new ScriptedRun({ policy: auto }).toQa().tested();
    expect(run.run.phase).toBe("review");
    expect(run.effect("move-card").column).toBe("review");
    expect(run.effect("comment").body).toContain("Tests passed");
    expect(run.effect("merge-pull-request")).toMatchObject({ number: 7, sha: sha("a"), method: "squash" });
  });
  test("tests failed → bug issue linked to the parent, failures to the session, a cycle spent, planning", () => {
    const run = new ScriptedRun({ policy: auto }).toQa().tested({
      exitCode: 1,
      format: "tap",
      counts: { passed: 1, failed: 1, skipped: 0 },
      failures: [{ name: "adds a due date", message: "boom" }],
    });
    expect(run.run).toMatchObject({ phase: "planning", cycles: { qa: 1, planning: 0 } });
    expect(run.effect("open-bug-issue")).toMatchObject({ parent: 12, marker: "12.1:bug:1" });
    expect(run.prompt).toContain("adds a due date");
  });
  test("a simple issue goes back to implementation", () => {
    const run = new ScriptedRun({ policy: auto, card: { labels: ["simple"] } })
      .toQa()
      .tested({ exitCode: 1, counts: { passed: 0, failed: 1, skipped: 0 } });
    expect(run.run).toMatchObject({ phase: "implementation", cycles: { qa: 1 }, wait: { step: "rework" } });
    run.accepted().pushed(sha("b")).done(null);
    expect(run.run.phase).toBe("qa");
    expect(run.effects("open-pull-request")).toEqual([]);
  });
  test("no cycle left → failed", () => {
    const run = new ScriptedRun({ policy: { ...auto, retryBudget: 0 } })
      .toQa()
      .tested({ exitCode: 1, counts: { passed: 0, failed: 1, skipped: 0 } });
    expect(run.run.phase).toBe("failed");
  });
  test("output that no report explains → evaluation; passed → review, unsure → a person", () => {
    const unclear = () => new ScriptedRun({ policy: auto }).toQa().tested({ exitCode: 1 });
    expect(unclear().submitted[0]?.capability).toBe("test-evaluation");
    expect(unclear().done({ passed: true, confidence: 0.9, reason: "", failures: [] }).run.phase).toBe("review");
    expect(unclear().done({ passed: false, confidence: 0.9, reason: "", failures: ["x"] }).run.phase).toBe("planning");
    const unsure = unclear().done({ passed: true, confidence: 0.2, reason: "odd", failures: [] });
    expect(unsure.run.holds).toMatchObject([{ kind: "question" }]);
    expect(unsure.answer(unsure.openQuestion, "Go on").run.phase).toBe("review");
  });
  test("command and checks: red by either is red, green needs both", () => {
    const both = () => new ScriptedRun({ policy: { ...auto, qa: { testCommand: "npm test", checks: true } } }).toQa();
    expect(both().tested().run.wait.for).toBe("checks");
    expect(both().tested().pullSeen({ checks: "green" }).run.phase).toBe("review");
    expect(both().pullSeen({ checks: "green" }).run.phase).toBe("qa");
    expect(both().pullSeen({ checks: "green" }).tested().run.phase).toBe("review");
    const red = both().pullSeen({ checks: "red", failingChecks: [{ name: "ci", summary: "1 failed" }] });
    expect(red.run).toMatchObject({ phase: "planning", cycles: { qa: 1 } });
    expect(red.cancelled).toHaveLength(1);
  });
});

describe("review", () => {
  const toMerge = () => new ScriptedRun({ policy: auto }).toQa().tested();
  const toDeployment = () => {
    const run = toMerge();
    const merge = run.effect("merge-pull-request");
    return run.moveSettled().effectDone(merge, { kind: "merged", sha: sha("c") });
  };
  test("merge: human waits for a person and tells them", () => {
    const run = new ScriptedRun({ policy: { ...auto, merge: "human" } }).toQa().tested();
    expect(run.run.wait).toEqual({ for: "merge", effect: null });
    expect(run.effect("notify").title).toContain("ready to merge");
    run.pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") });
    expect(run.run.wait.for).toBe("deployment");
  });
  test("merged → deployment; healthy → accepted, card to Done, closing comment, issue closed", () => {
    const run = toDeployment();
    const check = run.effect("check-health");
    expect(check).toMatchObject({ url: "https://app.test/healthz", expectCommit: sha("c") });
    run.effectDone(check, { kind: "health", healthy: true, detail: "200" });
    expect(run.run).toMatchObject({ phase: "accepted", wait: { for: "nothing" }, timers: {} });
    expect(run.effect("move-card").column).toBe("done");
    expect(run.effect("comment").body).toContain("cost: $");
    expect(run.effect("close-issue")).toMatchObject({ issue: 12, reason: "completed" });
  });
  test("no health URL → accepted at the merge", () => {
    const run = new ScriptedRun({ policy: { merge: "auto", qa: { testCommand: "npm test" } } }).toQa().tested();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merged", sha: sha("c") });
    expect(run.run.phase).toBe("accepted");
  });
  test("deployment healthy → smoke test; its failure spends a cycle", () => {
    const smoke = { ...auto, deployment: { healthUrl: "https://app.test/healthz", smokeTestUrl: "https://app.test/smoke" } };
    const run = new ScriptedRun({ policy: smoke }).toQa().tested();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merged", sha: sha("c") });
    run.effectDone(run.effect("check-health"), { kind: "health", healthy: true, detail: "" });
    expect(run.run.wait.for).toBe("smoke-test");
    run.effectDone(run.effect("check-health"), { kind: "health", healthy: false, detail: "500" });
    expect(run.run).toMatchObject({ phase: "planning", cycles: { review: 1 } });
  });
  test("not healthy → looked at again at intervals, then a cycle, comment and notification", () => {
    const run = toDeployment();
    run.effectDone(run.effect("check-health"), { kind: "health", healthy: false, detail: "503" });
    expect(run.actions).toEqual([]);
    run.wait(15_000);
    expect(run.effect("check-health").url).toContain("healthz");
    run.wait(10 * minute);
    expect(run.run).toMatchObject({ phase: "planning", cycles: { review: 1 } });
    expect(run.effect("notify").message).toContain("not healthy in time");
    expect(run.run.pull).toBeUndefined();
  });
  test.each(["conflict", "base-moved"] as const)("merge refused: %s → the session merges the base, no cycle", (because) => {
    const run = toMerge();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merge-refused", because, message: "no" });
    expect(run.run).toMatchObject({ phase: "implementation", cycles: { planning: 0, qa: 0, review: 0 } });
    expect(run.prompt).toContain("Merge the base branch");
  });
  test("merge refused by protection → a person decides; try again merges again", () => {
    const run = toMerge();
    run.effectDone(run.effect("merge-pull-request"), { kind: "merge-refused", because: "protected", message: "1 review needed" });
    run.answer(run.openQuestion, "Try again");
    expect(run.effect("merge-pull-request").number).toBe(7);
  });
  test("changes requested → implementation with the threads, once per review", () => {
    const run = new ScriptedRun({ policy: { ...auto, merge: "human" } }).toQa().tested();
    const asked = { changesRequested: [{ id: "rv1", author: "bob", body: "Name it better" }] };
    run.pullSeen(asked);
    expect(run.run).toMatchObject({ phase: "implementation", cycles: { review: 1 } });
    expect(run.prompt).toContain("Name it better");
    run.moveSettled().accepted().pushed(sha("b")).done(null).moveSettled().tested().moveSettled();
    expect(run.run.phase).toBe("review");
    run.pullSeen(asked);
    expect(run.run.phase).toBe("review");
  });
  test("checks turn red in review → implementation", () => {
    const run = new ScriptedRun({ policy: { merge: "human", qa: { checks: true } } }).toQa().pullSeen({ checks: "green" });
    expect(run.run.phase).toBe("review");
    run.pullSeen({ checks: "red", failingChecks: [{ name: "ci", summary: "broken" }] });
    expect(run.run).toMatchObject({ phase: "implementation", cycles: { review: 1 } });
  });
});

describe("a person on GitHub", () => {
  test("pull request closed unmerged → cancelled", () => {
    const run = new ScriptedRun({ policy: auto }).toQa().pullSeen({ state: "closed" });
    expect(run.run.phase).toBe("cancelled");
    expect(run.cancelled).toHaveLength(1);
  });
  test("merged during QA → deployment check", () => {
    const run = new ScriptedRun({ policy: auto })
      .toQa()
      .pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") });
    expect(run.run).toMatchObject({ phase: "review", wait: { for: "deployment" } });
    expect(run.cancelled).toHaveLength(1);
  });
  test("issue closed → cancelled; after our merge a board automation may close it", () => {
    expect(new ScriptedRun().toPlanning().observe("Planning", { state: "closed" }).run.phase).toBe("cancelled");
    const merged = new ScriptedRun({ policy: auto }).toQa().tested();
    merged.effectDone(merged.effect("merge-pull-request"), { kind: "merged", sha: sha("c") });
    expect(merged.observe("Review", { state: "closed" }).run.phase).toBe("review");
  });
  test.each([{ archived: true }, { labels: ["no-agent"] }])("%j → cancelled", (change) => {
    expect(new ScriptedRun().toPlanning().observe("Planning", change).run.phase).toBe("cancelled");
  });
  test("card removed → cancelled", () => {
    const run = new ScriptedRun().toPlanning();
    expect(run.hear({ type: "card-gone", issue: 12, observedAt: run.at }).run.phase).toBe("cancelled");
  });
  test("issue edited → told to the session once", () => {
    const run = new ScriptedRun().toPlanSession().observe("Planning", { title: "Add due dates and reminders" });
    expect(run.effect("tell-session").command).toMatchObject({ type: "prompt" });
    run.observe("Planning", { title: "Add due dates and reminders" });
    expect(run.actions).toEqual([]);
  });
  test("edited while nothing runs → said with the next prompt", () => {
    const run = new ScriptedRun()
      .toPlanReview()
      .observe("Planning", { body: "Also in CSV." })
      .done({ approve: true, confidence: 1, feedback: "" });
    expect(run.prompt).toContain("Also in CSV.");
  });
  test("comments: with write access told once; without, or ours, ignored", () => {
    const run = new ScriptedRun().toPlanSession();
    const comment = {
      type: "comment-observed" as const,
      issue: 12,
      commentId: "c1",
      author: "bob",
      authorCanWrite: true,
      ours: false,
      body: "Use ISO dates",
    };
    expect(run.hear(comment).effect("tell-session").command).toMatchObject({
      type: "prompt",
      text: expect.stringContaining("Use ISO dates"),
    });
    expect(run.hear(comment).ignored).toBe("stale");
    expect(run.hear({ ...comment, commentId: "c2", authorCanWrite: false }).ignored).toBe("author-without-write-access");
    expect(run.hear({ ...comment, commentId: "c3", ours: true }).ignored).toBe("made-by-the-mesh");
  });
});

describe("a person moves the card", () => {
  test("to Blocked → paused, the session stops after its step; back → as before", () => {
    const run = new ScriptedRun().toPlanSession().observe("Blocked");
    expect(run.run.holds).toMatchObject([{ kind: "paused" }]);
    expect(run.effect("tell-session").command).toMatchObject({ type: "stop", mode: "after-step" });
    run.done({ stopped: "paused" });
    expect(run.run.wait.for).toBe("start");
    run.observe("In Progress");
    expect(run.run.holds).toEqual([]);
    expect(run.effect("move-card").column).toBe("planning");
    expect(run.submitted[0]).toMatchObject({ session: { step: "plan" } });
  });
  test("to Todo → cancelled, named as a restart", () => {
    const run = new ScriptedRun().toPlanSession().observe("Todo");
    expect(run.run).toMatchObject({ phase: "cancelled", endedBecause: "restarted-by-human" });
    expect(run.cancelled).toHaveLength(1);
  });
  test("to Done → accepted by human", () => {
    const run = new ScriptedRun().toPlanSession().observe("Done");
    expect(run.run).toMatchObject({ phase: "accepted", endedBecause: "accepted by a human" });
    expect(run.effects("move-card")).toEqual([]);
  });
  test("to In Progress with a plan → the plan is approved by them", () => {
    const run = new ScriptedRun().toPlanReview().observe("In Progress");
    expect(run.run).toMatchObject({ phase: "implementation", planApprovedBy: "a human, on the board" });
    expect(run.cancelled).toHaveLength(1);
    expect(run.effects("move-card")).toEqual([]);
  });
  test("to In Progress without a plan, or anywhere else → back, with the reason", () => {
    for (const column of ["In Progress", "Review", "Later", null]) {
      const run = new ScriptedRun().toPlanSession().observe(column);
      expect(run.run.phase).toBe("planning");
      expect(run.effect("move-card").column).toBe("planning");
      expect(run.effect("comment").body).toContain("put back");
    }
  });
  test("back to Planning, and from QA to In Progress → rework, the reason asked for", () => {
    const replanned = new ScriptedRun({ policy: auto }).toQa().observe("Planning");
    expect(replanned.run).toMatchObject({ phase: "planning", wait: { step: "plan" } });
    expect(replanned.effect("comment").body).toContain("What should be different");
    const reworked = new ScriptedRun({ policy: auto }).toQa().observe("In Progress");
    expect(reworked.run).toMatchObject({ phase: "implementation", wait: { step: "rework" }, cycles: { qa: 0, review: 0, planning: 0 } });
  });
  test("our own move, and observations begun before its result, are no human's", () => {
    const run = new ScriptedRun().toIntake().done({ guidance: "g" });
    expect(run.observe("Todo").run.phase).toBe("planning");
    const begun = run.at;
    run.moveSettled();
    run.hear({ type: "card-observed", card: cardAt("Todo", { observedAt: begun }) });
    expect(run.run.phase).toBe("planning");
    run.observe("Todo");
    expect(run.run.phase).toBe("cancelled");
  });
});
