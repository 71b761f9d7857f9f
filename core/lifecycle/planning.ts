import { parseVerdict } from "../inbound/model-verdicts.ts";
import { renderPlanReviewRequest } from "../outbound/model-requests.ts";
import { fail } from "./endings.ts";
import { noteComment } from "./notes.ts";
import { enter, spendCycle } from "./phases.ts";
import { askPeople } from "./ask-people.ts";
import { wantStep } from "./session-steps.ts";
import type { Step } from "./step.ts";

/** The session's plan, for the reviewer to judge. */
export function planProposed(step: Step, markdown: string): void {
  step.set({ plan: markdown, planApprovedBy: undefined, emptyEnds: 0 });
  step.event("plan-proposed", { characters: markdown.length, cycle: step.run.cycles.planning });
}

/** The planning step has ended: with a plan it goes to review; without one it is asked for once more. */
export function planStepDone(step: Step): void {
  if (step.run.plan !== undefined && step.run.planApprovedBy === undefined) return reviewPlan(step);
  if (step.run.emptyEnds > 0) return fail(step, "the session ended without a plan twice");
  step.set({ emptyEnds: 1 });
  wantStep(step, "plan", { type: "replan", feedback: "You ended without a plan. Write the plan as your final message." });
}

export function reviewPlan(step: Step): void {
  const task = step.submit("plan-review", renderPlanReviewRequest(step.run, step.context), {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: step.policy.tasks.maxAttempts,
  });
  step.wait({ for: "plan-review", task });
}

export function planReviewed(step: Step, outcome: { readonly done: unknown } | { readonly failed: { readonly message: string } }): void {
  const verdict = "done" in outcome ? parseVerdict("plan_review", outcome.done) : null;
  if (!verdict?.ok) {
    const why = "failed" in outcome ? outcome.failed.message : "its answer could not be read";
    askPeople(step, "decision", `The plan review failed: ${why}`, [
      { label: "Try again", outcome: "try-again" },
      { label: "Go on", description: "approve the plan as it is", outcome: "go-on" },
      { label: "Stop", outcome: "stop" },
    ]);
    return;
  }
  const { approve, confidence, feedback } = verdict.value;
  step.event("plan-reviewed", { approve, confidence });
  if (!approve) return planRejected(step, feedback);
  if (confidence >= step.policy.planReview.approveAt) return approvePlan(step, `plan review (${Math.round(confidence * 100)} %)`);
  const question = askPeople(
    step,
    "plan-approval",
    `Approve the plan? The reviewer approves with ${Math.round(confidence * 100)} % confidence: ${feedback}`,
    [
      { label: "Approve", outcome: "approve" },
      { label: "Reject", description: "or write what to change", outcome: "reject" },
    ],
    { context: step.run.plan ?? "" },
  );
  step.wait({ for: "plan-approval", question });
}

/** The plan stands, and the same session goes on with it. */
export function approvePlan(step: Step, by: string): void {
  step.set({ planApprovedBy: by });
  step.event("plan-approved", { by });
  noteComment(step, `plan:${step.run.cycles.planning}.${step.run.cycles.qa}.${step.run.cycles.review}`, { note: "plan", by });
  enter(step, "implementation", `plan approved by ${by}`);
  wantStep(step, "implement", { type: "implement" });
}

export function planRejected(step: Step, feedback: string): void {
  if (!spendCycle(step, "planning", `plan rejected: ${feedback}`))
    return fail(step, `the plan was rejected and no cycle is left: ${feedback}`);
  step.set({ plan: undefined });
  wantStep(step, "plan", { type: "replan", feedback });
}

/** Failures from later phases send the work back to a new plan. */
export function replan(step: Step, because: string, feedback: string): void {
  enter(step, "planning", because);
  step.set({ plan: undefined, planApprovedBy: undefined });
  wantStep(step, "plan", { type: "replan", feedback });
}
