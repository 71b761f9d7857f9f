import { DurableObject } from "cloudflare:workers";
import { projectOf } from "../core/ids.ts";
import type { AgentId, ProjectKey } from "../core/ids.ts";
import { closeCodes, limits } from "../core/protocol/frames.ts";
import type { AgentFrame, Assignment, Command, MeshFrame, Report } from "../core/protocol/frames.ts";
import { probeProject } from "../core/protocol/probe-work.ts";
import type { ProbeAction, ProbeEntry } from "../core/protocol/probe-work.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { AgentConnection } from "./agent-mailbox-connection.ts";
import { badFrame, FrameGate, stopFrame, tooMuch, withSmallResult } from "./agent-mailbox-frames.ts";
import type { Closing } from "./agent-mailbox-frames.ts";
import { OutputLanes } from "./agent-mailbox-output.ts";
import { ContactLease } from "./agent-mailbox-lease.ts";
import { LongPolls } from "./agent-mailbox-polls.ts";
import { pullOutstanding } from "./agent-mailbox-pull.ts";
import { waitingSessions, type AgentContact, type MailboxStatus } from "./agent-mailbox-status.ts";
import { decidesNothing, ReportIntake } from "./agent-mailbox-reports.ts";
import { SnapshotPost } from "./agent-mailbox-snapshots.ts";
import { AgentMailboxStore } from "./agent-mailbox-store.ts";
import { framesOf, keyOf, OutstandingWork } from "./agent-mailbox-work.ts";
import type { AttemptRef, Outstanding } from "./agent-mailbox-work.ts";
import { AgentProbe } from "./agent-probe.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import { CountedSql } from "./counted-sql.ts";
import { orchestrator, pool } from "./remote.ts";
import type { Appended } from "./session-feed.ts";
import { TableCopies } from "./table-copies.ts";

export interface DeclinedHandover extends AttemptRef {
  readonly reason: "no-free-slot";
}

/**
 * The way to one agent and back (named by the agent's id): pushes attempts and commands down its socket, arbitrates its slots across
 * projects, passes its reports to the orchestrators and acknowledges what they have committed, and watches its contact lease. What is
 * outstanding lives in the orchestrators; the copy here is made anew after a restart.
 */
export class AgentMailbox extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #agent: AgentId;
  readonly #store: AgentMailboxStore;
  readonly #copies: TableCopies;
  readonly #work = new OutstandingWork();
  readonly #intake: ReportIntake;
  readonly #connection: AgentConnection;
  readonly #output: OutputLanes;
  readonly #snapshots: SnapshotPost;
  readonly #lease: ContactLease;
  readonly #clock: AlarmClock;
  /** Whether memory has what the orchestrators have outstanding for this agent. */
  #loaded: boolean;
  #loading: Promise<void> | null = null;
  /** Being handed over while the orchestrators are asked. */
  readonly #arriving = new Set<string>();
  /** Projects that were declined for want of a slot. */
  readonly #declined = new Set<ProjectKey>();
  readonly #gate = new FrameGate();
  readonly #polls = new LongPolls();
  readonly #probe = new AgentProbe({
    send: (frames) => this.#connection.send(frames) !== null,
    wake: () => this.#polls.wake(),
    hangUp: (closing) => this.#hangUp(closing),
  });

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#agent = ctx.id.name as AgentId;
    const sql = new CountedSql(ctx.storage.sql);
    this.meter = new KeptMeter(ctx.storage, sql);
    this.#store = new AgentMailboxStore(ctx.storage, sql);
    this.#copies = new TableCopies(ctx.storage, sql, { kind: "mailbox", taken: () => this.#loadAnew() });
    this.#loaded = this.#store.active.length === 0;
    this.#connection = new AgentConnection(ctx);
    this.#lease = new ContactLease(env, this.#agent, this.#store, this.#connection);
    this.#snapshots = new SnapshotPost(env, this.#agent);
    this.#output = new OutputLanes(env, this.#agent, {
      isLive: async (session) => {
        if (!this.#loaded) await this.#load();
        return this.#work.holdsSession(session);
      },
      tell: (frame) => this.#connection.send([frame]),
      failed: (thrown) => this.#notStored("output was not kept; the agent sends it again", "output-failed", thrown),
    });
    this.#intake = new ReportIntake({
      knows: (project) => (project === probeProject ? this.#probe.isActive : this.#store.knows(project)),
      mayWait: (project, { body }) => project !== probeProject && decidesNothing.has(body.type),
      forward: (project, journal, reports) => this.#forward(project, journal, reports),
      acknowledged: (ack) => this.#connection.acknowledge(this.#intake.journal, ack),
      failed: (thrown) => this.#notStored("reports were not committed; the agent sends them again", "reports-failed", thrown),
    });
    const { greeted } = this.#connection;
    if (greeted !== null) this.#intake.begin(greeted.journal, greeted.ack);
    this.#clock = new AlarmClock(
      ctx,
      () => this.#lease.nextDue,
      () => this.meter.alarmSet(),
    );
  }

  /** Accepts the agent's socket; an earlier one is closed with 4409. Who asks has been checked by the Worker. */
  override fetch(request: Request): Response {
    return this.#connection.accept(request);
  }

  /**
   * Takes attempts of a project for the agent and sends them on; what has no free slot is declined, and the project's orchestrator is told
   * when there is room. Handing the same attempt over again sends it again.
   */
  async deliver(project: ProjectKey, assignments: readonly Assignment[]): Promise<{ declined: DeclinedHandover[] }> {
    this.#store.setActive(project, true);
    if (!this.#loaded) {
      const keys = assignments.map(keyOf);
      for (const key of keys) this.#arriving.add(key);
      await this.#load();
      for (const key of keys) this.#arriving.delete(key);
    }
    const slots = this.#store.fact("slots") ?? (await this.#askSlots());
    const { taken, full } = this.#work.take(project, assignments, slots);
    const declined = full.map(({ taskId, attempt }) => ({ taskId, attempt, reason: "no-free-slot" as const }));
    if (declined.length > 0) this.#declined.add(project);
    this.#send({ assignments: taken, commands: [] });
    this.#clock.wind();
    return { declined };
  }

  /** Says something to a live attempt; repeated on reconnect until `command-received`. */
  command(project: ProjectKey, command: Command): void {
    this.#store.setActive(project, true);
    this.#work.command(project, command);
    this.#send({ assignments: [], commands: [command] });
    this.#clock.wind();
  }

  /** Takes these attempts back: the agent is told to stop them, also those that the mailbox has forgotten in its sleep; their slots are free. */
  revoke(refs: readonly AttemptRef[]): void {
    const freed = this.#work.revoke(refs);
    this.#connection.send(refs.map((ref) => stopFrame(ref, "the task was taken back")));
    if (freed) this.#slotsFreed();
  }

  /** How many attempts at once, by the agent's registration. */
  setSlots(slots: number): void {
    const before = this.#store.fact("slots") ?? slots;
    this.#store.setFact("slots", slots);
    if (slots > before) this.#slotsFreed();
  }

  /** Tells the agent that it gets no new work; it finishes what it has. */
  drain(): void {
    this.#connection.send([{ type: "drain" }]);
  }

  /** The agent's token has ended: its socket is closed with 4401, and a poll that waits gets nothing. */
  dismiss(): void {
    this.#polls.dismiss();
    this.#hangUp({ code: closeCodes.unauthorized, reason: "the agent's token has ended" });
  }

  /** For agents without a socket: frames that are due, or that come within `waitMs` (at most 30 s). What is not accepted is told again. */
  async longPoll(waitMs: number): Promise<MeshFrame[]> {
    await this.#lease.requested();
    if (!this.#loaded) await this.#load();
    return this.#polls.items(waitMs, () => {
      const due = this.#work.due(now());
      this.#work.sent(due, 0, now());
      return [...framesOf(due, limits.frameBytes), ...this.#probe.take()];
    });
  }

  /** Reports by HTTP. Resolves when they are committed; `ack` tells how far. Of those after a gap nothing is taken. */
  async report(journal: string, reports: readonly Report[]): Promise<{ ack: number; gap: boolean }> {
    await this.#lease.requested();
    if (this.#intake.journal !== journal) this.#begin(journal, (reports[0]?.seq ?? 1) - 1);
    const gap = this.#hear(reports.map(withSmallResult), 0) === "gap";
    if (gap) this.#probe.closed(badFrame(`a report is missing after ${this.#intake.ack}`));
    await this.#intake.settled();
    return { ack: this.#intake.ack, gap };
  }

  /** Does to the agent what its test asks; false when no test is under way. */
  probe(action: ProbeAction): boolean {
    return this.#probe.act(action);
  }

  /** What the agent under test did after entry `after`, waiting up to `waitMs` for it; null when no test is under way. */
  probed(after: number, waitMs: number): Promise<readonly ProbeEntry[] | null> {
    return this.#probe.entries(after, waitMs);
  }

  /** Output by HTTP. Resolves when everything before `end` is kept. */
  output(session: string, offset: number, data: string): Promise<Appended> {
    return this.#output.append(session, offset, data);
  }

  contact(): AgentContact {
    return this.#lease.contact();
  }

  /** What the agent is at. Memory that was lost, as while a session waits for days, is read back. */
  async status(): Promise<MailboxStatus> {
    if (!this.#loaded) await this.#load();
    const waiting = await waitingSessions(this.env, this.#agent, this.#store.projects);
    return { ...this.#lease.contact(), ...waiting, working: this.#work.size, slots: this.#store.fact("slots") ?? 1 };
  }

  /** Copies everything out for a backup, and a backup in. */
  copies(): TableCopies {
    return this.#copies;
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (!this.#connection.isCurrent(socket)) return;
    this.#lease.heard();
    const frame = this.#gate.read(message, now());
    if (!frame.ok) return this.#refuse(frame.error);
    this.#receive(socket, frame.value, typeof message === "string" ? message.length : 0);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#disconnected(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#disconnected(socket);
  }

  /** Judges the contact lease, and lets go of what the orchestrators no longer have for this agent. */
  override alarm(): Promise<void> {
    return this.#clock.ring(async (at) => {
      if (this.#lease.isOver(at)) return this.#lease.lost(at);
      await this.#lease.regained();
      await this.#load();
      for (const project of this.#loaded ? this.#store.active : []) {
        if (this.#work.countOf(project) === 0) this.#store.setActive(project, false);
      }
    });
  }

  #receive(socket: WebSocket, frame: AgentFrame, length: number): void {
    const { greeted } = this.#connection;
    if (frame.type === "hello") {
      if (greeted !== null) return this.#refuse(badFrame("hello comes once"));
      return this.#background("greeting failed", this.#greet(socket, frame));
    }
    if (greeted === null || greeted.journal !== this.#intake.journal) return this.#refuse(badFrame("hello comes first"));
    if (frame.type === "heartbeat") this.#connection.send([{ type: "heartbeat-ack" }]);
    if (frame.type === "output") return this.#output.take(frame);
    if (frame.type !== "reports") return;
    const heard = this.#hear(frame.reports, length);
    if (heard === "gap") this.#refuse(badFrame(`a report is missing after ${this.#intake.ack}`));
    if (heard === "full") this.#refuse(tooMuch("too many reports wait to be committed; send them again later"));
  }

  async #greet(socket: WebSocket, hello: Extract<AgentFrame, { type: "hello" }>): Promise<void> {
    this.#probe.heard(hello);
    this.#output.reset();
    this.#connection.welcome(socket, hello.journal, this.#begin(hello.journal, hello.lastAck));
    this.#background("contact was not told", this.#lease.connected());
    await this.#load();
    const { greeted } = this.#connection;
    if (!this.#connection.isCurrent(socket) || greeted === null) return;
    this.#send(this.#work.unsent(greeted.number, hello.working));
    if (this.#loaded) this.#connection.send(this.#strays(hello.working).map((ref) => stopFrame(ref, "the attempt is no longer yours")));
    this.#clock.wind();
  }

  #strays(working: readonly AttemptRef[]): AttemptRef[] {
    return this.#work.strays(working.filter((ref) => !this.#probe.owns(ref)));
  }

  #begin(journal: string, lastAck: number): number {
    const { ack, anew } = this.#intake.begin(journal, lastAck);
    if (anew) this.#work.forgetEnded();
    return ack;
  }

  #hear(reports: readonly Report[], length: number): "taken" | "gap" | "full" {
    this.#probe.heard({ type: "reports", reports });
    this.#snapshots.note(reports, (session) => this.#work.holdsSession(session));
    const ours = ({ body }: Report) => this.#store.knows(projectOf(body.taskId) ?? probeProject);
    const freed = reports.filter((each) => ours(each) && this.#work.heard(each.body)).length;
    const taken = this.#intake.take(reports, length);
    if (freed > 0) this.#slotsFreed();
    return taken;
  }

  async #forward(project: ProjectKey, journal: string, all: readonly Report[]): Promise<void> {
    if (project === probeProject) return this.#probe.committed();
    const reports = await this.#snapshots.deliver(journal, all);
    if (reports.length === 0) return;
    const id = `reports.${this.#agent}.${journal}.${reports[0]?.seq}-${reports.at(-1)?.seq}`;
    await orchestrator(this.env, project).applyAll([{ id, at: now(), type: "reports-received", agent: this.#agent, journal, reports }]);
    this.#work.committed(reports.map(({ body }) => body));
  }

  #notStored(message: string, reason: string, thrown: unknown): void {
    log("warn", message, { agent: this.#agent, reason, error: errorText(thrown) });
    this.#hangUp({ code: 1013, reason: "not stored; connect and send again" });
  }

  #send(what: Outstanding): void {
    if (what.assignments.length + what.commands.length === 0) return;
    const connection = this.#connection.send(framesOf(what, limits.frameBytes));
    if (connection !== null) this.#work.sent(what, connection, now());
    this.#polls.wake();
  }

  /** Asks the orchestrators that may have work here what is outstanding. Callers share one round. */
  #load(): Promise<void> {
    this.#loading ??= this.#pull().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Other rows lie here now; the agent is judged by its contact from now on. */
  #loadAnew(): void {
    this.#store.load();
    this.#loaded = this.#store.active.length === 0;
    this.#clock.wind();
  }

  async #pull(): Promise<void> {
    this.#loaded = await pullOutstanding(this.env, this.#agent, this.#store.active, this.#work, this.#arriving);
  }

  async #askSlots(): Promise<number> {
    const slots = (await pool(this.env).slotsOf(this.#agent)) ?? 1;
    this.#store.setFact("slots", slots);
    return slots;
  }

  #slotsFreed(): void {
    const projects = [...this.#declined];
    this.#declined.clear();
    for (const project of projects) this.#background("free slots were not told", orchestrator(this.env, project).agentsChanged());
  }

  #disconnected(socket: WebSocket): void {
    if (this.#connection.isOpen && !this.#connection.isCurrent(socket)) return;
    this.#background("the end of contact was not told", this.#lease.disconnected(socket));
    this.#clock.wind();
  }

  /** Ends the connection for what the agent said. */
  #refuse(closing: Closing): void {
    this.#probe.closed(closing);
    if (closing.code === closeCodes.unknownVersion) this.#background("a refusal was not told", this.#lease.refused(closing.reason));
    this.#hangUp(closing);
  }

  #hangUp(closing: Closing): void {
    const socket = this.#connection.hangUp(closing);
    if (socket !== undefined) this.#disconnected(socket);
  }

  #background(failure: string, work: Promise<unknown>): void {
    const caught = work.catch((thrown: unknown) => log("warn", failure, { agent: this.#agent, error: errorText(thrown) }));
    this.ctx.waitUntil(caught);
  }
}

countCalls(AgentMailbox.prototype);
