import type { RunInput } from "../../core/lifecycle/run-input.ts";
import { awaiting } from "../../core/lifecycle/explain.ts";
import { ScriptedRun, sha } from "./scripted-run.ts";

const auto = {
  merge: "auto",
  retryBudget: 1,
  qa: { testCommand: "npm test", checks: true },
  deployment: { healthUrl: "https://app.test/healthz", smokeTestUrl: "https://app.test/smoke" },
} as const;
const byDay = { ...auto, budget: { perDayUsd: 10 } } as const;
const human = { ...auto, merge: "human" } as const;
const command = (name: "retry" | "cancel" | "pause" | "resume" | "advance") => ({
  type: "operator-commanded" as const,
  issue: 12,
  command: name,
  by: "op",
  reason: "",
});
const ask = { type: "ask" as const, askId: "a", questions: [{ text: "Which colour?", options: [], multiple: false }], context: "" };
const usage = (usd: number) => ({ type: "usage" as const, process: "p", inputTokens: 1, outputTokens: 1, usd });

/** A run at every phase and wait, by the names of docs/state-machines.md. */
export const places: Readonly<Record<string, () => ScriptedRun>> = {
  "intake/turn": () => new ScriptedRun({ policy: auto }),
  "intake/guidance": () => new ScriptedRun({ policy: auto }).toIntake(),
  "intake/guidance, label simple": () => new ScriptedRun({ policy: auto, card: { labels: ["simple"] } }).toIntake(),
  "planning/slot": () => new ScriptedRun({ policy: auto }).toPlanning(),
  "planning/session": () => new ScriptedRun({ policy: auto }).toPlanSession(),
  "planning/plan-review": () => new ScriptedRun({ policy: auto }).toPlanReview(),
  "planning/plan-review, no cycle left": () => new ScriptedRun({ policy: { ...auto, retryBudget: 0 } }).toPlanReview(),
  "planning/question": () => new ScriptedRun({ policy: auto }).toPlanReview().done({ approve: true, confidence: 0.1, feedback: "" }),
  "implementation/session": () => new ScriptedRun({ policy: auto }).toImplementation(),
  "implementation/question": () => new ScriptedRun({ policy: auto }).toImplementation().report(ask),
  "implementation/quota": () => new ScriptedRun({ policy: auto }).toImplementation().failed("quota"),
  "implementation/day": () =>
    daySpent(new ScriptedRun({ policy: byDay }).toImplementation()).done({ stopped: "the day's budget is spent" }),
  "implementation/budget": () => new ScriptedRun({ policy: auto }).toImplementation().report(usage(9)),
  "implementation/paused": () => new ScriptedRun({ policy: auto }).toImplementation().observe("Blocked").done({ stopped: "paused" }),
  "implementation/stopped": () => stop(new ScriptedRun({ policy: auto }).toImplementation()).done({ stopped: "the mesh was stopped" }),
  "implementation/stopped, paused before": () =>
    stop(new ScriptedRun({ policy: auto }).toImplementation().observe("Blocked")).done({ stopped: "paused" }),
  "implementation/pull-request": () => new ScriptedRun({ policy: auto }).toPullRequest(),
  "qa/session": () => new ScriptedRun({ policy: auto }).toQa().accepted(),
  "qa/session, label simple": () => new ScriptedRun({ policy: auto, card: { labels: ["simple"] } }).toQa().accepted(),
  "qa/session, no cycle left": () => new ScriptedRun({ policy: { ...auto, retryBudget: 0 } }).toQa().accepted(),
  "qa/checks": () => new ScriptedRun({ policy: auto }).toQa().tested(),
  "qa/stopped": () => stop(new ScriptedRun({ policy: auto }).toQa().tested()),
  "qa/test-evaluation": () => new ScriptedRun({ policy: auto }).toQa().tested({ exitCode: 1 }),
  "review/merge": () => new ScriptedRun({ policy: auto }).toQa().tested().pullSeen({ checks: "green" }),
  "review/merge, by a human": () => new ScriptedRun({ policy: human }).toQa().tested().pullSeen({ checks: "green" }).moveSettled(),
  "review/stopped": () => stop(new ScriptedRun({ policy: auto }).toQa().tested()).pullSeen({ checks: "green" }),
  "review/deployment": () => merged(),
  "review/smoke-test": () => healthy(merged()),
};

function daySpent(run: ScriptedRun): ScriptedRun {
  run.context = { ...run.context, day: { day: 0, usd: 10 } };
  return run.hear({ type: "day-spent" });
}
function stop(run: ScriptedRun): ScriptedRun {
  return run.hear({ type: "mesh-stopped", stop: { by: "op", at: run.at, reason: "" } });
}
function merged(): ScriptedRun {
  const run = new ScriptedRun({ policy: auto }).toQa().tested().pullSeen({ checks: "green" });
  return run.effectDone(run.effect("merge-pull-request"), { kind: "merged", sha: sha("c") });
}
function healthy(run: ScriptedRun, is = true): ScriptedRun {
  return run.effectDone(run.effect("check-health"), { kind: "health", healthy: is, detail: "" });
}
const hears = (input: Omit<Extract<RunInput, { type: "operator-commanded" }>, "id" | "at">) => (run: ScriptedRun) => run.hear(input);
const settled = (then: (run: ScriptedRun) => ScriptedRun) => (run: ScriptedRun) => then(run.moveSettled());
const refused = (because: "conflict" | "base-moved" | "head-moved" | "protected" | "closed") => (run: ScriptedRun) =>
  run.effectDone(run.effect("merge-pull-request"), { kind: "merge-refused", because, message: "no" });
const toColumn = (column: string) => settled((run) => run.observe(column));

/** Each input by the name that docs/state-machines.md gives it. */
export const inputs: Readonly<Record<string, (run: ScriptedRun) => ScriptedRun>> = {
  "turn granted": (run) => run.toIntake(),
  "guidance given": (run) => run.done({ guidance: "Mind the time zones." }),
  "guidance failed": (run) => run.failed("infrastructure"),
  "task accepted": (run) => run.accepted(),
  "plan proposed, step ended": (run) => run.report({ type: "plan", markdown: "# Plan" }).done(null),
  "step ended without a plan": (run) => run.done(null),
  "review approves, sure": (run) => run.done({ approve: true, confidence: 0.8, feedback: "" }),
  "review approves, less sure": (run) => run.done({ approve: true, confidence: 0.79, feedback: "" }),
  "review rejects": (run) => run.done({ approve: false, confidence: 1, feedback: "no" }),
  "review failed for good": (run) => run.failed("infrastructure"),
  "human approves": (run) => run.answer(run.openQuestion, "Approve"),
  "human rejects": (run) => run.answer(run.openQuestion, "Use UTC"),
  "branch pushed, step ended": (run) => run.pushed().done(null),
  "step ended without commits": (run) => run.done(null),
  "session failed: infrastructure": (run) => run.failed("infrastructure"),
  "session failed: authentication": (run) => run.failed("authentication"),
  "session failed: configuration": (run) => run.failed("configuration"),
  "session failed: refused": (run) => run.failed("refused"),
  "session failed: quota": (run) => run.failed("quota"),
  "silence for stallAfter": (run) => run.wait(600_000),
  "question asked": (run) => run.report(ask),
  "human answers": (run) => run.answer(run.openQuestion, "Blue"),
  "holdFor over": (run) => run.wait(600_000),
  parked: (run) => run.done({ parked: run.openQuestion }),
  "spend over a cap": (run) => run.report(usage(9)),
  "human allows more": (run) => run.done({ stopped: "budget" }).answer(run.openQuestion, "Continue"),
  "human stops": (run) => run.answer(run.openQuestion, "Stop"),
  "quota's time reached": (run) => run.wait(3_600_000),
  "pull request open": (run) => run.opened(),
  "pull request observed": (run) => run.pullSeen(),
  "pull request refused": (run) =>
    run.effectDone(run.effect("open-pull-request"), { kind: "pull-request-refused", because: "refused", message: "no" }),
  "effect given up": (run) => run.hear({ type: "effect-gave-up", effect: run.effect("open-pull-request"), code: "x", message: "no" }),
  "tests passed": (run) => run.tested(),
  "tests passed, checks green": (run) => run.pullSeen({ checks: "green" }).tested(),
  "tests failed": (run) => run.tested({ exitCode: 1, counts: { passed: 0, failed: 1, skipped: 0 } }),
  "tests unclear": (run) => run.tested({ exitCode: 1 }),
  "checks green": (run) => run.pullSeen({ checks: "green" }),
  "checks red": settled((run) => run.pullSeen({ checks: "red" })),
  "evaluation: passed": (run) => run.done({ passed: true, confidence: 0.9, reason: "", failures: [] }),
  "evaluation: failed": (run) => run.done({ passed: false, confidence: 0.9, reason: "", failures: ["x"] }),
  "evaluation failed for good": (run) => run.failed("infrastructure"),
  "head moved": settled((run) => run.pullSeen({ headSha: sha("d") })),
  merged: (run) => run.effectDone(run.effect("merge-pull-request"), { kind: "merged", sha: sha("c") }),
  "merge refused: conflict": refused("conflict"),
  "merge refused: base moved": refused("base-moved"),
  "merge refused: head moved": refused("head-moved"),
  "merge refused: protected": refused("protected"),
  "merged by a human": settled((run) =>
    run.pullSeen({ state: "closed", merged: true, mergedBy: "ann", mergeCommit: sha("c"), checks: "green" }),
  ),
  "pull request closed": settled((run) => run.pullSeen({ state: "closed" })),
  "changes requested": (run) => run.pullSeen({ checks: "green", changesRequested: [{ id: "r", author: "bob", body: "better" }] }),
  healthy: (run) => healthy(run),
  "not healthy yet": (run) => healthy(run, false),
  "not healthy in time": (run) => run.wait(600_000),
  "smoke test fails": (run) => healthy(run, false),
  "card to Blocked": toColumn("Blocked"),
  "card to Todo": toColumn("Todo"),
  "card to Planning": toColumn("Planning"),
  "card to In Progress": toColumn("In Progress"),
  "card to Review": toColumn("Review"),
  "card to Done": toColumn("Done"),
  "issue closed": settled((run) => run.observe(run.context.policy.columns[run.run.column.asked], { state: "closed" })),
  "issue edited": settled((run) => run.observe(run.context.policy.columns[run.run.column.asked], { title: "New" })),
  "the project's day is spent": (run) => {
    run.context = { ...run.context, policy: { ...run.context.policy, budget: { ...run.context.policy.budget, perDayUsd: 10 } } };
    return daySpent(run);
  },
  "the next day": (run) => run.wait(86_400_000),
  "mesh stopped": stop,
  "mesh started": (run) => run.hear({ type: "mesh-started" }),
  "project deleted": (run) => run.hear({ type: "project-closed", by: "op" }),
  "operator: cancel": hears(command("cancel")),
  "operator: retry": hears(command("retry")),
  "operator: advance": hears(command("advance")),
  "operator: pause": hears(command("pause")),
};

/** Where a run stands: `phase/awaiting`. */
export function placeOf({ run }: ScriptedRun): string {
  const word = awaiting(run);
  return word === "nothing" ? run.phase : `${run.phase}/${word}`;
}

/** What was asked for by the last input: effects by kind, tasks by capability, in the order asked; `cancel task` once. */
export function asked(run: ScriptedRun): string {
  const words = run.actions.map((action) =>
    action.type === "effect" ? action.effect.kind : action.type === "submit" ? action.spec.capability : "cancel task",
  );
  return [...new Set(words)].join(", ");
}
