import { DurableObject } from "cloudflare:workers";
import type { AgentId, ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { agentStatus, degradedAfterMs } from "../core/pool/agent-status.ts";
import type { AgentResult } from "../core/pool/history.ts";
import { declaredAgent } from "../core/pool/built-in-agent.ts";
import type { BuiltInAgent } from "../core/pool/built-in-agent.ts";
import type { Departure, HookRemoval, KeptHistory } from "../core/pool/departure.ts";
import { projectCalled, registryEntry } from "../core/project/registry-entry.ts";
import { admitRegistration, boundBy, offersMore } from "../core/pool/registration.ts";
import type { RegistrationRefusal } from "../core/pool/registration.ts";
import type { Agent, AgentGrant, Candidate, GrantChange } from "../core/pool/state.ts";
import { candidateOf, viewAgent, viewScore } from "../core/pool/views.ts";
import type { AgentView, ScoreView } from "../core/pool/views.ts";
import type { Registration } from "../core/protocol/frames.ts";
import { ok } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { hourMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { agentOfflineAfterMs } from "../platform/config.ts";
import { errorText, log } from "../platform/log.ts";
import { byName, checksDue, nextCheckAt, poolOutlook } from "./agent-pool-outlook.ts";
import type { DueHealthCheck, PoolOutlook } from "./agent-pool-outlook.ts";
import { AgentPoolStore } from "./agent-pool-store.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import { CountedSql } from "./counted-sql.ts";
import { liveFeed, mailbox, orchestrator } from "./remote.ts";
import { TableCopies } from "./table-copies.ts";

export interface HealthResult {
  readonly agent: AgentId;
  readonly name: string;
  readonly ok: boolean;
  readonly at: Moment;
}

/** A contact that is closer to the one on record than this is noted in memory only. */
const contactWrittenEveryMs = 30 * secondMs;
const useWrittenEveryMs = hourMs;

/**
 * The agents of the mesh (one object, named `pool`): what each may do and offers, how it stands, how well it has done; and the registry of
 * onboarded projects. Orchestrators ask it for candidates at most once a second, never once per task.
 */
export class AgentPool extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #store: AgentPoolStore;
  readonly #copies: TableCopies;
  /** Counts the changes that make new work possible, and what of them each project has seen when it last asked for candidates. */
  #changes = 0;
  readonly #seen = new Map<ProjectKey, number>();

  /** Without contact for so long an agent is offline. */
  readonly #limitMs = agentOfflineAfterMs(this.env);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = new CountedSql(ctx.storage.sql);
    this.meter = new KeptMeter(ctx.storage, sql);
    this.#store = new AgentPoolStore(ctx.storage, sql);
    this.#copies = new TableCopies(ctx.storage, sql, { kind: "pool", taken: () => this.#store.load() });
  }

  /** Gives the agent a token by its SHA-256 hash (hex); an earlier one of the same agent ends, and so does a connection made with it. */
  grant(grant: AgentGrant, tokenHash: string): void {
    if (this.#store.saveGrant({ ...grant, createdAt: grant.createdAt ?? now() }, tokenHash))
      this.#tellMailbox(mailbox(this.env, grant.agent).dismiss());
    const agent = this.#store.agent(grant.agent);
    if (agent !== undefined) this.#store.saveAgent({ ...agent, projects: grant.projects });
  }

  /** What the token with this hash allows; null when there is none. That it was used costs a row an hour. */
  authenticate(tokenHash: string): AgentGrant | null {
    const grant = this.#store.grantOf(tokenHash);
    if (grant !== null && now() - (grant.lastUsedAt ?? 0) >= useWrittenEveryMs) this.#store.changeGrant({ ...grant, lastUsedAt: now() });
    return grant;
  }

  /** Every token by what it allows. */
  tokens(): readonly AgentGrant[] {
    return this.#store.grants;
  }

  /**
   * Changes what the agent's token allows; null when it has none. What it offers beyond that is taken from its registration at once; work it has
   * already it finishes.
   */
  changeGrant(id: AgentId, change: GrantChange): AgentGrant | null {
    const before = this.#store.grants.find(({ agent }) => agent === id);
    if (before === undefined) return null;
    const grant: AgentGrant = { ...before, ...change };
    this.#store.changeGrant(grant);
    const agent = this.#store.agent(id);
    if (agent !== undefined) {
      this.#store.saveAgent(boundBy(grant, agent));
      this.#workPossible();
      this.#changed();
    }
    return grant;
  }

  /** Ends the agent's token and with it its connection; false when it had none. The agent and its history stay known. */
  revokeToken(id: AgentId): boolean {
    const had = this.#store.removeGrant(id);
    this.#tellMailbox(mailbox(this.env, id).dismiss());
    return had;
  }

  /** Takes what an agent says it can do, within its grant. */
  async register(
    id: AgentId,
    registration: Registration,
    grant: AgentGrant,
    at: Moment = now(),
  ): Promise<Result<AgentView, RegistrationRefusal>> {
    const before = this.#store.agent(id);
    const admitted = admitRegistration(id, registration, grant, before, at);
    if (!admitted.ok) return admitted;
    this.#store.saveAgent(admitted.value);
    const back = before === undefined || agentStatus(before, at, this.#limitMs) === "offline";
    if (before?.slots !== registration.slots) await mailbox(this.env, id).setSlots(registration.slots);
    if (back || offersMore(before, admitted.value)) this.#workPossible();
    this.#changed();
    return ok(this.#view(admitted.value, at));
  }

  /** Declares the Worker's own agents; the same declaration again changes nothing. */
  registerBuiltIn(agents: readonly BuiltInAgent[]): void {
    this.#declare(agents);
  }

  #declare(agents: readonly BuiltInAgent[]): void {
    const at = now();
    const news = agents.flatMap((declared) => declaredAgent(declared, this.#store.agent(declared.id), at) ?? []);
    for (const agent of news) this.#store.saveAgent(agent);
    if (news.length > 0) this.#workPossible();
  }

  /** Declares the Worker's own agents, and answers everything that the reconcile asks of the pool: one call, since it comes every minute. */
  outlook(builtIn: readonly BuiltInAgent[]): PoolOutlook {
    this.#declare(builtIn);
    return poolOutlook(this.#store, now(), this.#limitMs);
  }

  /** The agent was in contact at `at`: by socket (`connected`), or by a request. A socket's end says so too, with the last contact. */
  contact(id: AgentId, connected: boolean, at: Moment): void {
    const before = this.#store.agent(id);
    if (before === undefined) return;
    const was = agentStatus(before, now(), this.#limitMs);
    const { refusal: _refusal, ...admitted } = before;
    const after: Agent = { ...(connected ? admitted : before), connected, lastContactAt: Math.max(before.lastContactAt, at) };
    if (connected !== before.connected || after.lastContactAt - before.lastContactAt >= contactWrittenEveryMs) this.#store.saveAgent(after);
    const is = agentStatus(after, now(), this.#limitMs);
    if (was === "offline" && is !== "offline") this.#workPossible();
    if (was !== is || connected !== before.connected) this.#changed();
  }

  /** The agent's socket was closed for what it says at once, and will be again: kept until it connects. */
  connectionRefused(id: AgentId, because: string, at: Moment): void {
    const before = this.#store.agent(id);
    if (before === undefined || before.refusal?.because === because) return;
    this.#store.saveAgent({ ...before, refusal: { because, at } });
    this.#changed();
  }

  /** Agents that may serve the project, and offer one of the capabilities when some are named; in any status. */
  async candidates(project: ProjectKey, capabilities: readonly string[] | null): Promise<Candidate[]> {
    await this.#askTheSilent();
    const at = now();
    this.#seen.set(project, this.#changes);
    return this.#store.agents
      .filter(({ projects }) => projects === "all" || projects.includes(project))
      .filter((agent) => capabilities === null || agent.capabilities.some(({ name }) => capabilities.includes(name)))
      .map((agent) => candidateOf(agent, this.#historyOf, at, this.#limitMs));
  }

  /** The project has work that no agent takes; its orchestrator is told once when that may have changed. */
  waiting(project: ProjectKey): void {
    if (this.#seen.get(project) === this.#changes) this.#store.addWaiting(project);
    // Something has changed since it asked.
    else this.#tellOfChange(project);
  }

  /** Names of all capabilities that some agent offers, whatever its status. */
  offers(): string[] {
    return [...new Set(this.#store.agents.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))].toSorted();
  }

  /** How many attempts the agent may have at once; null when it is not registered. */
  slotsOf(id: AgentId): number | null {
    return this.#store.agent(id)?.slots ?? null;
  }

  /** Results of the project's journal up to `upToSeq`, oldest first. Telling them again changes nothing. */
  record(project: ProjectKey, upToSeq: number, results: readonly AgentResult[]): void {
    this.#store.record(project, upToSeq, results);
  }

  async agents(): Promise<AgentView[]> {
    await this.#askTheSilent();
    const at = now();
    return this.#store.agents.map((agent) => this.#view(agent, at));
  }

  /** Who offers the capability, best score first. */
  async scores(capability: string): Promise<ScoreView[]> {
    await this.#askTheSilent();
    const at = now();
    return this.#store.agents
      .flatMap((agent) => viewScore(agent, capability, this.#historyOf, at, this.#limitMs) ?? [])
      .toSorted((a, b) => b.score - a.score || (a.agent < b.agent ? -1 : 1));
  }

  /** Health checks of agents in contact that were not probed for a minute. */
  healthChecksDue(): DueHealthCheck[] {
    return checksDue(this.#store.agents, now(), this.#limitMs);
  }

  /** When a health check is to be probed next; null when no agent in contact has one. */
  nextHealthCheckAt(): Moment | null {
    return nextCheckAt(this.#store.agents, now(), this.#limitMs);
  }

  /** What probing has found. Work that waited for a requirement is tried again. */
  healthProbed(results: readonly HealthResult[]): void {
    let [recovered, turned] = [false, false];
    for (const { agent: id, name, ok: healthy, at } of results) {
      const agent = this.#store.agent(id);
      if (agent === undefined || !agent.healthChecks.some((check) => check.name === name)) continue;
      const before = agent.health[name]?.ok ?? true;
      const after: Agent = { ...agent, health: { ...agent.health, [name]: { ok: healthy, at } } };
      if (before === healthy && agent.health[name] !== undefined) this.#store.noteAgent(after);
      else this.#store.saveAgent(after);
      recovered ||= healthy && !before;
      turned ||= healthy !== before;
    }
    if (recovered) this.#workPossible();
    if (turned) this.#changed();
  }

  /** Forgets the agent, its token and its history; its connection is closed. */
  remove(id: AgentId): void {
    this.#store.removeAgent(id);
    this.#tellMailbox(mailbox(this.env, id).dismiss());
    this.#changed();
  }

  /** The agent gets no new work, or again; false when it is unknown. */
  drain(id: AgentId, draining = true): boolean {
    const agent = this.#store.agent(id);
    if (agent === undefined) return false;
    this.#store.saveAgent({ ...agent, draining });
    if (agent.draining && !draining) this.#workPossible();
    if (draining) this.#tellMailbox(mailbox(this.env, id).drain());
    this.#changed();
    return true;
  }

  /**
   * Puts an onboarded project into the registry, or changes its entry. Its former names and the versions of its webhooks stay. Answers the entry; null
   * while it is being deleted.
   */
  projectRegistered(given: ProjectProfile): ProjectProfile | null {
    if (this.#store.departures.some((departure) => departure.profile.key === given.key)) return null;
    const profile = registryEntry(this.#store.projects, given, now());
    this.#store.saveProject(profile);
    return profile;
  }

  /**
   * The project leaves: it is no longer registered, and agents' tokens no longer name it. Asked again while it leaves, its history may still be
   * given up; null when it is neither registered nor leaving.
   */
  projectDeparts(name: ProjectName, history: KeptHistory, by: string): Departure | null {
    const profile = projectCalled(this.#store.projects, name);
    if (profile !== undefined) {
      const departure: Departure = { profile, history, by, at: now() };
      this.#store.depart(departure);
      this.#changed();
      return departure;
    }
    const leaving = this.#store.departures.find((departure) => departure.profile.name === name);
    if (leaving === undefined || leaving.history === history || history === "keep") return leaving ?? null;
    this.#store.noteDeparture({ ...leaving, history });
    return { ...leaving, history };
  }

  /** Projects that leave. */
  departures(): readonly Departure[] {
    return this.#store.departures;
  }

  /** What became of a leaving project's webhooks. */
  webhooksRemoved(key: ProjectKey, webhooks: readonly HookRemoval[]): void {
    const departure = this.#store.departures.find(({ profile }) => profile.key === key);
    if (departure !== undefined) this.#store.noteDeparture({ ...departure, webhooks });
  }

  /** Nothing of the project is left but the history that was to be kept. */
  departed(key: ProjectKey, forget: boolean): void {
    this.#store.departed(key, forget);
  }

  projects(): ProjectProfile[] {
    return byName(this.#store.projects);
  }

  projectNamed(name: ProjectName): ProjectProfile | null {
    return projectCalled(this.#store.projects, name) ?? null;
  }

  projectKeyed(key: ProjectKey): ProjectProfile | null {
    return this.#store.projects.find((profile) => profile.key === key) ?? null;
  }

  /** By the board's node id. */
  projectOfBoard(board: string): ProjectProfile | null {
    return this.#store.projects.find((profile) => profile.board?.id === board) ?? null;
  }

  /** Copies everything out for a backup, and a backup in. Of tokens it has the hashes. */
  copies(): TableCopies {
    return this.#copies;
  }

  /** Nothing is registered here: no project, no agent but the built-in ones, no token. */
  isEmpty(): boolean {
    const { agents, grants, projects, departures } = this.#store;
    return agents.every(({ kind }) => kind === "built-in") && grants.length + projects.length + departures.length === 0;
  }

  /** What a Worker's isolate has counted since it last told; `worker` of `costs` is the sum. */
  countWorker(counts: Readonly<Record<string, number>>): void {
    this.meter.add(counts);
  }

  costs(): { object: ObjectCosts; worker: Readonly<Record<string, number>> } {
    return { object: this.meter.costs(), worker: this.meter.also };
  }

  readonly #historyOf = (agent: AgentId, capability: string) => this.#store.history(agent, capability);

  #view(agent: Agent, at: Moment): AgentView {
    return viewAgent(agent, this.#historyOf, at, this.#limitMs);
  }

  /** Heartbeats on sockets wake nobody, so mailboxes of connected agents are asked when someone wants to know; at most once a minute. */
  async #askTheSilent(): Promise<void> {
    const at = now();
    const silent = this.#store.agents.filter(
      ({ connected, lastContactAt }) => connected && at - lastContactAt >= degradedAfterMs(this.#limitMs),
    );
    await Promise.all(
      silent.map(async ({ id }) => {
        const { connected, lastContactAt } = await mailbox(this.env, id).contact();
        const agent = this.#store.agent(id);
        if (agent === undefined) return;
        const heard: Agent = { ...agent, connected, lastContactAt: Math.max(agent.lastContactAt, lastContactAt ?? 0) };
        if (connected === agent.connected) this.#store.noteAgent(heard);
        else this.#store.saveAgent(heard);
      }),
    );
  }

  /** Tells the orchestrators that wait. */
  #workPossible(): void {
    this.#changes += 1;
    for (const project of this.#store.takeWaiting()) this.#tellOfChange(project);
  }

  /** One that can't be told goes back on the list. */
  #tellOfChange(project: ProjectKey): void {
    const told = orchestrator(this.env, project)
      .agentsChanged()
      .catch((thrown: unknown) => {
        this.#store.addWaiting(project);
        log("warn", "an orchestrator was not told of agents", { project, reason: "agents-changed-failed", error: errorText(thrown) });
      });
    this.ctx.waitUntil(told);
  }

  #tellMailbox(told: Promise<unknown>): void {
    this.ctx.waitUntil(
      told.catch((thrown: unknown) => log("warn", "a mailbox was not told", { reason: "mailbox-failed", error: errorText(thrown) })),
    );
  }

  #changed(): void {
    const told = liveFeed(this.env)
      .publish([{ type: "agents-changed" }])
      .catch((thrown: unknown) => log("debug", "the live feed was not told", { reason: "live-feed-failed", error: errorText(thrown) }));
    this.ctx.waitUntil(told);
  }
}

countCalls(AgentPool.prototype);
