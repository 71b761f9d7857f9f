import type { JournalEvent } from "../core/events.ts";
import { parseRunRef, runRef } from "../core/ids.ts";
import type { ProjectKey } from "../core/ids.ts";
import type { Applied, ProjectInput } from "../core/inputs.ts";
import { leftNoTrace } from "../core/project/lookup.ts";
import type { ProjectChange } from "../core/project/lookup.ts";
import { transitionProject } from "../core/project/transition.ts";
import { liveAttempt } from "../core/task/attempts.ts";
import type { Task } from "../core/task/state.ts";
import { nextTaskTimer } from "../core/task/timers.ts";
import type { Moment } from "../core/time.ts";
import { errorText } from "../platform/log.ts";
import type { Candidates } from "./project-orchestrator-candidates.ts";
import { Journal } from "./project-orchestrator-journal.ts";
import type { Recorded } from "./project-orchestrator-journal.ts";
import { outgoingOf } from "./project-orchestrator-outgoing.ts";
import type { Outgoing } from "./project-orchestrator-outgoing.ts";
import type { Costs } from "./project-orchestrator-costs.ts";
import { addCosts, CostMeter, noCosts } from "./cost-meter.ts";
import type { ObjectCosts, StoredCosts } from "./cost-meter.ts";
import type { CountedSql } from "./counted-sql.ts";
import { admitted, endLife, formerLife } from "./project-orchestrator-life.ts";
import type { FormerLife } from "./project-orchestrator-life.ts";
import type { RidingMarks } from "./seen-marks.ts";
import { StateStore } from "./state-store.ts";

/** Kept in the journal's newest row, so that it costs none. Stored. Fields are only added, as optional. */
interface Ledger {
  readonly costs: StoredCosts;
  readonly projected: number;
  readonly recorded: number;
  readonly endedFeeds?: ObjectCosts;
  readonly seen?: RidingMarks;
}

/** How far others have come with the journal. */
export interface Marks {
  /** The read model has events up to this number. */
  projected: number;
  /** The archive has rows up to this place. */
  archived: number;
  /** The pool has counted results up to this number. */
  recorded: number;
}

/** The commits of one orchestrator: inputs in, rows and what is to be said outside out. All of it is synchronous. */
export class Commits {
  readonly store: StateStore;
  readonly journal: Journal;
  readonly meter: CostMeter;
  readonly marks: Marks = { projected: 0, archived: 0, recorded: 0 };
  readonly #project: ProjectKey;
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;
  readonly #candidates: Candidates;
  #offers = 0;
  #taskDue: Moment | undefined;
  #runDue: Moment | undefined;
  /** Tasks waited for an agent at the end of the last commit, and candidates were not known. */
  unoffered = false;
  readonly #refused = new Set<string>();
  #unreadableTold = false;
  #former: FormerLife | null = null;
  /** What feeds of ended sessions have cost; kept along with what the orchestrator has. */
  #endedFeeds: ObjectCosts = noCosts;

  constructor(project: ProjectKey, storage: DurableObjectStorage, sql: CountedSql, candidates: Candidates) {
    this.#project = project;
    this.#storage = storage;
    this.#sql = sql;
    this.#candidates = candidates;
    this.meter = new CostMeter(sql);
    this.store = new StateStore(project, sql);
    this.journal = new Journal(project, sql);
  }

  /** Reads the working set. */
  load(): void {
    const former = formerLife(this.#sql);
    this.#former = former;
    const ledger = this.#loadState();
    Object.assign(this.marks, { projected: former?.seq ?? 0, recorded: former?.seq ?? 0, archived: former?.place ?? 0 });
    if (ledger !== null) {
      const { costs, projected, recorded, endedFeeds } = ledger;
      this.meter.restore(costs);
      this.#endedFeeds = endedFeeds ?? noCosts;
      Object.assign(this.marks, { projected, recorded });
    }
    const archived = this.#sql.first<{ json: string }>("SELECT json FROM meta WHERE key = 'archived'");
    if (archived !== undefined) this.marks.archived = JSON.parse(archived.json) as number;
    this.retime();
  }

  /** One transaction: all of the inputs, what becomes dispatchable by them, and the effects whose turn has come. Throws as a whole. */
  commit(inputs: readonly ProjectInput[], at: Moment, into: Outgoing[]): Applied[] {
    let outgoing: Outgoing | undefined;
    try {
      const outcomes = this.#storage.transactionSync(() => {
        const recorded: Recorded[] = [];
        const handovers: Task[] = [];
        this.store.tasks.lookFor(inputs.flatMap((input) => (input.type === "tasks-submitted" ? input.tasks.map(({ id }) => id) : [])));
        const applied = inputs.map((input) => this.#apply(input, recorded, handovers));
        this.#offer(at, recorded, handovers);
        outgoing = this.#write(at, recorded, handovers);
        return applied;
      });
      this.store.settle();
      if (outgoing !== undefined) into.push(outgoing);
      return outcomes;
    } catch (thrown) {
      this.#loadState();
      this.retime();
      throw thrown;
    }
  }

  /** Empties a project that was deleted; false when it was not. `forget`: its history too, so that numbers of events begin anew. */
  empty(forget: boolean): boolean {
    const { configuration } = this.store;
    if (configuration !== null && !configuration.closed) return false;
    if (configuration === null && this.#former === null) return true;
    const { lastSeq, lastPlace } = this.journal;
    this.#storage.transactionSync(() => endLife(this.#sql, forget ? { seq: 0, place: 0 } : { seq: lastSeq, place: lastPlace }));
    this.load();
    return true;
  }

  /** Notes an input that threw: once, however often it is repeated. */
  putAside(input: ProjectInput, thrown: unknown, at: Moment, into: Outgoing[]): void {
    if (this.#refused.has(input.id)) return;
    this.#refused.add(input.id);
    const data = { input: input.type, reason: "error", error: errorText(thrown) };
    const recorded: Recorded[] = [{ input: null, inputId: input.id, at, events: [{ type: "input-refused", data }] }];
    into.push(this.#storage.transactionSync(() => this.#write(at, recorded, [])));
  }

  /** The earliest moment at which time alone changes a run or a task; never later than that, sometimes earlier. */
  get coreDue(): Moment | undefined {
    if (this.#taskDue === undefined) return this.#runDue;
    return this.#runDue === undefined ? this.#taskDue : Math.min(this.#taskDue, this.#runDue);
  }

  /** Effects whose consumers were not heard of again. */
  leasesOver(at: Moment): ProjectInput[] {
    return this.store.effects.leasesOver(at).map(({ id }) => {
      const tries = this.store.effect(id)?.tries ?? 0;
      const message = "the consumer that took it was not heard of again";
      return { id: `${id}:lease:${tries}`, at, type: "effect-failed", effect: id, code: "lease-over", message, retryable: true };
    });
  }

  /** Reads all timers anew. */
  retime(): void {
    this.#taskDue = this.store.tasks.nextTimer(this.store.policy);
    this.#runDue = this.store.nextRunTimer();
  }

  /** Writes counters and marks down where the last commit put them: one row, for what came after it. */
  keep(): void {
    this.journal.keepLedger(() => JSON.stringify(this.#ledger()));
  }

  /** A session's feed was ended and has cost so much. Written down at once: often it is the last that happens for long, and it is said once. */
  feedEnded(costs: ObjectCosts): void {
    this.#endedFeeds = addCosts(this.#endedFeeds, costs);
    this.keep();
  }

  costs(): Costs {
    const openSessions = [...this.store.activeRuns()].flatMap(({ session: { id, agent } }) => (agent === null ? [] : id));
    return { ...this.meter.costs(), perIssue: [...this.store.issueCosts.values()], endedFeeds: this.#endedFeeds, openSessions };
  }

  /** Reads state and journal, and the ledger that belongs to both. */
  #loadState(): Ledger | null {
    this.store.load();
    const text = this.journal.load(this.#former ?? undefined);
    const ledger = text === null ? null : (JSON.parse(text) as Ledger);
    this.store.resume(ledger?.seen ?? {});
    return ledger;
  }

  #apply(given: ProjectInput, recorded: Recorded[], handovers: Task[]): Applied {
    const input = admitted(given, this.#former, this.store.configuration !== null);
    if (input === null) return { status: "ignored", reason: "project-deleted" };
    const isRemembered = this.store.remembers(input);
    const earlier = isRemembered ? this.store.outcomeOf(input.id) : undefined;
    if (earlier !== undefined) return earlier;
    const change = transitionProject(this.store, input);
    if (leftNoTrace(change)) return change.applied;
    this.store.take(change, isRemembered ? input.id : null);
    this.#followTimers(change);
    this.#attribute(change);
    recorded.push({ input, inputId: input.id, at: input.at, events: change.events });
    if (input.type === "agents-offered" || input.type === "time-passed") {
      for (const task of change.tasks) if (liveAttempt(task)?.status === "dispatched") handovers.push(task);
    }
    return change.applied;
  }

  /** What waits is offered to the agents in the same commit, when it is known who they are. */
  #offer(at: Moment, recorded: Recorded[], handovers: Task[]): void {
    const { queue } = this.store.tasks;
    this.unoffered = false;
    if (queue.size === 0) return;
    const candidates = this.#candidates.offering(queue.capabilities(), at);
    if (candidates === null) {
      this.unoffered = true;
      return;
    }
    this.#offers += 1;
    this.#apply({ id: `offer.${at}.${this.#offers}`, at, type: "agents-offered", candidates }, recorded, handovers);
  }

  #write(at: Moment, recorded: Recorded[], handovers: readonly Task[]): Outgoing {
    const effects = this.store.effects.release(at, this.store.policy.redelivery.effectMs);
    for (const { issue } of effects) this.#count(issue, { requests: 0, rowsWritten: 0, queueMessages: 1 });
    if (recorded.length > 0) this.#tellUnreadable(at, recorded);
    this.store.flush(at);
    const events: JournalEvent[] = recorded.length > 0 ? this.journal.append(recorded, at, JSON.stringify(this.#ledger())) : [];
    return outgoingOf(this.#project, events, handovers, effects);
  }

  #tellUnreadable(at: Moment, recorded: Recorded[]): void {
    if (this.#unreadableTold) return;
    this.#unreadableTold = true;
    const events = this.store.unreadable.flatMap((ref) => {
      const run = parseRunRef(ref);
      return run === undefined ? [] : [{ type: "input-refused" as const, ...run, data: { reason: "unknown-version" } }];
    });
    if (events.length > 0) recorded.push({ input: null, inputId: "load", at, events });
  }

  #ledger(): Ledger {
    const { projected, recorded } = this.marks;
    return { costs: this.meter.keep(), projected, recorded, endedFeeds: this.#endedFeeds, seen: this.store.riding };
  }

  #followTimers(change: ProjectChange): void {
    for (const task of change.tasks) {
      const due = nextTaskTimer(task, this.store.policy);
      if (due !== undefined && (this.#taskDue === undefined || due < this.#taskDue)) this.#taskDue = due;
    }
    if (change.runs.length > 0) this.#runDue = this.store.nextRunTimer();
  }

  /** What an issue has caused: its runs' and their tasks' and effects' rows. */
  #attribute(change: ProjectChange): void {
    if (change.runs.length === 0) return;
    for (const { issue, run } of change.runs) {
      const ref = runRef(issue, run);
      const own = (effect: { readonly issue: number | null }): boolean => effect.issue === issue;
      const rows = 1 + change.tasks.filter((task) => task.run === ref).length + change.outboxAdd.filter(own).length;
      this.#count(issue, { requests: 1, rowsWritten: rows, queueMessages: 0 });
    }
  }

  #count(issue: number | null, more: { requests: number; rowsWritten: number; queueMessages: number }): void {
    if (issue === null) return;
    const before = this.store.issueCosts.get(issue);
    this.store.issueCosts.set(issue, {
      issue,
      requests: (before?.requests ?? 0) + more.requests,
      rowsWritten: (before?.rowsWritten ?? 0) + more.rowsWritten,
      queueMessages: (before?.queueMessages ?? 0) + more.queueMessages,
    });
  }
}
