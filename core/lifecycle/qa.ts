import { parseVerdict } from "../inbound/model-verdicts.ts";
import { renderEvaluationRequest } from "../outbound/model-requests.ts";
import { renderBugIssue, renderTestFailures } from "../outbound/test-failures.ts";
import type { TestResults } from "../protocol/frames.ts";
import { fail } from "./endings.ts";
import { noteComment } from "./notes.ts";
import { enter, spendCycle } from "./phases.ts";
import { replan } from "./planning.ts";
import { askPeople } from "./ask-people.ts";
import { beginReview } from "./review.ts";
import { infrastructureFailed } from "./session-failures.ts";
import { stopStep } from "./live-step.ts";
import { wantStep } from "./session-steps.ts";
import type { Step } from "./step.ts";

/** Tests of the head: the project's command on a runner and GitHub's checks, whichever are configured. */
export function beginQa(step: Step, because: string): void {
  enter(step, "qa", because);
  step.set({ tests: undefined, checksSeen: step.policy.qa.checks ? "pending" : undefined });
  if (step.policy.qa.checks && step.run.pull) step.effect("checks", { kind: "observe-pull-request", number: step.run.pull.number });
  if (step.policy.qa.testCommand !== null) wantStep(step, "test", { type: "test" });
  else settleQa(step);
}

/** What a test command's output says by itself; `unclear` when only a model could tell. */
export function judge(results: TestResults): "passed" | "failed" | "unclear" {
  if (results.timedOut) return "failed";
  if (results.counts && results.counts.failed > 0) return "failed";
  if (results.exitCode === 0) return "passed";
  return "unclear";
}

export function testsFinished(step: Step, results: TestResults): void {
  const verdict = judge(results);
  step.set({ tests: { verdict, results } });
  step.event("tests-finished", { verdict, exitCode: results.exitCode, counts: results.counts ?? null, format: results.format });
}

/** The test step has ended. */
export function testStepDone(step: Step): void {
  const { tests } = step.run;
  if (!tests) return infrastructureFailed(step, "the test step ended without results");
  if (tests.verdict === "unclear") return evaluateTests(step);
  settleQa(step);
}

export function evaluateTests(step: Step): void {
  const task = step.submit("test-evaluation", renderEvaluationRequest(step.run, step.context), {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: step.policy.tasks.maxAttempts,
  });
  step.wait({ for: "test-evaluation", task });
}

export function testsEvaluated(step: Step, outcome: { readonly done: unknown } | { readonly failed: { readonly message: string } }): void {
  const verdict = "done" in outcome ? parseVerdict("test_evaluation", outcome.done) : null;
  if (!verdict?.ok || verdict.value.confidence < step.policy.qa.evaluateAt) {
    const why = verdict?.ok
      ? `it is not sure (${verdict.value.reason})`
      : "failed" in outcome
        ? outcome.failed.message
        : "its answer could not be read";
    askPeople(step, "decision", `The test output could not be judged: ${why}`, [
      { label: "Try again", outcome: "try-again" },
      { label: "Go on", description: "count the tests as passed", outcome: "go-on" },
      { label: "Stop", outcome: "stop" },
    ]);
    return;
  }
  setVerdict(step, verdict.value.passed ? "passed" : "failed", verdict.value.failures);
  settleQa(step);
}

export function setVerdict(step: Step, verdict: "passed" | "failed", failures: readonly string[] = []): void {
  const { tests } = step.run;
  if (!tests) return;
  const named = failures.map((name) => ({ name: name.slice(0, 500), message: "" }));
  step.set({ tests: { verdict, results: { ...tests.results, failures: named.length > 0 ? named : tests.results.failures } } });
}

/** Red by either is red, green needs both. */
export function settleQa(step: Step): void {
  const { tests, checksSeen, pull, phase, session } = step.run;
  if (phase !== "qa") return;
  // A result counts when its step has ended: until then the session is live.
  const verdict = session.task === null ? (tests?.verdict ?? "pending") : "pending";
  const command = step.policy.qa.testCommand === null ? "passed" : verdict;
  const checks = step.policy.qa.checks ? (checksSeen ?? "pending") : "green";
  if (command === "failed") return qaFailed(step, renderTestFailures(tests?.results));
  if (checks === "red")
    return qaFailed(step, (pull?.failingChecks ?? []).map((check) => `${check.name}: ${check.summary}`).join("\n") || "checks are red");
  if (command === "passed" && checks === "green")
    return beginReview(step, command === "passed" && tests ? "tests passed" : "checks are green");
  if (command === "passed" && checks === "pending") step.wait({ for: "checks" });
}

function qaFailed(step: Step, failures: string): void {
  const { session, wait, tests } = step.run;
  // The checks turned red while the tests run or are evaluated: their result no longer matters.
  if (session.task !== null || (wait.for === "test-evaluation" && tests?.verdict === "unclear")) stopStep(step, "checks are red");
  if (!spendCycle(step, "qa", failures)) return fail(step, "the tests fail and no cycle is left");
  const cycle = step.run.cycles.qa;
  const bug = renderBugIssue(step.run, failures, step.context);
  step.effect("bugs", { kind: "open-bug-issue", parent: step.run.issue, marker: `${step.run.issue}.${step.run.run}:bug:${cycle}`, ...bug });
  noteComment(step, `qa:${cycle}`, { note: "tests-failed", failures });
  if (!step.run.simple) return replan(step, "tests failed", `The tests of your implementation failed:\n\n${failures}`);
  enter(step, "implementation", "tests failed");
  wantStep(step, "rework", { type: "rework", feedback: `The tests failed:\n\n${failures}` });
}
