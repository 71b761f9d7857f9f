import { breakOnSpend } from "./budget.ts";
import { breakOnDay } from "./day-budget.ts";
import { breakOnMeshDay } from "./mesh-day.ts";
import type { SessionAssignment } from "../protocol/frames.ts";
import { renderPrompt } from "../outbound/prompts.ts";
import type { Moment } from "../time.ts";
import type { SessionStep } from "../task/state.ts";
import { nameAt } from "../project/registry-entry.ts";
import { isOpen } from "./is-active.ts";
import { tell } from "./live-step.ts";
import { appliedNotice } from "./people-notices.ts";
import type { Question, Run, StartPrompt } from "./state.ts";
import type { Step } from "./step.ts";

/** Wants a step of the session to begin; begins it at once unless a hold or the backoff keeps it back. */
export function wantStep(step: Step, name: SessionStep, prompt: StartPrompt, notBefore: Moment = step.at): void {
  step.wait({ for: "start", step: name, prompt, notBefore });
  tryStart(step);
}

/** Begins the wanted step when nothing holds it (invariant 10). */
export function tryStart(step: Step): void {
  const { wait } = step.run;
  if (wait.for !== "start" || step.run.holds.length > 0) return;
  if (wait.notBefore > step.at) {
    step.timer("start", wait.notBefore);
    return;
  }
  // An issue that has spent its money in earlier runs starts nothing either.
  breakOnSpend(step);
  breakOnMeshDay(step);
  breakOnDay(step);
  if (step.run.holds.length > 0) return;
  step.timer("start", null);
  const capability = wait.step === "test" ? "qa" : step.run.phase === "planning" ? "planning" : "implementation";
  const payload = assignmentOf(step, wait.step, wait.prompt);
  const task = step.submit(capability, payload, {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: 1,
    session: { run: `${step.run.issue}.${step.run.run}` as never, step: wait.step },
  });
  step.set({
    wait: { for: "slot", task, step: wait.step, prompt: wait.prompt, steeringSaid: wait.step === "test" ? 0 : step.run.steering.length },
    session: { ...step.run.session, task, step: wait.step, lastActivityAt: step.at, nudges: 0 },
    headAtStart: goesOn(wait.prompt) ? step.run.headAtStart : (step.run.head?.sha ?? null),
  });
  step.timer("tell-waiting", step.at + step.policy.session.tellWaitingAfterMs);
}

/** The same piece of work goes on: what it has pushed so far counts as its own. */
function goesOn(prompt: StartPrompt): boolean {
  return prompt.type === "resume" || prompt.type === "answer" || prompt.type === "commit-your-work";
}

function assignmentOf(step: Step, name: SessionStep, prompt: StartPrompt): SessionAssignment {
  const { run, policy } = step;
  const { profile } = step.context;
  return {
    runId: step.runId,
    sessionId: run.session.id,
    step: name,
    project: nameAt(profile, run.startedAt),
    cloneUrl: profile.cloneUrl,
    baseBranch: profile.defaultBranch,
    branch: run.branch,
    conversationId: run.session.conversationId,
    prompt: name === "test" ? "" : renderPrompt(run, name, prompt, step.context),
    planOnly: run.phase === "planning",
    testCommand: policy.qa.testCommand,
    testTimeoutMs: policy.qa.testTimeoutMs,
    activeLimitMs: policy.session.activeLimitMs,
    stallAfterMs: policy.session.stallAfterMs,
    budgetUsd: Math.max(0, policy.budget.perIssueUsd + run.spend.allowedMore - run.spend.usd - run.spend.earlierUsd),
    allowWorkflowChanges: policy.session.allowWorkflowChanges,
    tools: policy.tools,
  };
}

/** The runner has accepted: the run waits for the session, which is watched for silence from now on. */
export function sessionAccepted(step: Step, agent: Run["session"]["agent"], attempt: number): void {
  const { wait } = step.run;
  if (wait.for !== "slot") return;
  step.wait({ for: "session", task: wait.task, step: wait.step });
  step.timer("tell-waiting", null);
  step.set({ session: { ...step.run.session, agent, attempt } });
  if (wait.step === "test") return sessionActive(step);
  // Steering that came after the prompt was written is said now.
  for (const text of step.run.steering.slice(wait.steeringSaid ?? 0)) tell(step, { type: "prompt", text });
  step.set({ steering: [] });
  // Answers that never reached the session were in the prompt it now has.
  markApplied(step, (question) => question.purpose === "session" && question.status === "answered" && question.appliedAt === undefined);
  sessionActive(step);
}

/** A sign of work: silence is counted from here. */
export function sessionActive(step: Step): void {
  step.set({ session: { ...step.run.session, lastActivityAt: step.at, nudges: 0 } });
  step.timer("stall", waitsForPerson(step.run) ? null : step.at + stallAfter(step));
}

export function stallAfter(step: Step): number {
  // A test command is one long silence; it has a time limit of its own on the runner.
  return step.run.session.step === "test"
    ? step.policy.qa.testTimeoutMs + step.policy.session.stallAfterMs
    : step.policy.session.stallAfterMs;
}

/** The open question that this step of the session has asked. */
export function askedBy(run: Run, task: Run["session"]["task"]): Question | undefined {
  return run.questions.find((question) => question.purpose === "session" && isOpen(question) && question.asker?.task === task);
}

export function waitsForPerson(run: Run): boolean {
  return askedBy(run, run.session.task) !== undefined;
}

export function markApplied(step: Step, which: (question: Question) => boolean): void {
  for (const question of step.run.questions) {
    if (!which(question)) continue;
    step.event("question-applied", { question: question.id, ...(question.answer ? { by: question.answer.by } : {}) });
    appliedNotice(step, question);
  }
  step.set({ questions: step.run.questions.map((question) => (which(question) ? { ...question, appliedAt: step.at } : question)) });
}
