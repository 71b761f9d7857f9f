import type { Effect } from "../effects.ts";
import type { EventBody } from "../events.ts";
import { runRef } from "../ids.ts";
import type { EffectId, OnboardingId, RunRef, TaskId } from "../ids.ts";
import type { Applied, ProjectInput } from "../inputs.ts";
import type { Run } from "../lifecycle/state.ts";
import { liveAttempt } from "../task/attempts.ts";
import type { Onboarding } from "../onboarding/state.ts";
import type { Policy } from "../policy.ts";
import type { Task } from "../task/state.ts";
import type { Moment } from "../time.ts";
import type { Configuration, FilteredCard, OutboxEntry, ProjectChange, ProjectLookup, ReportsSeen } from "./lookup.ts";

/**
 * One decision in the making: what the input has changed so far, over what the project was before. Lives only inside
 * `transitionProject`; later steps of one input see what earlier steps did.
 */
export class WorkingSet {
  readonly lookup: ProjectLookup;
  readonly input: ProjectInput;
  readonly at: Moment;
  readonly events: EventBody[] = [];
  readonly #tasks = new Map<TaskId, Task>();
  readonly #runs = new Map<RunRef, Run>();
  readonly #latest = new Map<number, Run>();
  readonly #added = new Map<EffectId, Effect>();
  readonly #removed = new Set<EffectId>();
  readonly #retried = new Map<EffectId, { readonly tries: number; readonly at: Moment }>();
  readonly #filtered: (FilteredCard | { readonly issue: number; readonly reason: null })[] = [];
  readonly #onboardings = new Map<OnboardingId, Onboarding>();
  #reportsSeen: ReportsSeen | undefined;
  #configuration: Configuration | undefined;
  #policy: Policy | undefined;

  constructor(lookup: ProjectLookup, input: ProjectInput) {
    this.lookup = lookup;
    this.input = input;
    this.at = input.at;
  }

  get policy(): Policy {
    return this.#policy ?? this.lookup.policy;
  }

  get configuration(): Configuration | null {
    return this.#configuration ?? this.lookup.configuration;
  }

  emit(event: EventBody): void {
    this.events.push(event);
  }

  task(id: TaskId): Task | undefined {
    return this.#tasks.get(id) ?? this.lookup.task(id);
  }

  putTask(task: Task): void {
    this.#tasks.set(task.id, task);
  }

  /** The latest run of the issue, or the numbered one. */
  run(issue: number, run?: number): Run | undefined {
    if (run !== undefined) return this.#runs.get(runRef(issue, run)) ?? this.lookup.run(issue, run);
    return this.#latest.get(issue) ?? this.lookup.run(issue);
  }

  putRun(run: Run): void {
    this.#runs.set(runRef(run.issue, run.run), run);
    const latest = this.#latest.get(run.issue) ?? this.lookup.run(run.issue);
    if (latest === undefined || latest.run <= run.run) this.#latest.set(run.issue, run);
  }

  get changedRuns(): Iterable<Run> {
    return this.#runs.values();
  }

  get hasChangedRuns(): boolean {
    return this.#runs.size > 0;
  }

  /** Runs that were active before the input, as they are now, and those it started. */
  *runs(): Iterable<Run> {
    const before = new Set<RunRef>();
    for (const run of this.lookup.activeRuns()) {
      const ref = runRef(run.issue, run.run);
      before.add(ref);
      yield this.#runs.get(ref) ?? run;
    }
    for (const [ref, run] of this.#runs) if (!before.has(ref)) yield run;
  }

  addEffect(effect: Effect): void {
    if (effect.kind === "tell-session" && !this.#isLive(effect.task, effect.attempt)) return;
    this.#added.set(effect.id, effect);
    this.#emitOf(effect, "effect-requested", {});
  }

  /** The effect while it is unfinished. */
  effect(id: EffectId): Pick<OutboxEntry, "effect" | "tries"> | undefined {
    if (this.#removed.has(id)) return undefined;
    const added = this.#added.get(id);
    if (added) return { effect: added, tries: 0 };
    const entry = this.lookup.effect(id);
    const retried = this.#retried.get(id);
    return entry && retried ? { effect: entry.effect, tries: retried.tries } : entry;
  }

  finishEffect(effect: Effect): void {
    this.#remove(effect.id);
    this.#emitOf(effect, "effect-done", {});
  }

  /** The effect failed for good. */
  giveUpEffect(effect: Effect, code: string, message: string): void {
    this.#remove(effect.id);
    this.#emitOf(effect, "effect-failed", { code, message, final: true });
  }

  retryEffect(effect: Effect, tries: number, at: Moment, code: string, message: string): void {
    this.#retried.set(effect.id, { tries, at });
    this.#emitOf(effect, "effect-failed", { code, message, final: false, tries, retryAt: at });
  }

  /** What was to be said to an attempt lapses when the attempt ends. */
  lapseTells(task: TaskId): void {
    const said = (effect: Effect): boolean =>
      effect.kind === "tell-session" && effect.task === task && !this.#isLive(effect.task, effect.attempt);
    for (const effect of this.#added.values()) if (said(effect)) this.#remove(effect.id);
    for (const { effect } of this.lookup.outbox()) if (said(effect)) this.#remove(effect.id);
  }

  seen(reports: ReportsSeen): void {
    this.#reportsSeen = reports;
  }

  filter(card: FilteredCard): void {
    this.#filtered.push(card);
  }

  unfilter(issue: number): void {
    if (this.lookup.filtered(issue) !== undefined) this.#filtered.push({ issue, reason: null });
  }

  onboarding(id: OnboardingId): Onboarding | undefined {
    return this.#onboardings.get(id) ?? this.lookup.onboarding(id);
  }

  putOnboarding(onboarding: Onboarding): void {
    this.#onboardings.set(onboarding.id, onboarding);
  }

  configure(configuration: Configuration, policy: Policy): void {
    this.#configuration = configuration;
    this.#policy = policy;
  }

  change(applied: Applied): ProjectChange {
    return {
      applied,
      runs: [...this.#runs.values()],
      tasks: [...this.#tasks.values()],
      outboxAdd: [...this.#added.values()],
      outboxRemove: [...this.#removed],
      outboxRetry: [...this.#retried].map(([id, retry]) => ({ id, ...retry })),
      ...(this.#reportsSeen === undefined ? {} : { reportsSeen: this.#reportsSeen }),
      filtered: this.#filtered,
      ...(this.#configuration === undefined ? {} : { configuration: this.#configuration }),
      onboardings: [...this.#onboardings.values()],
      events: this.events,
    };
  }

  #remove(id: EffectId): void {
    this.#retried.delete(id);
    if (!this.#added.delete(id)) this.#removed.add(id);
  }

  #isLive(task: TaskId, attempt: number): boolean {
    const found = this.task(task);
    return found !== undefined && liveAttempt(found)?.number === attempt;
  }

  #emitOf(effect: Effect, type: "effect-requested" | "effect-done" | "effect-failed", data: Record<string, unknown>): void {
    this.emit({
      type,
      ...(effect.issue === null ? {} : { issue: effect.issue }),
      ...(effect.run === null ? {} : { run: effect.run }),
      data: { effect: effect.id, kind: effect.kind, ...data },
    });
  }
}
