import { runRef } from "../ids.ts";
import type { AgentId, EffectId, OnboardingId, ProjectKey, RunRef, TaskId } from "../ids.ts";
import type { ProjectInput } from "../inputs.ts";
import { isActive } from "../lifecycle/is-active.ts";
import type { Run } from "../lifecycle/state.ts";
import { isOnboarding } from "../onboarding/state.ts";
import type { Onboarding } from "../onboarding/state.ts";
import { defaultPolicy, mergeOverrides, parsePolicy } from "../policy.ts";
import type { Policy } from "../policy.ts";
import { hasEnded, laneOf, liveAttempt } from "../task/attempts.ts";
import type { Lane } from "../task/attempts.ts";
import type { Task } from "../task/state.ts";
import { nextTaskTimer } from "../task/timers.ts";
import type { Moment } from "../time.ts";
import type { Configuration, FilteredCard, OutboxEntry, ProjectChange, ProjectLookup } from "./lookup.ts";
import { transitionProject } from "./transition.ts";
import { WaitingQueue } from "./waiting-queue.ts";

/**
 * A whole project in memory, made by its inputs alone: what an archived journal comes to when it is replayed, and what the stored state is
 * compared with.
 */
export class ReplayedProject implements ProjectLookup {
  readonly key: ProjectKey;
  configuration: Configuration | null = null;
  policy: Policy = defaultPolicy;
  readonly runs = new Map<RunRef, Run>();
  readonly tasks = new Map<TaskId, Task>();
  readonly entries = new Map<EffectId, OutboxEntry>();
  readonly onboardings = new Map<OnboardingId, Onboarding>();
  readonly #seen = new Map<string, number>();
  readonly #filtered = new Map<number, FilteredCard>();
  #n = 0;

  constructor(key: ProjectKey) {
    this.key = key;
  }

  /** Applies the next input of the journal. */
  apply(input: ProjectInput): ProjectChange {
    if (input.type === "project-configured" && input.formerRuns !== undefined && this.configuration?.closed) this.#beginAnew();
    const change = transitionProject(this, input);
    for (const run of change.runs) this.runs.set(runRef(run.issue, run.run), run);
    for (const task of change.tasks) this.tasks.set(task.id, task);
    for (const effect of change.outboxAdd) this.entries.set(effect.id, { effect, n: (this.#n += 1), tries: 0, notBefore: 0 });
    for (const id of change.outboxRemove) this.entries.delete(id);
    for (const { id, tries, at } of change.outboxRetry) {
      const entry = this.entries.get(id);
      if (entry) this.entries.set(id, { ...entry, tries, notBefore: at });
    }
    const { reportsSeen, configuration } = change;
    if (reportsSeen) this.#seen.set(`${reportsSeen.agent} ${reportsSeen.journal}`, reportsSeen.seq);
    for (const card of change.filtered) {
      if (card.reason === null) this.#filtered.delete(card.issue);
      else this.#filtered.set(card.issue, card);
    }
    if (configuration) this.#configure(configuration);
    for (const onboarding of change.onboardings) this.onboardings.set(onboarding.id, onboarding);
    return change;
  }

  run(issue: number, number?: number): Run | undefined {
    if (number !== undefined) return this.runs.get(runRef(issue, number));
    let latest: Run | undefined;
    for (const run of this.runs.values()) if (run.issue === issue && (latest === undefined || run.run > latest.run)) latest = run;
    return latest;
  }

  *activeRuns(): Iterable<Run> {
    for (const run of this.runs.values()) if (isActive(run)) yield run;
  }

  task(id: TaskId): Task | undefined {
    return this.tasks.get(id);
  }

  *dueTasks(at: Moment): Iterable<Task> {
    for (const task of this.tasks.values()) if ((nextTaskTimer(task, this.policy) ?? Number.POSITIVE_INFINITY) <= at) yield task;
  }

  waitingCapabilities(): Iterable<string> {
    return [...this.#queue().capabilities()];
  }

  waiting(capability: string): Iterable<Task> {
    return this.#queue().of(capability);
  }

  *tasksOf(agent: AgentId): Iterable<Task> {
    for (const task of this.tasks.values()) if (!hasEnded(task) && liveAttempt(task)?.agent === agent) yield task;
  }

  busy(): ReadonlyMap<Lane, number> {
    const busy = new Map<Lane, number>();
    for (const task of this.tasks.values()) {
      const live = hasEnded(task) ? undefined : liveAttempt(task);
      const lane = live && laneOf(live.agent, task.capability, live.ownSlots);
      if (lane) busy.set(lane, (busy.get(lane) ?? 0) + 1);
    }
    return busy;
  }

  effect(id: EffectId): OutboxEntry | undefined {
    return this.entries.get(id);
  }

  outbox(): Iterable<OutboxEntry> {
    return this.entries.values();
  }

  reportsSeen(agent: AgentId, journal: string): number {
    return this.#seen.get(`${agent} ${journal}`) ?? 0;
  }

  filtered(issue: number): FilteredCard | undefined {
    return this.#filtered.get(issue);
  }

  onboarding(id: OnboardingId): Onboarding | undefined {
    return this.onboardings.get(id);
  }

  *activeOnboardings(): Iterable<Onboarding> {
    for (const onboarding of this.onboardings.values()) if (isOnboarding(onboarding)) yield onboarding;
  }

  #queue(): WaitingQueue {
    const queue = new WaitingQueue();
    const waiting = [...this.tasks.values()].filter((task) => task.status === "pending" && task.notBefore === undefined);
    for (const task of waiting.sort((a, b) => a.submittedAt - b.submittedAt)) queue.add(task);
    return queue;
  }

  /** It was deleted, and lives again: what was before is gone. */
  #beginAnew(): void {
    this.configuration = null;
    for (const kept of [this.runs, this.tasks, this.entries, this.#seen, this.#filtered]) kept.clear();
  }

  #configure(configuration: Configuration): void {
    this.configuration = configuration;
    const policy = parsePolicy(mergeOverrides(configuration.meshOverrides, configuration.profile.overrides));
    if (policy.ok) this.policy = policy.value;
  }
}
