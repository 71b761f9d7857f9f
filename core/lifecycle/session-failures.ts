import { backoffMs } from "../task/backoff.ts";
import type { SessionStep, TaskError } from "../task/state.ts";
import { minuteMs } from "../time.ts";
import { noteComment } from "./notes.ts";
import { askPeople } from "./ask-people.ts";
import { sessionStepOver, tell } from "./live-step.ts";
import { stallAfter, waitsForPerson, wantStep } from "./session-steps.ts";
import type { StartPrompt } from "./state.ts";
import type { Step } from "./step.ts";

/** Silence for `stallAfter` with no question open: a nudge; a second time the session is lost. */
export function sessionStalled(step: Step): void {
  const { session } = step.run;
  step.timer("stall", null);
  if (session.task === null || waitsForPerson(step.run)) return;
  if (session.nudges === 0 && session.step !== "test" && session.agent !== null) {
    step.set({ session: { ...session, nudges: 1 } });
    tell(step, { type: "nudge" });
    step.event("session-nudged", { silentSince: session.lastActivityAt });
    step.timer("stall", step.at + stallAfter(step));
    return;
  }
  step.event("session-lost", { silentSince: session.lastActivityAt });
  step.cancelTask(session.task, "silent");
  const minutes = Math.round((step.at - session.lastActivityAt) / minuteMs);
  const nudged = session.nudges > 0 ? ", also after a nudge" : "";
  infrastructureFailed(step, `the session gave no sign of work for ${minutes} min${nudged}: no event, no change, no running command`);
}

/** What the run wanted of the session when it broke off, to be asked for again. */
function again(step: Step, because: string): { name: SessionStep; prompt: StartPrompt } {
  const { wait, session } = step.run;
  const name = wait.for === "slot" || wait.for === "session" || wait.for === "start" ? wait.step : (session.step ?? "implement");
  if (name === "test") return { name, prompt: { type: "test" } };
  // What no agent has accepted is asked for again in the same words.
  const prompt = wait.for === "start" || wait.for === "slot" ? wait.prompt : undefined;
  return { name, prompt: prompt ?? { type: "resume", because } };
}

/** Same phase, again after backoff; a third failure in a row asks a person. */
export function infrastructureFailed(step: Step, message: string): void {
  const wanted = again(step, message);
  sessionStepOver(step);
  const inRow = step.run.infrastructure + 1;
  step.event("session-failed", { kind: "infrastructure", message: message.slice(0, 500), inRow });
  if (inRow >= step.policy.session.infrastructureRetries) {
    step.set({ infrastructure: 0 });
    step.wait({ for: "start", step: wanted.name, prompt: wanted.prompt, notBefore: step.at });
    askPeople(step, "decision", `The session broke off ${inRow} times in a row: ${message}`, [
      { label: "Try again", outcome: "try-again" },
      { label: "Stop", outcome: "stop" },
    ]);
    return;
  }
  step.set({ infrastructure: inRow });
  wantStep(step, wanted.name, wanted.prompt, step.at + backoffMs(inRow, step.policy.backoff));
}

/** The session broke off for a reason that its kind decides. `work` is for the phase to judge and does not come here. */
export function sessionFailed(step: Step, error: TaskError): void {
  const wanted = again(step, error.message);
  switch (error.kind) {
    case "quota": {
      sessionStepOver(step);
      const until = Math.max(step.at, error.until ?? step.at + step.policy.session.quotaUnknownMs);
      step.set({ holds: [...step.run.holds.filter((hold) => hold.kind !== "quota"), { kind: "quota", until }] });
      step.timer("quota", until);
      step.event("hold-began", { kind: "quota", until });
      step.wait({ for: "start", step: wanted.name, prompt: wanted.prompt, notBefore: step.at });
      noteComment(step, `quota:${step.run.counter}`, { note: "quota", until });
      return;
    }
    case "authentication":
    case "configuration":
    case "refused": {
      sessionStepOver(step);
      step.event("session-failed", { kind: error.kind, message: error.message.slice(0, 500) });
      step.wait({ for: "start", step: wanted.name, prompt: wanted.prompt, notBefore: step.at });
      askPeople(step, "fix", `${fixWords[error.kind]} on ${step.run.session.agent ?? "the runner"}: ${error.message}`, [
        { label: "Done, try again", outcome: "try-again" },
        { label: "Stop", outcome: "stop" },
      ]);
      return;
    }
    default:
      infrastructureFailed(step, error.message);
  }
}

const fixWords = {
  authentication: "The coding agent is not logged in",
  configuration: "The coding agent's configuration is wrong",
  refused: "The model refused the work",
} as const;
