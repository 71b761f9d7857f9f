import type { EffectResult } from "../effects.ts";
import type { EffectId } from "../ids.ts";
import { renderPullRequest } from "../outbound/pull-request.ts";
import { fail } from "./endings.ts";
import { enter } from "./phases.ts";
import { beginQa } from "./qa.ts";
import { askPeople } from "./ask-people.ts";
import { wantStep } from "./session-steps.ts";
import type { StartPrompt } from "./state.ts";
import type { Step } from "./step.ts";

/** Sends the session to work on code that exists already. */
export function rework(step: Step, because: string, prompt: StartPrompt): void {
  enter(step, "implementation", because);
  wantStep(step, "rework", prompt);
}

/** The implementation step has ended: new commits go on to a pull request; none are asked for once. */
export function implementationStepDone(step: Step): void {
  const { head, headAtStart, emptyEnds } = step.run;
  if (head !== undefined && head.commits > 0 && head.sha !== headAtStart) return requestPull(step);
  if (emptyEnds > 0) return fail(step, "the session ended without commits twice");
  step.set({ emptyEnds: 1 });
  wantStep(step, "rework", { type: "commit-your-work" });
}

/** The branch is on GitHub: one pull request for it, made or found by its head. */
export function requestPull(step: Step): void {
  const { pull, formerPulls } = step.run;
  if (pull && pull.state === "open") return beginQa(step, "new commits on the pull request");
  const text = renderPullRequest(step.run, step.context);
  const effect = step.effect("pull", {
    kind: "open-pull-request",
    branch: step.run.branch,
    base: step.context.profile.defaultBranch,
    ...text,
    ...(formerPulls === undefined ? {} : { former: formerPulls }),
  });
  step.wait({ for: "pull-request", effect });
}

export function pullRequestAnswered(step: Step, effect: EffectId, result: EffectResult): void {
  const { wait, head } = step.run;
  const awaited = step.run.phase === "implementation" && wait.for === "pull-request" && wait.effect === effect;
  const isFormer = result.kind === "pull-request-open" && step.run.formerPulls?.includes(result.number) === true;
  if (result.kind === "pull-request-open" && !isFormer) {
    // Known even when the work has been sent elsewhere meanwhile, so that a next run can close it.
    if (!awaited && step.run.pull !== undefined) return;
    step.set({
      pull: {
        number: result.number,
        url: result.url,
        branch: step.run.branch,
        state: "open",
        merged: false,
        mergedBy: null,
        mergeCommit: null,
        headSha: result.headSha,
        commits: head?.commits ?? 0,
        mergeable: "unknown",
        checks: "none",
        failingChecks: [],
        changesRequested: [],
        observedAt: step.at,
      },
      ...(awaited ? { head: { sha: result.headSha, commits: head?.commits ?? 1 } } : {}),
    });
    step.event("pull-request-opened", { number: result.number, url: result.url });
    if (awaited) beginQa(step, "pull request open");
    return;
  }
  if (!awaited || (result.kind !== "pull-request-refused" && !isFormer)) return;
  if (result.kind === "pull-request-refused" && result.because === "refused") {
    askPeople(step, "decision", `GitHub refused the pull request: ${result.message}`, [
      { label: "Try again", outcome: "try-again" },
      { label: "Stop", outcome: "stop" },
    ]);
    return;
  }
  // The branch went away or holds nothing: the session has its work still, and pushes it again.
  step.set({ head: undefined });
  const why = result.kind === "pull-request-refused" ? result.message : "the branch has only the one that was merged";
  if (step.run.emptyEnds > 0) return fail(step, `no pull request could be opened: ${why}`);
  step.set({ emptyEnds: 1 });
  wantStep(step, "rework", { type: "commit-your-work" });
}
