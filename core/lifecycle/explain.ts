import type { Policy } from "../policy.ts";
import type { Moment } from "../time.ts";
import { isActive, isOpen } from "./is-active.ts";
import type { Hold, Question, Run } from "./state.ts";

const strength: Record<Hold["kind"], number> = {
  stopped: 0,
  paused: 1,
  quota: 2,
  "mesh-day": 3,
  day: 4,
  budget: 5,
  question: 6,
  effect: 7,
};

/** The hold that people should see first. */
export function strongestHold(run: Run): Hold | undefined {
  return run.holds.toSorted((a, b) => strength[a.kind] - strength[b.kind])[0];
}

/** What a run waits for, in one word: its strongest hold, else its phase's wait. */
export function awaiting(run: Run): string {
  if (!isActive(run)) return "nothing";
  const hold = strongestHold(run);
  if (hold) return hold.kind;
  return run.wait.for === "start" ? "slot" : run.wait.for;
}

/** "Why is it not moving?" in one sentence. */
export function explain(run: Run, policy: Policy): string {
  if (!isActive(run)) return endedSentence(run);
  const hold = strongestHold(run);
  if (hold) return holdSentence(run, hold, policy);
  return waitSentence(run, policy);
}

function endedSentence(run: Run): string {
  const because = run.endedBecause === undefined ? "" : `: ${run.endedBecause}`;
  return `${run.phase === "accepted" ? "Done" : run.phase === "failed" ? "Failed" : "Cancelled"}${because}.`;
}

function holdSentence(run: Run, hold: Hold, policy: Policy): string {
  switch (hold.kind) {
    case "stopped":
      return `The mesh was stopped by ${hold.by} since ${time(hold.since)}${hold.reason === "" ? "" : `: ${hold.reason}`}.`;
    case "paused":
      return hold.by === "the board"
        ? `Paused since ${time(hold.since)}: the card stands in ${policy.columns.blocked}; move it back to go on.`
        : `Paused by ${hold.by} since ${time(hold.since)}.`;
    case "quota":
      return `The model provider's limit is reached; it goes on by itself at ${time(hold.until)}.`;
    case "day":
      return `The project has spent $${hold.usd.toFixed(2)} today, which is all it may; it goes on by itself at ${time(hold.until)}, or at once with "retry".`;
    case "mesh-day":
      return `All projects of the mesh have spent $${hold.usd.toFixed(2)} today, of $${hold.capUsd.toFixed(2)} that they may; it goes on by itself at ${time(hold.until)}, or at once when an operator raises budget.meshPerDayUsd in the mesh-wide settings.`;
    case "budget":
      return `Stopped by the spend breaker: ${questionText(run, hold.question)}${delayed(run.questions.find(({ id }) => id === hold.question))}`;
    case "question": {
      const question = run.questions.find((one) => one.id === hold.question);
      if (question?.status === "with-architect")
        return `The session asked "${questionText(run, hold.question)}"; the architect is answering.`;
      const parked = question?.parkedAt === undefined ? "" : " The session is parked meanwhile.";
      return `Waits for a person to answer: "${questionText(run, hold.question)}".${parked}${delayed(question)}`;
    }
    case "effect":
      return `An outside service refused: ${hold.reason}`;
  }
}

function delayed(question: Question | undefined): string {
  return question?.noticeDelayed === undefined ? "" : ` The notification could not be sent yet: ${question.noticeDelayed.because}.`;
}

function questionText(run: Run, id: string): string {
  const question = run.questions.find((one) => one.id === id);
  const text = question?.items.map((item) => item.text).join(" / ") ?? "";
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

function waitSentence(run: Run, policy: Policy): string {
  const { wait } = run;
  switch (wait.for) {
    case "turn":
      return `Waits for its turn: at most ${policy.maxActiveRuns} issues of this project are worked on at once.`;
    case "guidance":
      return "The architect is writing guidance.";
    case "start":
      return `The ${wait.step} step begins again at ${time(wait.notBefore)} after a failure.`;
    case "slot":
      return `Waits for a runner with a free slot to take the ${wait.step} step.`;
    case "session": {
      const nudged = run.session.nudges > 0 ? " It was silent and has been nudged." : "";
      const doing =
        wait.step === "test" ? "The tests are running" : wait.step === "plan" ? "The agent is planning" : "The agent is working";
      return `${doing} on ${run.session.agent ?? "a runner"}.${nudged}`;
    }
    case "plan-review":
      return "The plan is being reviewed.";
    case "plan-approval":
      return "Waits for a person to approve the plan.";
    case "pull-request":
      return "The pull request is being opened.";
    case "checks":
      return `Waits for GitHub's checks of pull request #${run.pull?.number ?? "?"}.`;
    case "test-evaluation":
      return "The test output is being evaluated.";
    case "merge":
      return wait.effect === null
        ? `Waits for a person to merge pull request #${run.pull?.number ?? "?"}.`
        : `Pull request #${run.pull?.number ?? "?"} is being merged.`;
    case "deployment":
      return `Merged; waits until ${time(wait.until)} for the deployment to be healthy.`;
    case "smoke-test":
      return "Deployed; the smoke test is running.";
    case "nothing":
      return run.questions.some(isOpen) ? "Waits for an answer." : "Waits for nothing.";
  }
}

/** UTC, to the minute: `2026-11-23 12:04 UTC`. Computed without a clock. */
export function time(at: Moment): string {
  const days = Math.floor(at / 86_400_000);
  // Days to civil date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthShifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthShifted + 2) / 5) + 1;
  const month = monthShifted < 10 ? monthShifted + 3 : monthShifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const minutes = Math.floor((at - days * 86_400_000) / 60_000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)} UTC`;
}
