import { parseVerdict } from "../inbound/model-verdicts.ts";
import { renderConsultationRequest } from "../outbound/model-requests.ts";
import { noteComment } from "./notes.ts";
import { enter } from "./phases.ts";
import { wantStep } from "./session-steps.ts";
import type { Step } from "./step.ts";

/** The run has its turn: people are told, the architect is asked for guidance. */
export function beginIntake(step: Step): void {
  if (step.run.wait.for !== "turn") return;
  noteComment(step, "status", { note: "started" });
  const task = step.submit("tech-consultation", renderConsultationRequest(step.run, step.context), {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: step.policy.tasks.maxAttempts,
  });
  step.wait({ for: "guidance", task });
}

/** Guidance, or none when its task failed: work begins either way. */
export function guidanceDone(step: Step, outcome: { readonly done: unknown } | { readonly failed: unknown }): void {
  const verdict = "done" in outcome ? parseVerdict("tech_consultation", outcome.done) : null;
  const guidance = verdict?.ok ? verdict.value.guidance : null;
  if (guidance !== null) {
    step.set({ guidance });
    noteComment(step, "guidance", { note: "guidance", guidance });
  }
  step.event("guidance-given", { given: guidance !== null });
  beginWork(step, guidance === null ? "no guidance, going on" : "guidance given");
}

/** Planning first, unless the issue is labelled `simple`. */
export function beginWork(step: Step, because: string): void {
  if (step.run.simple) {
    enter(step, "implementation", `${because}; simple`);
    wantStep(step, "implement", { type: "implement" });
    return;
  }
  enter(step, "planning", because);
  wantStep(step, "plan", { type: "plan" });
}
