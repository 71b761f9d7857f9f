import type { EffectResult } from "../effects.ts";
import type { EffectId } from "../ids.ts";
import type { PullRequestObservation } from "../inputs.ts";
import { accept, cancel, fail } from "./endings.ts";
import { noteComment, notify } from "./notes.ts";
import { enter, isHalted, leavePhase, spendCycle } from "./phases.ts";
import { askPeople } from "./ask-people.ts";
import { stopStep } from "./live-step.ts";
import { wantStep } from "./session-steps.ts";
import type { Step } from "./step.ts";

/** Everything is green: merged by us or awaited from a person. */
export function beginReview(step: Step, because: string): void {
  enter(step, "review", because);
  noteComment(step, `result:${step.run.head?.sha.slice(0, 12) ?? step.run.cycles.review}`, { note: "tests-passed" });
  if (step.run.mergedSha !== undefined) return afterMerge(step);
  if (step.run.pull && freshReviews(step, step.run.pull).length > 0) return reviewObserved(step, step.run.pull);
  requestMerge(step);
}

export function requestMerge(step: Step): void {
  const { pull } = step.run;
  if (!pull) return;
  if (step.policy.merge === "human") {
    step.wait({ for: "merge", effect: null });
    notify(step, "merge", `${step.runId} is ready to merge`, `Pull request #${pull.number}: ${step.run.card.title}`, 4);
    return;
  }
  // Whoever paused the run or stopped the mesh has not agreed to a merge; it is asked for when they let it go on.
  if (isHalted(step.run)) step.wait({ for: "merge", effect: null });
  else mergeNow(step);
}

/** The merge that was kept back while the run was paused or the mesh stopped. */
export function mergeKeptBack(step: Step): void {
  const { wait } = step.run;
  if (!isHalted(step.run) && wait.for === "merge" && wait.effect === null && step.policy.merge === "auto") mergeNow(step);
}

/** Guarded by the head's sha: nothing is merged that was not tested. */
export function mergeNow(step: Step): void {
  const { pull, head } = step.run;
  if (!pull) return;
  const effect = step.effect("pull", {
    kind: "merge-pull-request",
    number: pull.number,
    sha: head?.sha ?? pull.headSha,
    method: step.policy.mergeMethod,
    title: `${step.run.card.title} (#${pull.number})`,
  });
  step.wait({ for: "merge", effect });
}

export function mergeAnswered(step: Step, effect: EffectId, result: EffectResult): void {
  const { wait } = step.run;
  // What GitHub has merged is merged, wherever the run stands by now.
  if (result.kind === "merged") return merged(step, result.sha, "the mesh");
  if (step.run.phase !== "review" || wait.for !== "merge" || wait.effect !== effect || result.kind !== "merge-refused") return;
  step.event("merge-refused", { because: result.because, message: result.message.slice(0, 500) });
  switch (result.because) {
    case "conflict":
    case "base-moved":
      enter(step, "implementation", `merge refused: ${result.because}`);
      return wantStep(step, "rework", { type: "merge-base", message: result.message });
    case "head-moved":
      step.wait({ for: "merge", effect: null });
      if (step.run.pull) step.effect("checks", { kind: "observe-pull-request", number: step.run.pull.number });
      return;
    case "protected":
    case "closed":
      askPeople(step, "decision", `GitHub refused the merge: ${result.message}`, [
        { label: "Try again", outcome: "try-again" },
        { label: "Stop", outcome: "stop" },
      ]);
  }
}

/** Merged, by us or by a person: what runs of the session ends, the deployment is looked at. */
export function merged(step: Step, sha: string, by: string): void {
  if (step.run.mergedSha !== undefined) return;
  const { pull } = step.run;
  stopStep(step, "merged");
  if (step.run.phase === "review") leavePhase(step, "the pull request was merged");
  step.set({
    mergedSha: sha,
    ...(pull ? { pull: { ...pull, state: "closed" as const, merged: true, mergedBy: by, mergeCommit: sha } } : {}),
  });
  step.event("pull-request-merged", { number: pull?.number ?? null, sha, by });
  if (step.run.phase !== "review") enter(step, "review", `merged by ${by}`);
  afterMerge(step);
}

function afterMerge(step: Step): void {
  const url = step.policy.deployment.healthUrl;
  if (url === null) return accept(step, "merged");
  const until = step.at + step.policy.deployment.timeoutMs;
  const effect = step.effect("checks", { kind: "check-health", url, expectCommit: step.run.mergedSha ?? null });
  step.wait({ for: "deployment", effect, until });
  step.timer("deployment-end", until);
}

export function healthAnswered(step: Step, effect: EffectId, result: EffectResult): void {
  const { wait } = step.run;
  if ((wait.for !== "deployment" && wait.for !== "smoke-test") || wait.effect !== effect || result.kind !== "health") return;
  step.event("deployment-checked", { check: wait.for, healthy: result.healthy, detail: result.detail.slice(0, 500) });
  if (!result.healthy) {
    if (wait.for === "smoke-test") return deploymentFailed(step, `the smoke test failed: ${result.detail}`);
    step.wait({ ...wait, effect: null });
    step.timer("deployment", Math.min(wait.until, step.at + step.policy.deployment.intervalMs));
    return;
  }
  step.timer("deployment", null);
  step.timer("deployment-end", null);
  const smoke = step.policy.deployment.smokeTestUrl;
  if (wait.for === "smoke-test" || smoke === null) return accept(step, "merged, deployed and healthy");
  const check = step.effect("checks", { kind: "check-health", url: smoke, expectCommit: null });
  step.wait({ for: "smoke-test", effect: check, until: wait.until });
}

/** Looks at the deployment again. */
export function checkDeploymentAgain(step: Step): void {
  const { wait } = step.run;
  step.timer("deployment", null);
  const url = step.policy.deployment.healthUrl;
  if (wait.for !== "deployment" || wait.effect !== null || url === null) return;
  const effect = step.effect("checks", { kind: "check-health", url, expectCommit: step.run.mergedSha ?? null });
  step.wait({ ...wait, effect });
}

export function deploymentTimedOut(step: Step): void {
  step.timer("deployment-end", null);
  if (step.run.wait.for === "deployment") deploymentFailed(step, "the deployment was not healthy in time");
}

function deploymentFailed(step: Step, reason: string): void {
  step.timer("deployment", null);
  step.timer("deployment-end", null);
  if (!spendCycle(step, "review", reason)) return fail(step, `${reason}, and no cycle is left`);
  noteComment(step, `deployment:${step.run.cycles.review}`, { note: "deployment-failed", reason });
  notify(step, "deployment", `${step.runId}: deployment`, reason, 4);
  // What was merged stays; the next round works on a fresh pull request from the same branch.
  const former = step.run.pull ? [...(step.run.formerPulls ?? []), step.run.pull.number] : (step.run.formerPulls ?? []);
  step.set({ formerPulls: former, mergedSha: undefined, pull: undefined, head: undefined, plan: undefined, planApprovedBy: undefined });
  enter(step, "planning", reason);
  wantStep(step, "plan", {
    type: "replan",
    feedback: `Your change was merged, but ${reason}. Plan the repair; start from the base branch as it is now.`,
  });
}

/** What GitHub says of the pull request, from a webhook or a look at it; only newer observations count. */
export function pullObserved(
  step: Step,
  pull: PullRequestObservation,
  beginQa: (step: Step, because: string) => void,
  settleQa: (step: Step) => void,
): boolean {
  const { run } = step;
  if (run.pull === undefined && (run.phase === "intake" || run.phase === "planning")) return false;
  if (run.formerPulls?.includes(pull.number)) return false;
  if (run.pull && run.pull.number !== pull.number && pull.state === "closed") return false;
  if (run.pull && pull.observedAt < run.pull.observedAt) return false;
  if (run.mergedSha !== undefined) return false;
  const before = run.pull;
  step.set({ pull });
  if (pull.merged) {
    merged(step, pull.mergeCommit ?? pull.headSha, pull.mergedBy ?? "someone");
    return true;
  }
  if (pull.state === "closed") {
    cancel(step, "the pull request was closed without merging");
    return true;
  }
  const checks = pull.checks === "none" ? "pending" : pull.checks;
  if (run.wait.for === "pull-request") {
    // The result of our own request was lost; GitHub has it.
    step.set({ head: { sha: pull.headSha, commits: pull.commits } });
    if (before === undefined) step.event("pull-request-opened", { number: pull.number, url: pull.url });
    beginQa(step, "pull request open");
    return checksObserved(step, checks, settleQa);
  }
  if (run.phase === "qa" || run.phase === "review") {
    if (run.head && pull.headSha !== run.head.sha) {
      stopStep(step, "the head has moved");
      step.set({ head: { sha: pull.headSha, commits: pull.commits } });
      beginQa(step, "the head of the pull request has moved");
      return checksObserved(step, checks, settleQa);
    }
    if (step.policy.qa.checks) step.set({ checksSeen: checks });
  }
  if (run.phase === "qa") settleQa(step);
  else if (run.phase === "review") reviewObserved(step, pull);
  return step.run !== run;
}

function checksObserved(step: Step, checks: "pending" | "green" | "red", settleQa: (step: Step) => void): true {
  if (step.policy.qa.checks && step.run.phase === "qa") {
    step.set({ checksSeen: checks });
    settleQa(step);
  }
  return true;
}

function freshReviews(step: Step, pull: PullRequestObservation) {
  return pull.changesRequested.filter((review) => !step.run.handledReviews.includes(review.id));
}

function reviewObserved(step: Step, pull: PullRequestObservation): void {
  const fresh = freshReviews(step, pull);
  const red = step.policy.qa.checks && pull.checks === "red";
  if (fresh.length > 0 || red) {
    const feedback = [
      ...fresh.map((review) => `${review.author} asks for changes:\n${review.body}`),
      ...(red ? [`Checks are red:\n${pull.failingChecks.map((check) => `${check.name}: ${check.summary}`).join("\n")}`] : []),
    ].join("\n\n");
    step.set({ handledReviews: [...step.run.handledReviews, ...fresh.map((review) => review.id)].slice(-100) });
    if (!spendCycle(step, "review", feedback)) return fail(step, "changes are asked for and no cycle is left");
    enter(step, "implementation", fresh.length > 0 ? "changes requested" : "checks turned red");
    return wantStep(step, "rework", { type: "rework", feedback });
  }
  if (pull.mergeable === "conflict" && step.run.wait.for === "merge" && step.run.wait.effect === null) {
    enter(step, "implementation", "the branch conflicts with its base");
    wantStep(step, "rework", { type: "merge-base", message: "the branch conflicts with its base" });
    return;
  }
  mergeKeptBack(step);
}
