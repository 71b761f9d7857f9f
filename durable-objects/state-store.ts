import { runRef } from "../core/ids.ts";
import type { AgentId, EffectId, OnboardingId, ProjectKey, RunRef, TaskId } from "../core/ids.ts";
import type { Applied, ProjectInput } from "../core/inputs.ts";
import { isActive } from "../core/lifecycle/is-active.ts";
import type { Run } from "../core/lifecycle/state.ts";
import { nextRunTimer } from "../core/lifecycle/timers.ts";
import type { Onboarding } from "../core/onboarding/state.ts";
import { defaultPolicy, mergeOverrides, parsePolicy } from "../core/policy.ts";
import type { Policy } from "../core/policy.ts";
import type { Configuration, FilteredCard, OutboxEntry, ProjectChange, ProjectLookup } from "../core/project/lookup.ts";
import { readRun } from "../core/snapshot.ts";
import type { Lane } from "../core/task/attempts.ts";
import type { Task } from "../core/task/state.ts";
import type { Moment } from "../core/time.ts";
import { OnboardingStore } from "./onboarding-store.ts";
import { Outbox } from "./outbox.ts";
import type { IssueCosts } from "./project-orchestrator-costs.ts";
import { dayOf } from "./project-orchestrator-tables.ts";
import { SeenMarks } from "./seen-marks.ts";
import type { RidingMarks } from "./seen-marks.ts";
import type { CountedSql } from "./counted-sql.ts";
import { TaskStore } from "./task-store.ts";

type JsonRow = { json: string };

/**
 * Recognised when repeated without a row: by the reports' numbers, because an effect that is done is no longer in the outbox, and what the
 * orchestrator says to itself.
 */
const selfEvident = new Set<string>(["reports-received", "effect-done", "agents-offered", "time-passed"]);

/**
 * The state of one project: what is active in memory, everything in rows. Changes are taken into memory at once, so that the next input
 * of the same commit sees them, and written by `flush` in the commit's transaction; when that fails, `load` starts again from the rows.
 */
export class StateStore implements ProjectLookup {
  readonly key: ProjectKey;
  readonly tasks: TaskStore;
  readonly effects: Outbox;
  readonly onboardings: OnboardingStore;
  configuration: Configuration | null = null;
  policy: Policy = defaultPolicy;
  /** What issues with an active run have cost; kept with the run. */
  readonly issueCosts = new Map<number, IssueCosts>();
  readonly #sql: CountedSql;
  #active = new Map<RunRef, Run>();
  #latest = new Map<number, Run>();
  #filtered = new Map<number, FilteredCard>();
  #outcomes = new Map<string, Applied>();
  #unreadable: RunRef[] = [];
  #dirtyRuns = new Set<RunRef>();
  /** Runs whose row says that they are active. */
  readonly #writtenActive = new Set<RunRef>();
  readonly #seenMarks: SeenMarks;
  #dirtyFiltered = new Set<number>();
  #configured = false;
  #inputDays: readonly number[] = [];

  constructor(key: ProjectKey, sql: CountedSql) {
    this.key = key;
    this.#sql = sql;
    this.#seenMarks = new SeenMarks(sql);
    this.tasks = new TaskStore(sql);
    this.effects = new Outbox(sql);
    this.onboardings = new OnboardingStore(sql);
  }

  /** How far agents' reports were seen that no row says yet: the commit's ledger has to carry it, and `load` is to be followed by `resume` with it. */
  get riding(): RidingMarks {
    return this.#seenMarks.riding;
  }

  /** What the newest ledger carried. */
  resume(riding: RidingMarks): void {
    this.#seenMarks.resume(riding);
  }

  /** Reads what is active; everything else is read back by key when it is asked for. */
  load(): void {
    const configuration = this.#sql.first<JsonRow>("SELECT json FROM meta WHERE key = 'configuration'");
    this.#configure(configuration === undefined ? null : (JSON.parse(configuration.json) as Configuration));
    this.#active = new Map();
    this.#latest = new Map();
    this.#unreadable = [];
    this.issueCosts.clear();
    const rows = this.#sql.all<JsonRow & { issue: number; run: number; costs: string | null }>(
      "SELECT issue, run, json, costs FROM runs INDEXED BY runs_active WHERE active = 1",
    );
    this.#writtenActive.clear();
    for (const row of rows) {
      this.#writtenActive.add(runRef(row.issue, row.run));
      const run = readRun(row.json);
      if (run.ok) this.#remember(run.value);
      else this.#unreadable.push(runRef(row.issue, row.run));
      const costs = row.costs === null ? null : (JSON.parse(row.costs) as IssueCosts | null);
      if (costs !== null) this.issueCosts.set(row.issue, costs);
    }
    this.#seenMarks.load();
    this.#filtered = new Map(
      this.#sql
        .all<JsonRow & { issue: number }>("SELECT issue, json FROM filtered")
        .map(({ issue, json }) => [issue, JSON.parse(json) as FilteredCard]),
    );
    this.#outcomes.clear();
    this.#dirtyRuns.clear();
    this.#dirtyFiltered.clear();
    this.#configured = false;
    this.#inputDays = this.#sql.daysOf("inputs");
    this.tasks.load();
    this.effects.load();
    this.onboardings.load();
  }

  /** Runs stored by a version of the code that this one does not know; they stand still. */
  get unreadable(): readonly RunRef[] {
    return this.#unreadable;
  }

  /** @throws when the run is stored in a shape this code does not know: nothing may be decided about it. */
  run(issue: number, number?: number): Run | undefined {
    const latest = this.#latest.get(issue);
    if (latest !== undefined && (number === undefined || latest.run === number)) return latest;
    const changed = number === undefined ? undefined : this.#active.get(runRef(issue, number));
    if (changed !== undefined) return changed;
    const row =
      number === undefined
        ? this.#sql.first<JsonRow>("SELECT json FROM runs WHERE issue = ? ORDER BY run DESC LIMIT 1", issue)
        : this.#sql.first<JsonRow>("SELECT json FROM runs WHERE issue = ? AND run = ?", issue, number);
    if (row === undefined) return undefined;
    const run = readRun(row.json);
    if (!run.ok) throw new Error(`a run of issue ${issue} is stored in a shape this version cannot read: ${run.error}`);
    return run.value;
  }

  *activeRuns(): Iterable<Run> {
    for (const run of this.#active.values()) if (isActive(run)) yield run;
  }

  /** All ended runs that are kept, newest end first. */
  endedRuns(limit: number): Run[] {
    return this.#sql
      .all<JsonRow>("SELECT json FROM runs INDEXED BY runs_ended WHERE active = 0 ORDER BY ended_at DESC LIMIT ?", limit)
      .flatMap(({ json }) => {
        const run = readRun(json);
        return run.ok ? [run.value] : [];
      });
  }

  task(id: TaskId): Task | undefined {
    return this.tasks.get(id);
  }

  dueTasks(at: Moment): Iterable<Task> {
    return this.tasks.due(at, this.policy);
  }

  waitingCapabilities(): Iterable<string> {
    return this.tasks.queue.capabilities();
  }

  waiting(capability: string): Iterable<Task> {
    return this.tasks.queue.of(capability);
  }

  tasksOf(agent: AgentId): Iterable<Task> {
    return this.tasks.liveOf(agent);
  }

  busy(): ReadonlyMap<Lane, number> {
    return this.tasks.busy;
  }

  effect(id: EffectId): OutboxEntry | undefined {
    return this.effects.get(id);
  }

  outbox(): Iterable<OutboxEntry> {
    return this.effects.entries();
  }

  reportsSeen(agent: AgentId, journal: string): number {
    return this.#seenMarks.of(agent, journal);
  }

  filtered(issue: number): FilteredCard | undefined {
    return this.#filtered.get(issue);
  }

  onboarding(id: OnboardingId): Onboarding | undefined {
    return this.onboardings.get(id);
  }

  activeOnboardings(): Iterable<Onboarding> {
    return this.onboardings.active();
  }

  filteredCards(): FilteredCard[] {
    return [...this.#filtered.values()];
  }

  /** What came of this input before, if it is a repeat. */
  outcomeOf(id: string): Applied | undefined {
    const fresh = this.#outcomes.get(id);
    if (fresh !== undefined || this.#inputDays.length === 0) return fresh;
    const row = this.#sql.first<{ outcome: string }>(
      "SELECT outcome FROM json_each(?) AS days CROSS JOIN inputs ON inputs.day = days.value AND inputs.id = ?",
      JSON.stringify(this.#inputDays),
      id,
    );
    return row === undefined ? undefined : (JSON.parse(row.outcome) as Applied);
  }

  /** Whether a repeat can only be known by the input's id, which costs a row. Tasks named after their input are known by themselves. */
  remembers(input: ProjectInput): boolean {
    if (input.type !== "tasks-submitted") return !selfEvident.has(input.type);
    const own = input.id.slice(input.id.indexOf(".") + 1);
    return !input.tasks.every(({ id }) => id.includes(own));
  }

  /** Takes what an input has changed into memory, to be written by `flush`. */
  take(change: ProjectChange, remember: string | null): void {
    if (remember !== null) this.#outcomes.set(remember, change.applied);
    for (const run of change.runs) {
      this.#remember(run);
      this.#dirtyRuns.add(runRef(run.issue, run.run));
    }
    this.tasks.take(change.tasks);
    this.effects.take(change);
    this.onboardings.take(change.onboardings);
    const { reportsSeen } = change;
    if (reportsSeen !== undefined && !reportsSeen.journal.startsWith(ownJournal)) this.#seenMarks.note(reportsSeen);
    for (const card of change.filtered) {
      if (card.reason === null) this.#filtered.delete(card.issue);
      else this.#filtered.set(card.issue, card);
      this.#dirtyFiltered.add(card.issue);
    }
    if (change.configuration !== undefined) {
      this.#configure(change.configuration);
      this.#configured = true;
    }
  }

  /** Writes what has changed; to be called in the transaction. */
  flush(at: Moment): void {
    this.tasks.flush();
    this.effects.flush();
    this.onboardings.flush(at);
    this.#flushRuns();
    const day = dayOf(at);
    if (this.#outcomes.size > 0) {
      const rows = [...this.#outcomes].map(([id, outcome]) => [day, id, JSON.stringify(outcome)]);
      this.#sql.many("INSERT INTO inputs (day, id, outcome) SELECT value->>0, value->>1, value->>2 FROM json_each(?)", rows);
      if (!this.#inputDays.includes(day)) this.#inputDays = [...this.#inputDays, day];
      this.#outcomes.clear();
    }
    this.#seenMarks.flush(day);
    for (const issue of this.#dirtyFiltered) {
      const card = this.#filtered.get(issue);
      if (card === undefined) this.#sql.all("DELETE FROM filtered WHERE issue = ?", issue);
      else this.#sql.all("INSERT OR REPLACE INTO filtered (issue, json) VALUES (?, ?)", issue, JSON.stringify(card));
    }
    this.#dirtyFiltered.clear();
    if (this.#configured) {
      this.#sql.all("INSERT OR REPLACE INTO meta (key, json) VALUES ('configuration', ?)", JSON.stringify(this.configuration));
      this.#configured = false;
    }
  }

  /** After the commit: what has ended leaves the memory. */
  settle(): void {
    for (const [ref, run] of this.#active) {
      if (isActive(run)) continue;
      this.#active.delete(ref);
      if (this.#latest.get(run.issue)?.run !== run.run) continue;
      this.#latest.delete(run.issue);
      this.issueCosts.delete(run.issue);
    }
    this.tasks.settle();
    this.onboardings.settle();
  }

  /** The earliest timer of the active runs. */
  nextRunTimer(): Moment | undefined {
    let next: Moment | undefined;
    for (const run of this.activeRuns()) {
      const due = nextRunTimer(run);
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  /** Deletes inputs, agents' marks, ended tasks and older runs of before the day; the latest run of an issue stays. */
  forget(beforeDay: number, before: Moment): void {
    this.#sql.all("DELETE FROM inputs WHERE day < ?", beforeDay);
    this.#inputDays = this.#inputDays.filter((day) => day >= beforeDay);
    this.#sql.all(
      `DELETE FROM runs WHERE active = 0 AND ended_at < ?
       AND EXISTS (SELECT 1 FROM runs AS later WHERE later.issue = runs.issue AND later.run > runs.run)`,
      before,
    );
    this.tasks.forget(beforeDay);
  }

  /** The earliest day on which something that may be deleted was written. */
  oldestDay(): number | undefined {
    const days = [...this.#inputDays, ...this.tasks.days];
    return days.length === 0 ? undefined : Math.min(...days);
  }

  #flushRuns(): void {
    const [same, others]: [(string | number | null)[][], (string | number | null)[][]] = [[], []];
    for (const ref of this.#dirtyRuns) {
      const run = this.#active.get(ref);
      if (run === undefined) continue;
      const text = [JSON.stringify(run), JSON.stringify(this.issueCosts.get(run.issue) ?? null)];
      if (isActive(run) && this.#writtenActive.has(ref)) same.push([run.issue, run.run, ...text]);
      else others.push([run.issue, run.run, isActive(run) ? 1 : 0, run.endedAt ?? null, ...text]);
      if (isActive(run)) this.#writtenActive.add(ref);
      else this.#writtenActive.delete(ref);
    }
    // A run that goes on is changed without its indexed columns: naming them would write its index anew, which is another row.
    this.#sql.many(
      `UPDATE runs SET json = each.value->>2, costs = each.value->>3 FROM json_each(?) AS each
       WHERE runs.issue = each.value->>0 AND runs.run = each.value->>1`,
      same,
    );
    this.#sql.many(
      `INSERT INTO runs (issue, run, active, ended_at, json, costs)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE true
       ON CONFLICT (issue, run) DO UPDATE SET active = excluded.active, ended_at = excluded.ended_at, json = excluded.json, costs = excluded.costs`,
      others,
    );
    this.#dirtyRuns.clear();
  }

  #remember(run: Run): void {
    this.#active.set(runRef(run.issue, run.run), run);
    const latest = this.#latest.get(run.issue);
    if (latest === undefined || latest.run <= run.run) this.#latest.set(run.issue, run);
  }

  #configure(configuration: Configuration | null): void {
    this.configuration = configuration;
    const overrides = configuration === null ? {} : mergeOverrides(configuration.meshOverrides, configuration.profile.overrides);
    const policy = parsePolicy(overrides);
    this.policy = policy.ok ? policy.value : defaultPolicy;
  }
}

/** Journals of the orchestrator's own reports about built-in agents; they are never repeated, so nothing is kept of them. */
export const ownJournal = "own-";
