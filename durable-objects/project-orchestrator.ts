import { DurableObject } from "cloudflare:workers";
import type { Effect } from "../core/effects.ts";
import type { JournalPage } from "../core/events.ts";
import type { AgentId, EffectId, OnboardingId, ProjectKey, QuestionId, TaskId } from "../core/ids.ts";
import type { Applied, ProjectInput, ProjectProfile } from "../core/inputs.ts";
import type { Onboarding } from "../core/onboarding/state.ts";
import type { OnboardingView } from "../core/onboarding/view.ts";
import { viewOnboarding } from "../core/onboarding/view-onboarding.ts";
import type { Policy } from "../core/policy.ts";
import type { AskedQuestion, ProjectView, RunView, TaskView } from "../core/project/views.ts";
import { liveAttempt } from "../core/task/attempts.ts";
import { minuteMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import type { WaitingSessions } from "./agent-mailbox-status.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { GroupCommit } from "./group-commit.ts";
import { CountedSql } from "./counted-sql.ts";
import type { WatchedOnboarding } from "./onboarding-store.ts";
import { Candidates } from "./project-orchestrator-candidates.ts";
import { Commits } from "./project-orchestrator-commit.ts";
import type { Costs } from "./project-orchestrator-costs.ts";
import type { EntriesPage } from "./project-orchestrator-journal.ts";
import { outgoingOf } from "./project-orchestrator-outgoing.ts";
import type { Outgoing } from "./project-orchestrator-outgoing.ts";
import { declinedInputs, outstandingOf, Sender } from "./project-orchestrator-sender.ts";
import type { Declined, Outstanding } from "./project-orchestrator-sender.ts";
import { Retention } from "./project-orchestrator-retention.ts";
import { orchestratorSteps } from "./project-orchestrator-tables.ts";
import {
  askedQuestion,
  outlookOf,
  recentRuns,
  recentTasks,
  repositoryAccess,
  viewProject,
  viewRuns,
  waitingSessionsOf,
  wholeTask,
} from "./project-orchestrator-views.ts";
import type { Outlook, RepositoryAccess, TaskFilter } from "./project-orchestrator-views.ts";
import { migrate } from "./schema-migrations.ts";
import { ownJournal } from "./state-store.ts";
import { TableCopies } from "./table-copies.ts";

/** What waits is offered again after a second, then ever more rarely up to this, until something changes. */
const offerAgainMostMs = minuteMs;
const stuckAgainMs = minuteMs;
const timeRounds = 4;
/** Events looked through for results that the pool may not have, after a wake-up. */
const resultsToldAgain = 1_000;
/** What is counted and told after the last commit costs a row of its own at most this often. */
const keepEveryMs = 10 * secondMs;

/**
 * One project: its runs, tasks, outbox and journal. Inputs go through the core and are committed together; what follows is said outside
 * after the commit, and said again by the alarm when it did not arrive.
 */
export class ProjectOrchestrator extends DurableObject<Env> {
  readonly #project: ProjectKey;
  readonly #sql: CountedSql;
  readonly #candidates: Candidates;
  readonly #sender: Sender;
  readonly #clock: AlarmClock;
  readonly #commits: Commits;
  readonly #retention: Retention;
  readonly #copies: TableCopies;
  readonly #group: GroupCommit<ProjectInput, Applied>;
  #loaded = false;
  #outgoing: Outgoing[] = [];
  #offeredAt: Moment = 0;
  #offerPauseMs = secondMs;
  #rangAt: Moment = 0;
  #keptAt: Moment = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#project = (ctx.id.name ?? "") as ProjectKey;
    this.#sql = new CountedSql(ctx.storage.sql);
    this.#candidates = new Candidates(env, this.#project);
    this.#commits = new Commits(this.#project, ctx.storage, this.#sql, this.#candidates);
    this.#copies = new TableCopies(ctx.storage, this.#sql, { kind: "orchestrator", growing: ["journal"], taken: () => this.#loadAnew() });
    this.#retention = new Retention(this.#commits, ctx.storage);
    this.#sender = new Sender(env, this.#project, {
      queueMessages: (count) => {
        this.#commits.meter.queueMessages += count;
      },
      endedFeed: (costs) => this.#commits.feedEnded(costs),
    });
    this.#clock = new AlarmClock(
      ctx,
      () => this.#nextDue(),
      () => this.#commits.meter.alarmSet(),
    );
    this.#group = new GroupCommit<ProjectInput, Applied>({
      commit: (inputs) => this.#commits.commit(inputs, now(), this.#outgoing),
      putAside: (input, thrown) => this.#commits.putAside(input, thrown, now(), this.#outgoing),
      after: () => this.#wake(),
      settled: () => ctx.storage.sync(),
    });
  }

  /** Takes one input; the answer leaves when it is durable, and is the same for every repeat of its id. */
  async apply(input: ProjectInput): Promise<Applied> {
    const [applied] = await this.applyAll([input]);
    return applied ?? { status: "ignored", reason: "empty" };
  }

  /** Takes several inputs in one commit, in their order; one outcome each. Rejects with the first error, when one is refused by an error. */
  applyAll(inputs: readonly ProjectInput[]): Promise<Applied[]> {
    this.#ready();
    return this.#group.join(inputs);
  }

  /** The live state of the project. */
  view(): ProjectView {
    const { store, journal } = this.#ready();
    return viewProject(store, journal.lastSeq);
  }

  /** The latest run of the issue, or the numbered one; null when there is none. */
  run(issue: number, number?: number): RunView | null {
    const { store } = this.#ready();
    const run = store.run(issue, number);
    return run === undefined ? null : (viewRuns(store, [run])[0] ?? null);
  }

  /** Active runs, then the most recently ended ones. */
  runs(): RunView[] {
    return recentRuns(this.#ready().store);
  }

  /** One question with all that its page shows; null when it is unknown. */
  question(id: QuestionId): AskedQuestion | null {
    return askedQuestion(this.#ready().store, id);
  }

  /** A task with payload and result, and why it waits if it does; null when it is unknown, or ended longer ago than is kept. */
  task(id: TaskId): Promise<TaskView | null> {
    return wholeTask(this.#ready().store, this.#candidates, id);
  }

  /** Tasks of the last days, newest submission first. */
  tasks(filter: TaskFilter): TaskView[] {
    return recentTasks(this.#ready().store, filter);
  }

  /** Events after the number `cursor`, for the read model. */
  journalSince(cursor: number, limit: number): JournalPage {
    const { journal, store } = this.#ready();
    const page = journal.page(cursor, limit, store.configuration?.profile.name ?? null);
    if (!page.more) this.#sender.readToEnd();
    return page;
  }

  /** Commits with their inputs after the place `cursor`, for the archive and for replay. */
  entriesSince(cursor: number, limit: number): EntriesPage {
    return this.#ready().journal.entries(cursor, limit);
  }

  /** The read model has the events up to this number: they may be forgotten once they are archived and old. */
  projected(upTo: number): void {
    const { marks } = this.#ready();
    if (upTo <= marks.projected) return;
    marks.projected = upTo;
    if (now() - this.#keptAt < keepEveryMs) return;
    this.#keptAt = now();
    this.#commits.keep();
  }

  /** The archive has the entries up to this place; answers the place it is to go on from, which is a later one if it was told so before. */
  archived(upTo: number): number {
    const { marks } = this.#ready();
    if (upTo <= marks.archived) return marks.archived;
    marks.archived = upTo;
    this.#sql.all("INSERT OR REPLACE INTO meta (key, json) VALUES ('archived', ?)", JSON.stringify(upTo));
    return upTo;
  }

  /** Gives an effect to one consumer for `leaseMs`; null when it is done, taken, or not its turn. */
  claimEffect(id: EffectId, leaseMs: number): { effect: Effect; profile: ProjectProfile; policy: Policy } | null {
    const { store } = this.#ready();
    if (store.configuration === null) return null;
    const effect = store.effects.claim(id, Math.min(leaseMs, store.policy.redelivery.leaseMs), now());
    if (effect === null) return null;
    this.ctx.storage.transactionSync(() => store.effects.flush());
    this.#clock.wind();
    return { effect, profile: store.configuration.profile, policy: store.policy };
  }

  /**
   * What a built-in agent has to do; null when the attempt is over. The attempt counts as begun. No lease: a message delivered twice may ask
   * the model twice, and the first result counts; a lease would leave the work of a consumer that died lying until the attempt times out.
   */
  async taskWork(
    id: TaskId,
    attempt: number,
  ): Promise<{ capability: string; payload: unknown; timeoutSeconds: number; agent: AgentId } | null> {
    const { store } = this.#ready();
    const task = store.task(id);
    const live = task && liveAttempt(task);
    if (task === undefined || live?.number !== attempt) return null;
    const payload = store.tasks.payloadOf(task);
    if (live.status === "dispatched") {
      const at = now();
      const reports = [{ seq: 1, at, body: { type: "task-accepted" as const, taskId: id, attempt } }];
      const journal = `${ownJournal}${id}-${attempt}`;
      await this.#group.join([{ id: `${id}:${attempt}:begun`, at, type: "reports-received", agent: live.agent, journal, reports }]);
    }
    return { capability: task.capability, payload, timeoutSeconds: task.timeoutSeconds, agent: live.agent };
  }

  /** All live attempts of the agent, and what is to be said to them now. */
  outstanding(agent: AgentId): Outstanding {
    return outstandingOf(this.#ready().store, agent, now());
  }

  /** Sessions of the agent that wait for an answer. */
  waitingSessions(agent: AgentId): WaitingSessions {
    return waitingSessionsOf(this.#ready().store, agent);
  }

  /** What a live attempt may do with the repository: one of a run clones and pushes, a trial clones. Null: not the agent's live attempt, or other work. */
  liveAttempt(id: TaskId, attempt: number, agent: AgentId): RepositoryAccess | null {
    return repositoryAccess(this.#ready().store, id, attempt, agent);
  }

  /** Agents came, came back, have room again or offer more: what waits is offered anew. */
  async agentsChanged(): Promise<void> {
    const { store } = this.#ready();
    this.#candidates.drop();
    if (store.tasks.queue.size > 0) await this.#offerAnew();
  }

  /** One onboarding with what its activities found; null when it is unknown. Only `mesh` has any. */
  onboarding(id: OnboardingId): Onboarding | null {
    return this.#ready().store.onboarding(id) ?? null;
  }

  /** Onboardings, newest first. */
  onboardings(limit: number, before?: OnboardingId): OnboardingView[] {
    return this.#ready().store.onboardings.newest(limit, before).map(viewOnboarding);
  }

  /** Deletes onboardings that ended before this moment, or only counts them. */
  forgetOnboardings(before: Moment, dryRun: boolean): number {
    return this.#ready().store.onboardings.forget(before, dryRun);
  }

  /** The active ones, and when each one's workflow gave its last sign of life. */
  watchedOnboardings(): WatchedOnboarding[] {
    return this.#ready().store.onboardings.watched();
  }

  /** A sign of life of an attempt's workflow; the next may take `quietMs` longer than usual. False: this attempt has nothing more to do. */
  onboardingHeard(id: OnboardingId, attempt: number, quietMs: number): boolean {
    return this.#ready().store.onboardings.heard(id, attempt, now(), quietMs);
  }

  /** Copies everything out for a backup, and a backup in. */
  copies(): TableCopies {
    this.#ready();
    return this.#copies;
  }

  /** Empties a project that was deleted, its history as well when it is to be forgotten; false when it was not deleted. Doing it again changes nothing. */
  async empty(forget: boolean): Promise<boolean> {
    this.#ready();
    await this.#group.join([]);
    const emptied = this.#commits.empty(forget);
    this.#retention.look();
    return emptied;
  }

  profile(): ProjectProfile | null {
    return this.#ready().store.configuration?.profile ?? null;
  }

  /** What the reconcile wants to know before it looks at anything: its policy, its runs, and the mesh-wide settings it was told. */
  outlook(): Outlook {
    const { store, journal } = this.#ready();
    return outlookOf(store, journal.lastSeq);
  }

  /** What holds now: defaults, mesh-wide settings, the project's own. */
  policy(): Policy {
    return this.#ready().store.policy;
  }

  /** What this object has cost so far; counted by itself and kept with its commits, so that what dies with it is what was only asked since. */
  costs(): Costs {
    return this.#ready().costs();
  }

  override async alarm(): Promise<void> {
    this.#ready();
    await this.#clock.ringWhenDue((at) => this.#ring(at));
  }

  async #ring(at: Moment): Promise<void> {
    this.#rangAt = at;
    const commits = this.#commits;
    await this.#group.join(commits.leasesOver(at));
    // What time has changed may be due at once again: a retry without backoff.
    for (let round = 0; round < timeRounds; round += 1) {
      commits.retime();
      if ((commits.coreDue ?? Number.POSITIVE_INFINITY) > at) break;
      await this.#group.join([{ id: `time.${at}.${round}`, at, type: "time-passed" }]);
    }
    commits.retime();
    if (commits.store.tasks.queue.size > 0 && at >= this.#offeredAt + this.#offerPauseMs) await this.#offerAnew();
    this.#retention.ring(at);
  }

  /** After a commit: says what it decided. Never rejects. */
  #wake(): void {
    const { store, journal } = this.#commits;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    this.#retention.lookOnce();
    if (outgoing.some(({ grown }) => grown)) this.#offerPauseMs = secondMs;
    // Offered before the clock is wound: it need not ring for what is being offered now, only if that came to nothing.
    if (this.#commits.unoffered) this.ctx.waitUntil(this.#offerAnew());
    this.#clock.wind();
    for (const out of outgoing) {
      const sent = this.#sender
        .send(out, journal.lastSeq, (task) => store.tasks.payloadOf(task))
        .then((declined) => this.#declined(declined));
      this.ctx.waitUntil(sent);
    }
    this.#commits.marks.recorded = this.#sender.recordedUpTo(journal.lastSeq);
    if (!this.#commits.unoffered && outgoing.some(({ handovers }) => handovers.length > 0) && this.#candidates.isAgeing(now()))
      this.ctx.waitUntil(this.#candidates.ask());
  }

  async #offerAnew(): Promise<void> {
    this.#offeredAt = now();
    this.#offerPauseMs = Math.min(this.#offerPauseMs * 2, offerAgainMostMs);
    if (!(await this.#candidates.ask())) return this.#clock.wind();
    await this.#group.join([]);
    if (this.#commits.store.tasks.queue.size > 0) await this.#sender.sayWaiting();
    this.#clock.wind();
  }

  async #declined(declined: readonly Declined[]): Promise<void> {
    if (declined.length > 0) await this.#group.join(declinedInputs(declined, now()));
  }

  #nextDue(): Moment | undefined {
    if (!this.#loaded) return undefined;
    const { store } = this.#commits;
    // A timer that is still due after its alarm must not ring without end. A clock that went back has not rung yet.
    const rangAt = this.#rangAt <= now() ? this.#rangAt : Number.NEGATIVE_INFINITY;
    const coreDue = this.#commits.coreDue ?? Number.POSITIVE_INFINITY;
    const dues = [coreDue > rangAt ? coreDue : rangAt + stuckAgainMs, store.effects.nextAt(), this.#retention.dueAt];
    if (store.tasks.queue.size > 0) dues.push(this.#offeredAt + this.#offerPauseMs);
    const next = Math.min(...dues.filter((due) => due !== undefined));
    return Number.isFinite(next) ? next : undefined;
  }

  /** Other rows lie here now: goes on from them, with their timers. */
  #loadAnew(): Promise<void> {
    this.#loaded = false;
    this.#ready();
    this.#clock.wind();
    return this.#offerAnew();
  }

  /** Loads what is active at the first call after a wake-up, and counts the call. */
  #ready(): Commits {
    if (!this.#loaded) {
      migrate(this.ctx.storage, orchestratorSteps);
      this.#commits.load();
      const { journal, marks } = this.#commits;
      const untold = journal.page(marks.recorded, resultsToldAgain, null);
      this.#sender.resume(marks.recorded, outgoingOf(this.#project, untold.events, [], []).results, untold.upTo);
      if (marks.projected < journal.lastSeq) this.ctx.waitUntil(this.#sender.pokeAnew());
      this.#retention.look();
      this.#loaded = true;
    }
    this.#commits.meter.request(now());
    return this.#commits;
  }
}
