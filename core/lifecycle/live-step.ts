import type { CommandBody } from "../protocol/frames.ts";
import type { Step } from "./step.ts";

/** Says something to the live session; without one nothing is said. Lapses when the attempt ends. */
export function tell(step: Step, command: CommandBody): void {
  const { session, wait } = step.run;
  if (session.task === null || session.agent === null || wait.for === "slot") return;
  step.effect("session", { kind: "tell-session", agent: session.agent, task: session.task, attempt: session.attempt ?? 1, command });
}

/** Ends a live step or a model's task that has become pointless. */
export function stopStep(step: Step, because: string): void {
  const { wait, session } = step.run;
  const tasks = new Set([session.task, "task" in wait ? wait.task : null]);
  for (const task of tasks) if (task !== null) step.cancelTask(task, because);
  if (session.task !== null) sessionStepOver(step);
}

/** The live step has ended, however; nothing of it counts any more. */
export function sessionStepOver(step: Step): void {
  step.set({ session: { ...step.run.session, task: null, step: null, nudges: 0 } });
  step.timer("stall", null);
  step.timer("tell-waiting", null);
  step.timer("hold-for", null);
}

/** A step that no agent has accepted yet is taken back while a hold stands, and begins again after it (invariant 10). */
export function holdBack(step: Step, because: string): void {
  const { wait } = step.run;
  if (wait.for !== "slot") return;
  step.cancelTask(wait.task, because);
  sessionStepOver(step);
  step.wait({ for: "start", step: wait.step, prompt: wait.prompt ?? { type: "resume", because }, notBefore: step.at });
}
