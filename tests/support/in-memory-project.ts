import type { AgentId, EffectId, ProjectKey, TaskId } from "../../core/ids.ts";
import type { Applied, ProjectInput } from "../../core/inputs.ts";
import type { EventBody } from "../../core/events.ts";
import { isActive } from "../../core/lifecycle/is-active.ts";
import type { Run } from "../../core/lifecycle/state.ts";
import { defaultPolicy, mergeOverrides, parsePolicy, type Policy } from "../../core/policy.ts";
import {
  leftNoTrace,
  type Configuration,
  type FilteredCard,
  type OutboxEntry,
  type ProjectChange,
  type ProjectLookup,
} from "../../core/project/lookup.ts";
import { transitionProject } from "../../core/project/transition.ts";
import { hasEnded, liveAttempt } from "../../core/task/attempts.ts";
import type { Task } from "../../core/task/state.ts";
import { nextTaskTimer } from "../../core/task/timers.ts";

interface Stored {
  configuration: Configuration | null;
  runs: Run[];
  tasks: Task[];
  outbox: OutboxEntry[];
  seen: Record<string, number>;
  filtered: FilteredCard[];
  n: number;
}

/** One project as its orchestrator holds it, in memory: applies inputs once each, keeps the journal, and can be restarted at any time. */
export class InMemoryProject implements ProjectLookup {
  readonly key = "R_1" as ProjectKey;
  policy: Policy = defaultPolicy;
  readonly inputs: ProjectInput[] = [];
  readonly events: EventBody[] = [];
  readonly #applied = new Map<string, Applied>();
  #stored: Stored = { configuration: null, runs: [], tasks: [], outbox: [], seen: {}, filtered: [], n: 0 };
  /** Called with what was before an input, what it changed, and what is after. */
  watch: ((before: InMemoryProject, input: ProjectInput, change: ProjectChange) => void) | undefined;

  get configuration() {
    return this.#stored.configuration;
  }
  get runs(): readonly Run[] {
    return this.#stored.runs;
  }
  get tasks(): readonly Task[] {
    return this.#stored.tasks;
  }
  /** All that would be stored, to compare. */
  get stored(): unknown {
    return this.#stored;
  }

  apply(input: ProjectInput): Applied {
    const known = this.#applied.get(input.id);
    if (known) return known;
    const before = this.watch ? this.#copy() : undefined;
    const change = transitionProject(this, input);
    if (!leftNoTrace(change)) {
      this.inputs.push(input);
      this.#applied.set(input.id, change.applied);
    }
    this.#take(change);
    this.events.push(...change.events);
    if (before) this.watch?.(before, input, change);
    return change.applied;
  }

  /** What the input would change now, nothing kept. */
  consider(input: ProjectInput): ProjectChange {
    return transitionProject(this, input);
  }

  /** The object was evicted: everything comes back from what was stored as text. */
  restart(): void {
    this.#stored = JSON.parse(JSON.stringify(this.#stored)) as Stored;
  }

  #copy(): InMemoryProject {
    const copy = new InMemoryProject();
    copy.policy = this.policy;
    copy.#stored = { ...this.#stored, seen: { ...this.#stored.seen } };
    return copy;
  }

  #take(change: ProjectChange): void {
    const s = this.#stored;
    const runs = new Map(s.runs.map((run) => [`${run.issue}.${run.run}`, run]));
    for (const run of change.runs) runs.set(`${run.issue}.${run.run}`, run);
    const tasks = new Map(s.tasks.map((task) => [task.id, task]));
    for (const task of change.tasks) tasks.set(task.id, task);
    const gone = new Set(change.outboxRemove);
    const retried = new Map(change.outboxRetry.map((retry) => [retry.id, retry]));
    let n = s.n;
    const outbox = [
      ...s.outbox
        .filter(({ effect }) => !gone.has(effect.id))
        .map((entry) => {
          const retry = retried.get(entry.effect.id);
          return retry ? { ...entry, tries: retry.tries, notBefore: retry.at } : entry;
        }),
      ...change.outboxAdd.map((effect) => ({ effect, n: ++n, tries: 0, notBefore: 0 })),
    ];
    const filtered = new Map(s.filtered.map((card) => [card.issue, card]));
    for (const card of change.filtered)
      if (card.reason === null) filtered.delete(card.issue);
      else filtered.set(card.issue, card);
    const seen = { ...s.seen };
    if (change.reportsSeen) seen[`${change.reportsSeen.agent}/${change.reportsSeen.journal}`] = change.reportsSeen.seq;
    const configuration = change.configuration ?? s.configuration;
    if (change.configuration) {
      const parsed = parsePolicy(mergeOverrides(change.configuration.meshOverrides, change.configuration.profile.overrides));
      if (parsed.ok) this.policy = parsed.value;
    }
    this.#stored = {
      configuration,
      runs: [...runs.values()],
      tasks: [...tasks.values()],
      outbox,
      seen,
      filtered: [...filtered.values()],
      n,
    };
  }

  run(issue: number, run?: number): Run | undefined {
    return this.#stored.runs.findLast((each) => each.issue === issue && (run === undefined || each.run === run));
  }
  activeRuns(): Run[] {
    return this.#stored.runs.filter(isActive);
  }
  task(id: TaskId): Task | undefined {
    return this.#stored.tasks.find((task) => task.id === id);
  }
  dueTasks(at: number): Task[] {
    return this.#stored.tasks.filter((task) => (nextTaskTimer(task, this.policy) ?? Number.POSITIVE_INFINITY) <= at);
  }
  waitingCapabilities(): Set<string> {
    return new Set(this.#stored.tasks.filter((task) => task.status === "pending").map((task) => task.capability));
  }
  waiting(capability: string): Task[] {
    const waiting = this.#stored.tasks.filter((task) => task.status === "pending" && task.capability === capability);
    return waiting.sort((a, b) => b.priority - a.priority || a.submittedAt - b.submittedAt);
  }
  tasksOf(agent: AgentId): Task[] {
    return this.#stored.tasks.filter((task) => !hasEnded(task) && liveAttempt(task)?.agent === agent);
  }
  busy(): Map<AgentId, number> {
    const busy = new Map<AgentId, number>();
    for (const task of this.#stored.tasks) {
      const live = hasEnded(task) ? undefined : liveAttempt(task);
      if (live) busy.set(live.agent, (busy.get(live.agent) ?? 0) + 1);
    }
    return busy;
  }
  effect(id: EffectId): OutboxEntry | undefined {
    return this.#stored.outbox.find(({ effect }) => effect.id === id);
  }
  outbox(): OutboxEntry[] {
    return this.#stored.outbox;
  }
  onboarding(): undefined {
    return undefined;
  }
  activeOnboardings(): never[] {
    return [];
  }
  reportsSeen(agent: AgentId, journal: string): number {
    return this.#stored.seen[`${agent}/${journal}`] ?? 0;
  }
  filtered(issue: number): FilteredCard | undefined {
    return this.#stored.filtered.find((card) => card.issue === issue);
  }
}
