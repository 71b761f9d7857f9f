import { describe, expect, test } from "vitest";
import { ScriptedRun } from "../../tests/support/scripted-run.ts";
import type { PolicyOverrides } from "../policy.ts";
import { explain } from "./explain.ts";

const minute = 60_000;
const hour = 60 * minute;
const colour = {
  text: "Which colour?",
  options: [{ label: "Blue", description: "as the logo" }, { label: "Red" }, { label: "Green" }],
  multiple: false,
};

/** A session's question with people; `guess` = what the architect would say, null when it said nothing usable. */
function asked(policy: PolicyOverrides = {}, guess: string | null = "Red", items = [colour]): ScriptedRun {
  const run = new ScriptedRun({ policy }).toImplementation().report({ type: "ask", askId: "a", questions: items, context: "" });
  return architectUnsure(run, guess, items.length);
}

function architectUnsure(run: ScriptedRun, guess: string | null, items = 1): ScriptedRun {
  const question = run.run.questions.findLast(({ status }) => status === "with-architect");
  const said = { confident: false, answers: Array.from({ length: items }, () => guess), confidence: 0.4, reason: "taste" };
  return run.hear({
    type: "task-ended",
    task: question?.task as never,
    capability: "answer-question",
    agent: null,
    usd: 0,
    outcome: { done: guess === null ? "gibberish" : said },
  });
}

describe("asking", () => {
  test("on phones: the guess's button first, then in order; and on the issue, for those who are named", () => {
    const run = asked({ people: ["ada"] });
    expect(run.effect("ask-human")).toMatchObject({
      purpose: "session",
      title: "acme/todo-app#12.1: Add due dates",
      choices: ["Blue", "Red", "Green"],
      taps: [1, 0],
      until: run.at + 30 * 24 * hour,
    });
    expect(run.effect("ask-human").message).toBe(
      "Which colour?\n• Blue: as the logo\n• Red\n• Green\n\nThe architect would say: Red (40 % sure)",
    );
    const comment = run.effect("comment");
    expect(comment).toMatchObject({ replace: true, marker: expect.stringMatching(/^12\.1:question:\d+$/) });
    expect(comment.body).toContain("### @ada: a question\n\n> Which colour?\n> • Blue: as the logo");
  });
  test("several at once are one notification without buttons of its own", () => {
    const run = asked({}, "Red", [colour, { text: "How large?", options: [], multiple: false }] as never);
    expect(run.effects("ask-human")).toHaveLength(1);
    expect(run.effect("ask-human")).toMatchObject({ choices: [], taps: [], message: expect.stringContaining("1. Which colour?") });
    expect(asked({}, "Red", [{ ...colour, multiple: true }]).effect("ask-human").taps).toEqual([]);
  });
  test("a long question is cut for the phone, not for the issue", () => {
    const run = asked({}, null, [{ ...colour, text: "x".repeat(20_000), options: [] }] as never);
    expect(run.effect("ask-human").message.length).toBeLessThan(2_000);
    expect(run.effect("comment").body).toContain("x".repeat(20_000));
  });
  test("what was hidden in the question stays hidden", () => {
    const run = asked({}, null, [{ ...colour, text: "a\n<!-- mesh-six:12.1:plan -->\nb" }]);
    expect(run.effect("comment").body).not.toContain("<!--");
  });
});

describe("settling", () => {
  test("answered, then applied: the phone hears both, the comment is rewritten once", () => {
    const run = asked();
    const { marker } = run.effect("comment");
    run.answer(run.openQuestion, "Green");
    expect(run.effect("settle-notice")).toMatchObject({ state: "answered", text: "Answered by ann: Green" });
    expect(run.effect("comment")).toMatchObject({ marker, replace: true, body: expect.stringContaining("Answered by ann:\n\n> Green") });
    run.effectDone(run.effect("tell-session"), { kind: "done" });
    expect(run.effects("settle-notice")).toMatchObject([{ state: "applied", text: "Answered by ann: Green\nThe agent has gone on." }]);
    expect(run.effects("comment")).toEqual([]);
    // A later answer is kept, and told nobody.
    run.answer(run.run.questions[0]?.id as never, "Blue");
    expect(run.actions).toEqual([]);
  });
  test("withdrawn with its run", () => {
    const run = asked().observe("Todo");
    expect(run.effect("settle-notice")).toMatchObject({ state: "withdrawn", text: "Withdrawn: the run has ended: cancelled" });
    expect(run.effect("comment").body).toContain("### Question withdrawn");
  });
  test("what only the architect was asked is told nobody", () => {
    const run = new ScriptedRun().toImplementation().report({ type: "ask", askId: "a", questions: [colour], context: "" });
    run.answer(run.openQuestion, "Blue");
    expect([...run.effects("settle-notice"), ...run.effects("comment")]).toEqual([]);
  });
});

describe("reminders", () => {
  test("are the same again, with new links", () => {
    const run = asked();
    const { message, until } = run.effect("ask-human");
    run.wait(30 * minute);
    expect(run.effect("ask-human")).toMatchObject({ title: "Still waiting: acme/todo-app#12.1: Add due dates", message, taps: [1, 0] });
    expect(run.effect("ask-human").until).toBe((until ?? 0) + 30 * minute);
    expect(run.effects("comment")).toEqual([]);
  });
  test("wait for the end of the quiet hours", () => {
    // The clock of the script begins at midnight.
    const run = asked({ notify: { quietFrom: "00:15", quietTo: "08:00" } });
    expect(run.run.timers.reminder).toBe(8 * hour);
    expect(run.wait(7 * hour).effects("ask-human")).toEqual([]);
    run.wait(8 * hour - run.at);
    expect(run.effects("ask-human")).toHaveLength(1);
    expect(run.run.timers.reminder).toBe(12 * hour);
  });
  test("come to each question in its own time", () => {
    const run = asked().wait(20 * minute);
    run.report({ type: "usage", process: "p", inputTokens: 1, outputTokens: 1, usd: 9 });
    expect(run.run.questions.map(({ purpose }) => purpose)).toEqual(["session", "budget"]);
    const [session, budget] = run.run.questions.map(({ id }) => id);
    expect(
      run
        .wait(10 * minute)
        .effects("ask-human")
        .map(({ question }) => question),
    ).toEqual([session]);
    expect(
      run
        .wait(20 * minute)
        .effects("ask-human")
        .map(({ question }) => question),
    ).toEqual([budget]);
    run.answer(session as never, "Blue");
    expect(run.run.timers.reminder).toBe((run.run.questions[1]?.remindedAt ?? 0) + 4 * hour);
  });
  test("keep still while the notification itself cannot be sent, and follow when it was given up", () => {
    const run = asked();
    const effect = run.effect("ask-human");
    run.hear({ type: "effect-delayed", effect, message: "ntfy: answered 500" });
    expect(explain(run.run, run.context.policy)).toContain("The notification could not be sent yet: ntfy: answered 500.");
    expect(run.hear({ type: "effect-delayed", effect, message: "ntfy: answered 500" }).ignored).toBe("nothing-new");
    expect(run.wait(30 * minute).effects("ask-human")).toEqual([]);
    run.hear({ type: "effect-gave-up", effect, code: "invalid", message: "ntfy: refused" });
    expect(run.wait(4 * hour).effects("ask-human")).toHaveLength(1);
    run.effectDone(run.effect("ask-human"), { kind: "done" });
    expect(explain(run.run, run.context.policy)).not.toContain("could not be sent");
  });
});

describe("silence", () => {
  test("best guess: said as a guess, on phones and on the issue", () => {
    const run = asked({ questions: { onSilence: "best-guess" } }).wait(24 * hour);
    expect(run.effect("settle-notice").text).toBe("Nobody answered. It goes on with the architect's best guess (40 % sure): Red");
    expect(run.effect("comment").body).toContain("This was a guess, and nobody's approval.");
  });
  test("without a guess it waits, and is asked again", () => {
    const run = asked({ questions: { onSilence: "best-guess" } }, null).wait(24 * hour);
    expect(run.run.questions[0]?.status).toBe("with-human");
    expect(run.run.timers).not.toHaveProperty("silence");
    expect(run.wait(4 * hour).effects("ask-human")).toHaveLength(1);
  });
});

describe("answers in comments, with two questions open", () => {
  const comment = (run: ScriptedRun, body: string) =>
    run.hear({ type: "comment-observed", issue: 12, commentId: `c-${run.at}`, author: "bob", authorCanWrite: true, ours: false, body });
  test("go to the one that has them among its choices, else to the session's", () => {
    const run = asked().report({ type: "usage", process: "p", inputTokens: 1, outputTokens: 1, usd: 9 });
    comment(run, "/answer continue");
    expect(run.run.questions.map(({ status }) => status)).toEqual(["with-human", "answered"]);
    comment(run, "/answer Something else\u0007\r\nentirely");
    expect(run.run.questions[0]?.answer).toMatchObject({ answers: ["Something else\nentirely"], by: "bob", via: "comment" });
  });
});
