import { describe, expect, test } from "vitest";
import { ScriptedRun, sha } from "../../tests/support/scripted-run.ts";
import { columnOf } from "./columns.ts";

const policy = { merge: "human", qa: { testCommand: "npm test" }, deployment: { healthUrl: "https://app.test/healthz" } } as const;
const at = {
  turn: () => new ScriptedRun({ policy }),
  guidance: () => new ScriptedRun({ policy }).toIntake(),
  "planning/slot": () => new ScriptedRun({ policy }).toPlanning(),
  "planning/session": () => new ScriptedRun({ policy }).toPlanSession(),
  "plan-review": () => new ScriptedRun({ policy }).toPlanReview(),
  "plan-approval": () => new ScriptedRun({ policy }).toPlanReview().done({ approve: true, confidence: 0.1, feedback: "" }),
  implementation: () => new ScriptedRun({ policy }).toImplementation(),
  "pull-request": () => new ScriptedRun({ policy }).toPullRequest(),
  qa: () => new ScriptedRun({ policy }).toQa().accepted(),
  "test-evaluation": () => new ScriptedRun({ policy }).toQa().tested({ exitCode: 1 }),
  merge: () => new ScriptedRun({ policy }).toQa().tested().moveSettled(),
  deployment: () =>
    new ScriptedRun({ policy })
      .toQa()
      .tested()
      .moveSettled()
      .pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") }),
} as const;
type Place = keyof typeof at;
const places = Object.keys(at) as Place[];
const tasksOf = (run: ScriptedRun) =>
  [run.run.session.task, "task" in run.run.wait ? run.run.wait.task : null].filter((task) => task !== null);

describe.each(places)("at %s", (place) => {
  const withPull = ["qa", "test-evaluation", "merge"].includes(place);

  test("a human moves the card to Done → accepted by them, the work is stopped", () => {
    const run = at[place]();
    const live = tasksOf(run);
    run.observe("Done");
    expect(run.run).toMatchObject({
      phase: "accepted",
      endedBecause: "accepted by a human",
      wait: { for: "nothing" },
      holds: [],
      timers: {},
    });
    expect(run.cancelled).toEqual(expect.arrayContaining(live));
    expect(run.effects("move-card")).toEqual([]);
  });

  test("to Todo → a restart; in intake it stands there already", () => {
    const run = at[place]();
    const intake = run.run.phase === "intake";
    run.observe("Todo");
    expect(run.run.phase).toBe(intake ? "intake" : "cancelled");
    if (!intake) expect(run.run.endedBecause).toBe("restarted-by-human");
  });

  test("to Blocked → paused; nothing starts until it is back, and then the card stands where the phase has it", () => {
    const run = at[place]();
    const { phase } = run.run;
    run.observe("Blocked");
    expect(run.run.holds[0]).toMatchObject({ kind: "paused", by: "the board" });
    expect(run.run.phase).toBe(phase);
    if (place === "planning/slot") expect(run.cancelled).toHaveLength(1);
    run.observe(run.context.policy.columns[columnOf(phase) ?? "todo"]);
    expect(run.run.holds.filter((hold) => hold.kind === "paused")).toEqual([]);
    expect(run.run).toMatchObject({ phase, column: { asked: columnOf(phase), pending: null } });
    if (place === "planning/slot") expect(run.submitted).toMatchObject([{ session: { step: "plan" } }]);
    expect(run.observe(run.context.policy.columns[columnOf(phase) ?? "todo"]).actions).toEqual([]);
  });

  test("to a column that means nothing here → it goes back, with the reason", () => {
    const run = at[place]();
    const { phase } = run.run;
    run.observe("Later");
    expect(run.run.phase).toBe(phase);
    expect(run.effect("move-card").column).toBe(columnOf(phase));
    expect(run.effect("comment").body).toContain("put back");
  });

  test("to Planning or In Progress → rework where there is work to redo", () => {
    const planned = at[place]();
    const from = planned.run.phase;
    const merged = planned.run.mergedSha !== undefined;
    const reworks = (from === "implementation" || from === "qa" || from === "review") && !merged;
    planned.observe("Planning");
    expect(planned.run.phase).toBe(reworks ? "planning" : from);
    if (reworks) expect(planned.effect("comment").body).toContain("What should be different");
    if (reworks) expect(planned.run.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
    const working = at[place]().observe("In Progress");
    const approves = place === "plan-review" || place === "plan-approval";
    expect(working.run.phase).toBe(approves || ((from === "qa" || from === "review") && !merged) ? "implementation" : from);
  });

  test("the pull request is closed → cancelled", () => {
    const run = at[place]();
    const before = run.run.phase;
    run.pullSeen({ state: "closed" });
    expect(run.run.phase).toBe(withPull || place === "implementation" || place === "pull-request" ? "cancelled" : before);
  });

  test("the pull request is merged by a human → the deployment is awaited", () => {
    const run = at[place]();
    const live = tasksOf(run);
    const before = run.run;
    run.pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c") });
    if (before.phase === "intake" || before.phase === "planning" || place === "deployment") return expect(run.run).toBe(before);
    expect(run.run).toMatchObject({ phase: "review", wait: { for: "deployment" }, mergedSha: sha("c"), holds: [] });
    expect(run.cancelled).toEqual(expect.arrayContaining(live));
  });

  test.each([
    ["the issue is closed", { state: "closed" as const }],
    ["the card is archived", { archived: true }],
    ["label no-agent is added", { labels: ["no-agent"] }],
  ])("%s → cancelled", (_, change) => {
    const run = at[place]();
    const closedAfterMerge = place === "deployment" && "state" in change;
    run.observe(run.context.policy.columns[run.run.column.asked], change);
    expect(run.run.phase).toBe(closedAfterMerge ? "review" : "cancelled");
    if (!closedAfterMerge) expect(run.effects("move-card")).toEqual([]);
  });

  test("the card is removed → cancelled", () => {
    const run = at[place]();
    expect(run.hear({ type: "card-gone", issue: 12, observedAt: run.at }).run.phase).toBe("cancelled");
  });

  test("the issue is edited → told once: to the live session, else with the next prompt", () => {
    const run = at[place]();
    const column = run.context.policy.columns[run.run.column.asked];
    run.observe(column, { title: "Another title" });
    const live = run.run.wait.for === "session" && run.run.wait.step !== "test";
    expect(run.effects("tell-session")).toHaveLength(live ? 1 : 0);
    expect(run.run.steering).toHaveLength(live ? 0 : 1);
    run.observe(column, { title: "Another title" });
    expect(run.actions).toEqual([]);
    expect(run.run.steering).toHaveLength(live ? 0 : 1);
  });

  test("an operator cancels → cancelled; pauses → held", () => {
    const command = (name: "cancel" | "pause") => ({ type: "operator-commanded" as const, issue: 12, command: name, by: "op", reason: "" });
    expect(at[place]().hear(command("cancel")).run.phase).toBe("cancelled");
    expect(at[place]().hear(command("pause")).run.holds[0]).toMatchObject({ kind: "paused", by: "op" });
  });
});
