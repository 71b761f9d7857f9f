import type { EffectBody } from "../effects.ts";
import type { EventBody, EventType } from "../events.ts";
import { runId, runRef, type EffectId, type QuestionId, type RunId, type TaskId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { SessionWork } from "../task/state.ts";
import { isActive } from "./is-active.ts";
import { effectIdOf, questionIdOf, taskIdOf } from "./run-ids.ts";
import type { RunAction, RunContext } from "./run-input.ts";
import type { Run, RunTimer, Wait } from "./state.ts";

type Lane = "board" | "comments" | "session" | "pull" | "bugs" | "checks" | "people";

/**
 * One decision in the making: the run as it will be, and the events and actions that go with it. Lives only inside `transitionRun`; from
 * outside the machine is a pure function.
 */
export class Step {
  run: Run;
  readonly at: Moment;
  readonly context: RunContext;
  readonly events: EventBody[] = [];
  readonly actions: RunAction[] = [];

  constructor(run: Run, at: Moment, context: RunContext) {
    this.run = run;
    this.at = at;
    this.context = context;
  }

  get policy() {
    return this.context.policy;
  }

  get runId(): RunId {
    return runId(this.context.profile.name, this.run.issue, this.run.run);
  }

  get active(): boolean {
    return isActive(this.run);
  }

  set(change: Partial<Run>): void {
    this.run = { ...this.run, ...change };
  }

  wait(wait: Wait): void {
    this.set({ wait });
  }

  timer(name: RunTimer, due: Moment | null): void {
    const { [name]: _, ...others } = this.run.timers;
    this.set({ timers: due === null ? others : { ...others, [name]: due } });
  }

  event(type: EventType, data: Record<string, unknown> = {}): void {
    this.events.push({ type, issue: this.run.issue, run: this.run.run, data });
  }

  /** Asks for something outside; effects of one lane of an issue go one after the other. */
  effect(lane: Lane, body: EffectBody): EffectId {
    const id = effectIdOf(this.context.profile.key, this.run.issue, this.run.run, this.#next());
    this.actions.push({
      type: "effect",
      effect: { id, orderKey: `${this.run.issue}.${lane}`, issue: this.run.issue, run: this.run.run, ...body },
    });
    return id;
  }

  submit(capability: string, payload: unknown, options: { timeoutSeconds: number; maxAttempts: number; session?: SessionWork }): TaskId {
    const id = taskIdOf(this.context.profile.key, this.run.issue, this.run.run, this.#next());
    const agent = this.run.session.agent;
    this.actions.push({
      type: "submit",
      spec: {
        id,
        capability,
        payload,
        priority: priorityOf(this.run.card.labels),
        wait: true,
        run: runRef(this.run.issue, this.run.run),
        ...options,
        ...(options.session && agent ? { affinity: agent } : {}),
      },
    });
    return id;
  }

  cancelTask(task: TaskId, reason: string): void {
    this.actions.push({ type: "cancel-task", task, reason });
  }

  questionId(): QuestionId {
    return questionIdOf(this.context.profile.key, this.run.issue, this.run.run, this.#next());
  }

  #next(): number {
    this.set({ counter: this.run.counter + 1 });
    return this.run.counter;
  }
}

/** Label `priority:n` with n 0–10; 5 without one. */
export function priorityOf(labels: readonly string[]): number {
  for (const label of labels) {
    const match = /^priority:(\d{1,2})$/.exec(label);
    if (match && Number(match[1]) <= 10) return Number(match[1]);
  }
  return 5;
}

/** Label `budget:n` with n 0–20. */
export function budgetLabelOf(labels: readonly string[]): number | undefined {
  for (const label of labels) {
    const match = /^budget:(\d{1,2})$/.exec(label);
    if (match && Number(match[1]) <= 20) return Number(match[1]);
  }
  return undefined;
}
