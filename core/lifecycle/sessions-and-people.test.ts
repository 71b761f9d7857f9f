import { describe, expect, test } from "vitest";
import { cardAt, laptop, policyOf, profile, ScriptedRun } from "../../tests/support/scripted-run.ts";
import type { ProjectName } from "../ids.ts";
import { explain } from "./explain.ts";
import { startRun } from "./start-run.ts";

const minute = 60_000;
const auto = { merge: "auto", qa: { testCommand: "npm test" }, deployment: { healthUrl: "https://app.test/healthz" } } as const;

describe("the session breaks off", () => {
  test("infrastructure: again after 10 s · 2ⁿ; a third in a row asks a person", () => {
    const run = new ScriptedRun().toImplementation().failed("infrastructure");
    expect(run.run).toMatchObject({ phase: "implementation", infrastructure: 1, wait: { for: "start", notBefore: run.at + 10_000 } });
    run.wait(10_000).accepted().failed("lost");
    expect(run.run.wait).toMatchObject({ for: "start", notBefore: run.at + 20_000 });
    run.wait(20_000).accepted().failed("infrastructure");
    expect(run.run.holds).toMatchObject([{ kind: "question" }]);
    run.answer(run.openQuestion, "Try again");
    expect(run.submitted).toHaveLength(1);
    expect(run.run).toMatchObject({ cycles: { planning: 0, qa: 0, review: 0 }, infrastructure: 0 });
  });
  test("the repository was renamed meanwhile → taken up in the folder it began in, from the new address", () => {
    const run = new ScriptedRun().toImplementation();
    const [former, cloneUrl] = [{ name: run.context.profile.name, until: run.at + 1 }, "https://github.com/acme/renamed.git"];
    const renamed = { ...run.context.profile, name: "acme/renamed" as ProjectName, cloneUrl, formerNames: [former] };
    run.context = { ...run.context, profile: renamed };
    run.failed("infrastructure").wait(10_000);
    expect(run.submitted[0]?.payload).toMatchObject({ project: former.name, cloneUrl, branch: run.run.branch });
    expect(run.prompt).toContain(`[mesh-six ${former.name}#`);
  });
  test.each(["authentication", "configuration", "refused"] as const)("%s → a person is told what to fix", (kind) => {
    const run = new ScriptedRun().toImplementation().failed(kind, "log in first");
    expect(run.effect("ask-human").message).toContain("log in first");
    run.answer(run.openQuestion, "Done, try again");
    expect(run.submitted).toHaveLength(1);
  });
  test("quota → parked until then; the card keeps its column", () => {
    const run = new ScriptedRun().toImplementation();
    const until = run.at + 30 * minute;
    run.failed("quota", "limit", until);
    expect(run.run.holds).toEqual([{ kind: "quota", until }]);
    expect(run.effects("move-card")).toEqual([]);
    run.wait(29 * minute);
    expect(run.submitted).toEqual([]);
    run.wait(minute);
    expect(run.submitted).toHaveLength(1);
    expect(run.run.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  });
  test("quota without a time → one hour", () => {
    const run = new ScriptedRun().toImplementation().failed("quota");
    expect(run.run.holds).toEqual([{ kind: "quota", until: run.at + 60 * minute }]);
  });
  test("silence → nudged; a second time → lost", () => {
    const run = new ScriptedRun().toImplementation().wait(10 * minute);
    expect(run.effect("tell-session").command).toEqual({ type: "nudge" });
    run.wait(10 * minute);
    expect(run.eventTypes).toContain("session-lost");
    expect(run.cancelled).toHaveLength(1);
    expect(run.run).toMatchObject({ infrastructure: 1, wait: { for: "start", prompt: { type: "resume" } } });
    expect(run.events).toContainEqual(
      expect.objectContaining({
        data: expect.objectContaining({
          message: expect.stringMatching(/^the session gave no sign of work for 20 min, also after a nudge/),
        }),
      }),
    );
    run.wait(10_000);
    expect(run.submitted[0]?.payload).toMatchObject({ conversationId: "c-1", step: "implement" });
  });
  test("a command that is silent for hours and said once a minute to be running: neither nudged nor lost", () => {
    const run = new ScriptedRun().toImplementation();
    for (let minutes = 0; minutes < 180; minutes += 1) {
      run.wait(minute);
      expect(run.actions).toEqual([]);
      run.report({ type: "progress" }).hear({ type: "time-passed" }, 0);
      expect(run.actions).toEqual([]);
    }
  });
  test("activity after the nudge counts", () => {
    const run = new ScriptedRun()
      .toImplementation()
      .wait(10 * minute)
      .report({ type: "progress" })
      .wait(9 * minute);
    expect(run.actions).toEqual([]);
  });
});

describe("questions", () => {
  const asking = {
    type: "ask" as const,
    askId: "tool-1",
    questions: [{ text: "Which colour?", options: [{ label: "Blue" }, { label: "Red" }], multiple: false }],
    context: "",
  };
  const asked = () => new ScriptedRun().toImplementation().report(asking);
  test("the architect first; confident → the answer goes into the same conversation and is confirmed", () => {
    const run = asked();
    expect(run.submitted[0]?.capability).toBe("answer-question");
    const [question] = run.run.questions;
    run.hear({
      type: "task-ended",
      task: question?.task as never,
      capability: "answer-question",
      agent: null,
      usd: 0,
      outcome: { done: { confident: true, answers: ["Blue"], confidence: 0.75, reason: "" } },
    });
    const told = run.effect("tell-session");
    expect(told.command).toEqual({ type: "answer", questionId: question?.id, askId: "tool-1", answers: ["Blue"] });
    run.effectDone(told, { kind: "done" });
    expect(run.run.questions[0]).toMatchObject({ status: "answered", answer: { via: "architect", confidence: 0.75 }, appliedAt: run.at });
    expect(run.run.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  });
  test("not confident, unparsable, or the model down → a person, with the best guess where there is one", () => {
    for (const outcome of [
      { done: { confident: false, answers: ["Blue"], confidence: 0.4, reason: "taste" } },
      { done: "gibberish" },
      { failed: { kind: "infrastructure" as const, message: "down" } },
    ]) {
      const run = asked();
      run.hear({
        type: "task-ended",
        task: run.run.questions[0]?.task as never,
        capability: "answer-question",
        agent: null,
        usd: 0,
        outcome,
      });
      expect(run.run.questions[0]?.status).toBe("with-human");
      expect(run.effect("ask-human").choices).toEqual(["Blue", "Red"]);
    }
  });
  test("parked after holdFor; the answer resumes the same conversation", () => {
    const run = asked().wait(10 * minute);
    expect(run.effect("tell-session").command).toMatchObject({ type: "park" });
    run.done({ parked: run.openQuestion });
    expect(run.run).toMatchObject({ session: { task: null }, wait: { for: "nothing" } });
    run.answer(run.openQuestion, "Red");
    expect(run.submitted[0]).toMatchObject({ affinity: laptop, payload: { conversationId: "c-1", step: "answer" } });
    expect(run.prompt).toContain("Which colour?' is: Red");
  });
  test.each(["the runner was shut down", "paused"])(
    "stopped (%s) while it asks → parked; the answer resumes the same conversation",
    (stopped) => {
      const run = asked().done({ stopped });
      expect(run.eventTypes).toContain("question-parked");
      expect(run.run).toMatchObject({ session: { task: null }, wait: { for: "nothing" } });
      expect(run.submitted).toEqual([]);
      run.wait(24 * 60 * minute).answer(run.openQuestion, "Red");
      expect(run.submitted[0]).toMatchObject({ payload: { conversationId: "c-1", step: "answer" } });
      expect(run.prompt).toContain("Which colour?' is: Red");
    },
  );
  test("stopped when the answer was on its way → goes on at once, with the answer", () => {
    const run = asked();
    run.answer(run.openQuestion, "Red").done({ stopped: "the runner was shut down" });
    expect(run.submitted[0]).toMatchObject({ payload: { conversationId: "c-1" } });
    expect(run.prompt).toMatch(/Which colour\?.*Red/s);
  });
  test("the first answer wins; a late one is kept", () => {
    const run = asked();
    const id = run.openQuestion;
    run.answer(id, "Red").answer(id, "Blue");
    expect(run.run.questions[0]).toMatchObject({ answer: { answers: ["Red"] }, late: [{ answers: ["Blue"] }] });
  });
  test("no stall while a question is open; withdrawn when the card leaves the phase", () => {
    const run = asked()
      .wait(9 * minute)
      .wait(30_000);
    expect(run.effects("tell-session").filter((effect) => effect.command.type === "nudge")).toEqual([]);
    run.observe("Todo");
    expect(run.run.questions[0]?.status).toBe("withdrawn");
  });
  test("silence is never consent: wait does nothing, best-guess says so", () => {
    const silent = (onSilence: "wait" | "best-guess" | "fail") => {
      const run = new ScriptedRun({ policy: { questions: { onSilence } } }).toImplementation().report(asking);
      run.hear({
        type: "task-ended",
        task: run.run.questions[0]?.task as never,
        capability: "",
        agent: null,
        usd: 0,
        outcome: { done: { confident: false, answers: ["Blue"], confidence: 0.4, reason: "" } },
      });
      return run.wait(24 * 60 * minute);
    };
    expect(silent("wait").run.questions[0]?.status).toBe("with-human");
    expect(silent("best-guess").run.questions[0]).toMatchObject({ status: "answered", answer: { via: "silence", answers: ["Blue"] } });
    expect(silent("fail").run.phase).toBe("failed");
  });
  test("/answer in a comment by someone with write access", () => {
    const run = asked();
    run.hear({
      type: "task-ended",
      task: run.run.questions[0]?.task as never,
      capability: "",
      agent: null,
      usd: 0,
      outcome: { done: "x" },
    });
    run.hear({
      type: "comment-observed",
      issue: 12,
      commentId: "c9",
      author: "bob",
      authorCanWrite: true,
      ours: false,
      body: "/answer Red",
    });
    expect(run.run.questions[0]?.answer).toMatchObject({ answers: ["Red"], by: "bob", via: "comment" });
  });
});

describe("spend", () => {
  const usage = (usd: number, process = "p1") => ({ type: "usage" as const, process, inputTokens: 1, outputTokens: 1, usd });
  test("cumulative per process; the maximum counts", () => {
    const run = new ScriptedRun().toImplementation().report(usage(1)).report(usage(0.5)).report(usage(1)).report(usage(0.25, "p2"));
    expect(run.run.spend).toMatchObject({ inputTokens: 2, outputTokens: 2 });
    expect(run.run.spend.usd).toBeCloseTo(1.25, 12);
  });
  test("over the cap of the issue → held, stop after the step; Continue raises both caps, Stop fails", () => {
    const over = () => new ScriptedRun({ earlierUsd: 4 }).toImplementation().report(usage(1));
    const run = over();
    expect(run.run.holds).toMatchObject([{ kind: "budget" }]);
    expect(run.effect("tell-session").command).toMatchObject({ type: "stop" });
    run.done({ stopped: "budget" });
    expect(run.submitted).toEqual([]);
    run.answer(run.openQuestion, "Continue");
    expect(run.submitted).toHaveLength(1);
    const stopped = over();
    expect(stopped.answer(stopped.openQuestion, "Stop").run.phase).toBe("failed");
  });
  test("money without progress → held", () => {
    const run = new ScriptedRun().toImplementation().report(usage(3));
    expect(run.run.holds).toMatchObject([{ kind: "budget" }]);
  });
});

describe("operators and ends", () => {
  test("pause, resume, cancel, advance, retry", () => {
    const command = (name: "pause" | "resume" | "cancel" | "advance" | "retry") => ({
      type: "operator-commanded" as const,
      issue: 12,
      command: name,
      by: "op",
      reason: "",
    });
    const run = new ScriptedRun().toPlanReview().hear(command("pause"));
    expect(run.hear(command("pause")).ignored).toBe("already-paused");
    expect(run.hear(command("resume")).run.holds).toEqual([]);
    expect(run.hear(command("advance")).run.phase).toBe("implementation");
    expect(run.hear(command("retry")).submitted).toHaveLength(1);
    expect(run.hear(command("cancel")).run.phase).toBe("cancelled");
    expect(run.hear(command("retry")).ignored).toBe("run-has-ended");
  });
  test("an ended run emits nothing more", () => {
    const run = new ScriptedRun().toPlanSession().observe("Done");
    for (const input of [{ type: "time-passed" as const }, { type: "card-gone" as const, issue: 12, observedAt: run.at + 9_000 }]) {
      run.hear(input);
      expect(run.actions).toEqual([]);
      expect(run.ignored).toBe("stale");
    }
  });
  test("a new run closes the old pull request first and knows the failures", () => {
    const old = new ScriptedRun({ policy: { ...auto, retryBudget: 0 } })
      .toQa()
      .tested({ exitCode: 1, counts: { passed: 0, failed: 1, skipped: 0 } }).run;
    const started = startRun(cardAt("Todo"), 2, { policy: policyOf(), profile, earlierUsd: 1 }, 5_000, old);
    expect(started.effects).toMatchObject([{ effect: { kind: "close-pull-request", number: 7 } }]);
    expect(started.state).toMatchObject({ run: 2, branch: "mesh/12.2", spend: { earlierUsd: 1 } });
    expect(started.state.failures).toHaveLength(1);
  });
  test("explain says one sentence everywhere", () => {
    for (const run of [
      new ScriptedRun(),
      new ScriptedRun().toIntake(),
      new ScriptedRun().toPlanning(),
      new ScriptedRun().toPlanReview(),
      new ScriptedRun({ policy: auto }).toQa(),
    ])
      expect(explain(run.run, run.context.policy)).toMatch(/^[A-Z].+[.]$/);
  });
  test("an effect given up by GitHub asks a person, and Try again asks for it again", () => {
    const run = new ScriptedRun().toPullRequest();
    run.hear({ type: "effect-gave-up", effect: run.effect("open-pull-request"), code: "github-403", message: "forbidden" });
    expect(run.run.holds.map((hold) => hold.kind)).toEqual(["effect", "question"]);
    run.answer(run.openQuestion, "Try again");
    expect(run.effect("open-pull-request").branch).toBe("mesh/12.1");
    expect(run.run.holds).toEqual([]);
  });
});
