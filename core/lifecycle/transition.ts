import type { EventBody } from "../events.ts";
import { ignored, moved, type Transition } from "../transition.ts";
import { commented, humanAnswered, noticeDelayed, noticeSent } from "./answering.ts";
import { cardObserved, columnObserved } from "./board.ts";
import { modelUsed, sessionUsed } from "./budget.ts";
import { breakOnDay } from "./day-budget.ts";
import { weighMeshDay } from "./mesh-day.ts";
import { cancel, fail } from "./endings.ts";
import { implementationStepDone, pullRequestAnswered, requestPull } from "./implementation.ts";
import { beginIntake, guidanceDone } from "./intake.ts";
import { isActive } from "./is-active.ts";
import { learningDone } from "./learning.ts";
import { meshStarted, meshStopped } from "./mesh-stop.ts";
import { commanded } from "./operator.ts";
import { isHalted, isPaused } from "./phases.ts";
import { planProposed, planReviewed, planStepDone } from "./planning.ts";
import { beginQa, settleQa, testsEvaluated, testsFinished, testStepDone } from "./qa.ts";
import { askPeople } from "./ask-people.ts";
import { answerApplied, architectDone, sessionAsked, sessionParked } from "./questions.ts";
import { healthAnswered, mergeAnswered, pullObserved } from "./review.ts";
import type { RunAction, RunContext, RunInput } from "./run-input.ts";
import { sessionFailed } from "./session-failures.ts";
import { sessionStepOver } from "./live-step.ts";
import { askedBy, sessionAccepted, sessionActive, wantStep } from "./session-steps.ts";
import type { Question, Run } from "./state.ts";
import { tryStart } from "./session-steps.ts";
import { Step } from "./step.ts";
import { timePassed } from "./timers.ts";
import { withdrawQuestions } from "./withdraw.ts";

export type RunTransition = Transition<Run, EventBody, RunAction>;
type Of<T extends RunInput["type"]> = Extract<RunInput, { type: T }>;

/**
 * One input moves one run. Pure: the same run, input and context give the same answer. Inputs of ended runs, of older attempts and repeats
 * are ignored with a reason (invariants 1, 8 and 9). `human-answered` is ignored as `already-answered`, `withdrawn` or `not-a-choice`;
 * a late answer is kept all the same.
 */
export function transitionRun(run: Run, input: RunInput, context: RunContext): RunTransition {
  if (!isActive(run)) return endedRun(run, input, context);
  const step = new Step(run, input.at, context);
  const reason = hear(step, input);
  return reason === null ? moved(step.run, step.events, step.actions) : ignored(reason);
}

/** An ended run keeps late answers and what was learned from its people; everything else passes it by. */
function endedRun(run: Run, input: RunInput, context: RunContext): RunTransition {
  if (input.type === "task-ended") return lessonAfterTheEnd(run, input, context);
  if (input.type !== "human-answered") return ignored(input.type === "operator-commanded" ? "run-has-ended" : "stale");
  const step = new Step(run, input.at, context);
  const reason = humanAnswered(step, input);
  return reason === null || reason.startsWith("kept:") ? moved(step.run, step.events, step.actions) : ignored(reason);
}

function lessonAfterTheEnd(run: Run, input: Of<"task-ended">, context: RunContext): RunTransition {
  const step = new Step(run, input.at, context);
  const taught = run.questions.find((question) => question.learning === input.task);
  if (!taught) return ignored("stale");
  modelUsed(step, input.usd);
  learningDone(step, taught, input.outcome);
  return moved(step.run, step.events, step.actions);
}

/** null: the run has moved; else why nothing was done. */
function hear(step: Step, input: RunInput): string | null {
  switch (input.type) {
    case "turn-granted":
      if (step.run.wait.for !== "turn") return "stale";
      if (isHalted(step.run)) return isPaused(step.run) ? "paused" : "stopped";
      beginIntake(step);
      return null;
    case "mesh-stopped":
      return meshStopped(step, input.stop);
    case "mesh-started":
      return meshStarted(step);
    case "day-spent":
      return breakOnDay(step) ? null : "nothing-new";
    case "mesh-day-weighed": {
      const reason = weighMeshDay(step);
      if (reason === null) tryStart(step);
      return reason;
    }
    case "project-closed":
      withdrawQuestions(step, "the project was deleted");
      cancel(step, `the project was deleted by ${input.by}`);
      return null;
    case "card-observed":
      return cardObserved(step, input.card) ? null : "nothing-new";
    case "card-gone":
      if (input.observedAt < step.run.card.observedAt) return "stale";
      cancel(step, "the card was removed");
      return null;
    case "comment-observed":
      return commented(step, input);
    case "pull-request-observed":
      return pullObserved(step, input.pull, beginQa, settleQa) ? null : "nothing-new";
    case "branch-observed":
      return branchObserved(step, input);
    case "effect-done":
      return effectDone(step, input);
    case "effect-gave-up":
      return effectGaveUp(step, input);
    case "effect-delayed":
      return noticeDelayed(step, input.effect, input.message, true);
    case "task-started":
      if (input.task !== step.run.session.task) return "stale";
      sessionAccepted(step, input.agent, input.attempt);
      return null;
    case "task-ended":
      return taskEnded(step, input);
    case "session-report":
      return reported(step, input);
    case "time-passed":
      return timePassed(step) ? null : "not-due";
    case "human-answered": {
      const reason = humanAnswered(step, input);
      return reason?.startsWith("kept:") ? null : reason;
    }
    case "operator-commanded":
      return commanded(step, input.command, input.by, input.reason);
  }
}

/** GitHub's own word on the branch; a session that still runs will report by itself. */
function branchObserved(step: Step, input: Of<"branch-observed">): string | null {
  const { run } = step;
  if (input.branch !== run.branch || run.mergedSha !== undefined) return "stale";
  if (input.commits === 0 || run.head?.sha === input.sha) return "nothing-new";
  if (run.phase !== "implementation" || run.session.task !== null || run.wait.for !== "start") return "nothing-new";
  // The step broke off after its push, and the report was lost: what counts is on GitHub.
  step.set({ head: { sha: input.sha, commits: input.commits } });
  step.timer("start", null);
  step.event("branch-pushed", { sha: input.sha, commits: input.commits, source: "github" });
  requestPull(step);
  return null;
}

function effectDone(step: Step, input: Of<"effect-done">): string | null {
  const { effect, result } = input;
  switch (effect.kind) {
    case "move-card":
      if (step.run.column.pending !== effect.id) return "stale";
      step.set({ column: { ...step.run.column, pending: null, settledAt: step.at } });
      if (result.kind === "card-elsewhere") {
        // A person was quicker than our move: it was left undone, and theirs counts.
        step.set({ card: { ...step.run.card, column: result.column } });
        columnObserved(step, step.run.card);
      }
      return null;
    case "open-pull-request":
      pullRequestAnswered(step, effect.id, result);
      return null;
    case "merge-pull-request":
      if (step.run.formerPulls?.includes(effect.number)) return "stale";
      mergeAnswered(step, effect.id, result);
      return null;
    case "check-health":
      healthAnswered(step, effect.id, result);
      return null;
    case "open-bug-issue":
      if (result.kind !== "issue-open") return "stale";
      step.set({ bugIssues: [...step.run.bugIssues, result.number] });
      step.event("bug-issue-opened", { number: result.number, url: result.url });
      return null;
    case "tell-session":
      if (effect.command.type !== "answer") return "nothing-new";
      answerApplied(step, effect.command.questionId as Question["id"]);
      return null;
    case "ask-human":
      return noticeSent(step, effect.question);
    default:
      return "nothing-new";
  }
}

/** An effect that could not be had. What the run cannot do without, a person decides; the rest is kept as an event by the outbox. */
function effectGaveUp(step: Step, input: Of<"effect-gave-up">): string | null {
  const { effect } = input;
  switch (effect.kind) {
    case "move-card":
      // It stays pending: the card stands where nobody put it, and that is no human's move.
      if (step.run.column.pending !== effect.id) return "stale";
      break;
    case "open-pull-request":
    case "merge-pull-request": {
      const { wait } = step.run;
      if (!("effect" in wait) || wait.effect !== effect.id) return "stale";
      break;
    }
    case "check-health":
      healthAnswered(step, effect.id, { kind: "health", healthy: false, detail: input.message });
      return null;
    case "ask-human":
      return noticeDelayed(step, effect, input.message, false);
    default:
      return "nothing-new";
  }
  step.set({ holds: [...step.run.holds, { kind: "effect", effect: effect.id, reason: input.message.slice(0, 500) }] });
  const choices = [
    { label: "Try again", outcome: "try-again" },
    { label: "Stop", outcome: "stop" },
  ] as const;
  askPeople(step, "decision", `GitHub would not ${effect.kind.replaceAll("-", " ")}: ${input.message}`, choices, { effect: effect.id });
  return null;
}

function taskEnded(step: Step, input: Of<"task-ended">): string | null {
  modelUsed(step, input.usd);
  const { wait, session } = step.run;
  if (input.task === session.task) {
    sessionTaskEnded(step, input);
    return null;
  }
  const question = step.run.questions.find((one) => one.status === "with-architect" && one.task === input.task);
  if (question) {
    architectDone(step, question, input.outcome);
    return null;
  }
  const taught = step.run.questions.find((one) => one.learning === input.task);
  if (taught) {
    learningDone(step, taught, input.outcome);
    return null;
  }
  if (!("task" in wait) || wait.task !== input.task) return input.usd > 0 ? null : "stale";
  if (wait.for === "guidance") guidanceDone(step, input.outcome);
  else if (wait.for === "plan-review") planReviewed(step, input.outcome);
  else if (wait.for === "test-evaluation") testsEvaluated(step, input.outcome);
  return null;
}

/** A step of the session has come to its end; what it reported before is in the run already. */
function sessionTaskEnded(step: Step, input: Of<"task-ended">): void {
  const { outcome } = input;
  if ("failed" in outcome) {
    if (outcome.failed.kind !== "work" || step.run.phase === "qa") return sessionFailed(step, outcome.failed);
    step.event("session-failed", { kind: "work", message: outcome.failed.message.slice(0, 500) });
  }
  const end = "done" in outcome ? (outcome.done as { parked?: string; stopped?: string } | null) : null;
  if (end?.parked !== undefined) {
    sessionStepOver(step);
    return sessionParked(step, end.parked as Question["id"]);
  }
  const { wait } = step.run;
  const name = wait.for === "slot" || wait.for === "session" ? wait.step : (step.run.session.step ?? "implement");
  const asked = askedBy(step.run, input.task);
  sessionStepOver(step);
  // Stopped (its runner leaves, a person paused) while it waited for an answer: it goes on with that and not before.
  if (end?.stopped !== undefined && asked !== undefined) return sessionParked(step, asked.id);
  if (end?.stopped !== undefined)
    return wantStep(step, name, name === "test" ? { type: "test" } : { type: "resume", because: `it was stopped (${end.stopped})` });
  if (name === "test" && !step.run.tests) return testStepDone(step);
  step.set({ infrastructure: 0 });
  withdrawQuestions(step, "the session has gone on without it", (question) => question.purpose === "session");
  if (name === "test") return testStepDone(step);
  if (step.run.phase === "planning") return planStepDone(step);
  if (step.run.phase === "implementation") return implementationStepDone(step);
  fail(step, `a session step ended in phase ${step.run.phase}`);
}

function reported(step: Step, input: Of<"session-report">): string | null {
  const { body } = input;
  if (body.taskId !== step.run.session.task) return "stale";
  switch (body.type) {
    case "progress":
      // Written down only now and then: silence is counted in minutes.
      if (step.at - step.run.session.lastActivityAt < step.policy.session.stallAfterMs / 10 && step.run.session.nudges === 0)
        return "nothing-new";
      sessionActive(step);
      return null;
    case "session-started":
      if (body.sessionId !== step.run.session.id) return "foreign-session";
      step.set({
        session: {
          ...step.run.session,
          conversationId: body.conversationId,
          ...(body.driver === undefined ? {} : { driver: body.driver }),
        },
      });
      step.event("session-started", { conversationId: body.conversationId, agent: input.agent });
      sessionActive(step);
      return null;
    case "ask":
      sessionAsked(step, body, { agent: input.agent, attempt: input.attempt, task: step.run.session.task as never });
      return null;
    case "plan":
      if (step.run.phase !== "planning") return "stale";
      planProposed(step, body.markdown);
      return null;
    case "branch-pushed":
      if (body.branch !== step.run.branch) return "foreign-branch";
      step.set({ head: { sha: body.sha, commits: body.commits } });
      step.event("branch-pushed", { sha: body.sha, commits: body.commits, source: "report" });
      sessionActive(step);
      return null;
    case "test-results":
      if (step.run.phase !== "qa") return "stale";
      testsFinished(step, body.results);
      return null;
    case "usage":
      sessionUsed(step, body);
      return null;
    case "tool-decision":
      step.event("tool-decided", { tool: body.tool, summary: body.summary, decision: body.decision, rule: body.rule, agent: input.agent });
      return null;
    case "checkpoint":
      step.event("checkpoint-taken", {
        gitStatus: body.gitStatus,
        diffStat: body.diffStat,
        tail: body.tail,
        ...(body.because === undefined ? {} : { because: body.because }),
        ...(body.pendingQuestion === undefined ? {} : { pendingQuestion: body.pendingQuestion }),
      });
      return null;
    default:
      return "nothing-new";
  }
}
