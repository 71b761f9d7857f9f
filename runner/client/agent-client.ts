import type * as z from "zod";
import type { Assignment, Command, MeshFrame, registration, Report, ReportBody } from "../../core/protocol/frames.ts";
import { memoryJournal } from "./agent-journal.ts";
import type { AgentJournal } from "./agent-journal.ts";
import { asked, pollSession, Refused, socketSession } from "./agent-link.ts";
import type { AgentEnd, LinkHost, SessionEnd, SocketLike } from "./agent-link.ts";
import { answerProbe, probeCapability } from "./answer-probe.ts";
import { protocolVersion } from "./protocol.ts";

/** A report of one attempt, without saying again of which. */
export type Saying = ReportBody extends infer Body ? (Body extends ReportBody ? Omit<Body, "taskId" | "attempt"> : never) : never;

/** One attempt at a task, as whoever works on it has it. */
export interface Attempt extends Assignment {
  /** Aborted when the mesh wants the attempt no more, or the agent closes. */
  readonly signal: AbortSignal;
  /** Says something about the attempt beside its end; resolves when the journal has it. */
  report(saying: Saying): Promise<void>;
  /** A sign of work, with one line for people. */
  progress(summary?: string): Promise<void>;
}

/** Thrown by `work` to say what kind of failure it is; any other error is of kind `work`. `until` (epoch ms): when a quota is there again. */
export class TaskFailure extends Error {
  readonly kind: Extract<ReportBody, { type: "task-failed" }>["kind"];
  readonly until: number | undefined;

  constructor(kind: TaskFailure["kind"], message: string, until?: number) {
    super(message);
    this.kind = kind;
    this.until = until;
  }
}

export interface AgentOptions {
  /** The Worker's address. */
  readonly url: string;
  readonly id: string;
  readonly token: string;
  readonly registration: z.input<typeof registration>;
  /** Does the work. What it resolves to (JSON of at most 256 KiB) is the task's result; undefined after it reported an end of its own. */
  readonly work: (attempt: Attempt) => Promise<unknown>;
  /** A command of the mesh to a live attempt, but `stop`, which aborts its signal. Answers whether it was applied. */
  readonly onCommand?: (command: Command, attempt: Attempt) => boolean | Promise<boolean>;
  /** No new work will come: whoever runs the agent may end it when it is idle. */
  readonly onDrain?: () => void;
  /** Connections made and lost, for a log. */
  readonly onState?: (state: "online" | "offline", why: string) => void;
  /** Kept in memory unless another is given. */
  readonly journal?: AgentJournal;
  /** `auto`: by WebSocket, and by plain HTTP for a while where no socket comes up. */
  readonly transport?: "auto" | "socket" | "http";
  readonly heartbeatMs?: number;
  /** First and longest pause between sessions; each failure doubles it, with a random part. */
  readonly backoffMs?: { readonly first: number; readonly most: number };
  /** The platform's own, unless a test or a proxy needs others. */
  readonly fetch?: typeof fetch;
  readonly connect?: (url: string, protocols: string[]) => SocketLike;
}

/** An agent that is in touch with its mesh, or on its way to be. */
export interface Agent {
  readonly online: boolean;
  /** Attempts under way. */
  readonly working: number;
  /** Settles when the agent is at its end, and says why; never rejects. */
  readonly ended: Promise<AgentEnd>;
  /** Declines new work, finishes what there is and delivers every report, then closes; what is not done within `withinMs` is left to the mesh. */
  drain(withinMs?: number): Promise<void>;
  /** Ends at once: signals are aborted, and what is not delivered stays in the journal. */
  close(): void;
}

/** Brings an agent into contact: it registers, takes tasks, reports, and mends its connection by itself until it is closed or refused. */
export function startAgent(options: AgentOptions): Agent {
  return new RunningAgent(options);
}

const remembered = 2_000;
const socketsBeforeHttp = 3;
const httpForMs = 300_000;
const badFramesBeforeEnd = 3;
const endings: ReadonlySet<string> = new Set(["task-done", "task-failed", "task-declined", "stopped", "parked"]);

interface Live {
  readonly attempt: Attempt;
  readonly abort: AbortController;
  stopped?: string;
}

class RunningAgent implements Agent {
  online = false;
  readonly ended: Promise<AgentEnd>;
  readonly #options: AgentOptions;
  readonly #journal: AgentJournal;
  readonly #closing = new AbortController();
  readonly #live = new Map<string, Live>();
  /** Attempts that have ended here, and commands already confirmed: not to be taken up again. */
  readonly #over = new Set<string>();
  #end: (end: AgentEnd) => void = () => {};
  #id = "";
  #ack = 0;
  #next = 1;
  #reports: Report[] = [];
  #writing: Promise<void> = Promise.resolve();
  #leaving = false;
  #flush: () => void = () => {};
  readonly #onChange = new Set<() => void>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#journal = options.journal ?? memoryJournal();
    this.ended = new Promise((resolve) => (this.#end = resolve));
    void this.#run();
  }

  get working(): number {
    return this.#live.size;
  }

  async drain(withinMs = 60_000): Promise<void> {
    this.#leaving = true;
    const idle = () => this.#live.size === 0 && this.#reports.length === 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      const look = () => {
        if (!idle() && !this.#closing.signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
      this.#onChange.add(look);
      look();
    });
    this.close();
  }

  close(): void {
    this.#finish({ reason: "closed", message: "the agent was closed" });
  }

  async #run(): Promise<void> {
    try {
      const { id, lastAck, reports } = await this.#journal.open();
      [this.#id, this.#ack, this.#reports] = [id, lastAck, [...reports]];
      this.#next = (reports.at(-1)?.seq ?? lastAck) + 1;
      for (const { body } of reports) if (endings.has(body.type)) this.#remember(keyOf(body));
    } catch (thrown) {
      return this.#finish({ reason: "journal", message: `the journal cannot be opened: ${textOf(thrown)}` });
    }
    let [failures, socketFailures, badFrames] = [0, 0, 0];
    while (!this.#closing.signal.aborted) {
      const { transport = "auto" } = this.#options;
      const byHttp = transport === "http" || (transport === "auto" && socketFailures >= socketsBeforeHttp);
      const before = this.#ack;
      const session = await this.#session(byHttp);
      [this.online, this.#flush] = [false, () => {}];
      if (session.end) return this.#finish(session.end);
      if (this.#closing.signal.aborted) return;
      this.#options.onState?.("offline", session.why);
      socketFailures = byHttp || session.worked ? 0 : socketFailures + 1;
      badFrames = session.badFrame && this.#ack === before ? badFrames + 1 : 0;
      if (badFrames >= badFramesBeforeEnd) return this.#finish({ reason: "rejected", message: `the mesh refuses a frame: ${session.why}` });
      failures = session.worked ? 0 : failures + 1;
      await this.#pause(failures);
    }
  }

  /** Registers, then stays in touch until the connection ends. */
  async #session(byHttp: boolean): Promise<SessionEnd> {
    const host = this.#host();
    try {
      await asked(host, host.closing, "POST", "register", withProbe(this.#options.registration));
      return byHttp
        ? await pollSession(host, this.#options.transport === "http" ? Number.POSITIVE_INFINITY : httpForMs)
        : await socketSession(host);
    } catch (thrown) {
      return { worked: false, why: textOf(thrown), ...(thrown instanceof Refused ? { end: thrown.end } : {}) };
    }
  }

  #host(): LinkHost {
    const { url, id, token, heartbeatMs = 30_000, fetch: given = fetch, connect = platformSocket } = this.#options;
    const ack = () => this.#ack;
    return {
      ...{ url, id, token, heartbeatMs, fetch: given, connect, journal: this.#id, closing: this.#closing.signal },
      get lastAck() {
        return ack();
      },
      hello: () => ({
        type: "hello",
        version: protocolVersion,
        journal: this.#id,
        lastAck: this.#ack,
        working: [...this.#live.values()].map(({ attempt: { taskId, attempt } }) => ({ taskId, attempt })),
      }),
      unacknowledged: () => this.#reports,
      hear: (frame) => this.#hear(frame),
      acknowledged: (seq) => this.#acknowledged(seq),
      online: (flush) => {
        [this.online, this.#flush] = [true, flush];
        this.#options.onState?.("online", "connected");
      },
    };
  }

  #hear(frame: MeshFrame): void {
    if (frame.type === "assign") for (const assignment of frame.assignments) this.#assigned(assignment);
    if (frame.type === "command") void this.#commanded(frame.command);
    if (frame.type === "drain") this.#options.onDrain?.();
  }

  #assigned(assignment: Assignment): void {
    const key = keyOf(assignment);
    if (this.#live.has(key) || this.#over.has(key) || this.#closing.signal.aborted) return;
    const { taskId, attempt } = assignment;
    const decline = (reason: string) => void this.#report({ type: "task-declined", taskId, attempt, reason });
    if (this.#leaving) return decline("the agent is about to end");
    if (!this.#hasRoom(assignment)) return decline("no free slot");
    const abort = new AbortController();
    const report = async (saying: Saying) => {
      if (this.#live.has(key)) await this.#report({ ...saying, taskId, attempt } as ReportBody);
    };
    const progress = (summary?: string) =>
      report({ type: "progress", ...(summary === undefined ? {} : { summary: summary.slice(0, 500) }) });
    const live: Live = { abort, attempt: { ...assignment, signal: abort.signal, report, progress } };
    this.#live.set(key, live);
    void this.#report({ type: "task-accepted", taskId, attempt });
    void this.#work(live);
  }

  #hasRoom({ capability, ownSlots }: Assignment): boolean {
    const lanes = this.#options.registration.capabilities.filter(({ slots }) => slots !== undefined).map(({ name }) => name);
    const own = (name: string) => name === probeCapability || lanes.includes(name);
    const limit = ownSlots ?? (capability === probeCapability ? 1 : (this.#options.registration.slots ?? 1));
    const beside = [...this.#live.values()].filter(({ attempt }) =>
      own(capability) ? attempt.capability === capability : !own(attempt.capability),
    );
    return beside.length < limit;
  }

  async #work(live: Live): Promise<void> {
    const { attempt } = live;
    const { taskId, attempt: number } = attempt;
    let body: ReportBody;
    try {
      const result = await (attempt.capability === probeCapability ? answerProbe(attempt) : this.#options.work(attempt));
      body = { type: "task-done", taskId, attempt: number, ...(result === undefined ? {} : { result: result as never }) };
    } catch (thrown) {
      const { kind, until } = thrown instanceof TaskFailure ? thrown : { kind: "work" as const, until: undefined };
      const message = textOf(thrown).slice(0, 4_000);
      body = { type: "task-failed", taskId, attempt: number, kind, message, ...(until === undefined ? {} : { until }) };
    }
    // An agent that is closed in the middle says nothing: the mesh gives the attempt out again.
    if (this.#closing.signal.aborted || !this.#live.has(keyOf(attempt))) return;
    if (live.stopped !== undefined && body.type === "task-failed") {
      body = { type: "stopped", taskId, attempt: number, reason: live.stopped.slice(0, 1_000) };
    }
    await this.#report(body);
  }

  async #commanded(command: Command): Promise<void> {
    const { commandId, taskId, attempt, body } = command;
    if (this.#over.has(`command ${commandId}`)) return;
    this.#remember(`command ${commandId}`);
    const live = this.#live.get(keyOf(command));
    let applied = live !== undefined;
    if (live !== undefined && body.type !== "stop") applied = (await this.#options.onCommand?.(command, live.attempt)) ?? false;
    await this.#report({ type: "command-received", commandId, taskId, attempt, applied });
    if (live === undefined || body.type !== "stop") return;
    live.stopped = body.reason;
    if (body.mode === "now") live.abort.abort(new Error(body.reason));
  }

  /** Resolves when the journal has it; sends it when there is a connection. */
  #report(body: ReportBody): Promise<void> {
    const report: Report = { seq: this.#next++, at: Date.now(), body };
    if (endings.has(body.type)) {
      this.#live.delete(keyOf(body));
      this.#remember(keyOf(body));
    }
    const kept = async () => {
      await this.#journal.append(report);
      this.#reports.push(report);
      this.#flush();
      this.#changed();
    };
    this.#writing = this.#writing
      .then(kept)
      .catch((thrown: unknown) => this.#finish({ reason: "journal", message: `the journal cannot be written: ${textOf(thrown)}` }));
    return this.#writing;
  }

  #acknowledged(seq: number): void {
    if (seq <= this.#ack) return;
    this.#ack = seq;
    this.#reports = this.#reports.filter((report) => report.seq > seq);
    // What is not noted is sent once more after a restart, which the mesh knows.
    this.#writing = this.#writing.then(() => this.#journal.acknowledged(seq)).catch(() => {});
    this.#changed();
  }

  #remember(key: string): void {
    this.#over.add(key);
    const [oldest] = this.#over;
    if (this.#over.size > remembered && oldest !== undefined) this.#over.delete(oldest);
  }

  #changed(): void {
    for (const look of this.#onChange) look();
  }

  #pause(failures: number): Promise<void> {
    const { first, most } = this.#options.backoffMs ?? { first: 1_000, most: 30_000 };
    const pauseMs = Math.min(most, first * 2 ** Math.min(Math.max(0, failures - 1), 20)) * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, pauseMs);
      this.#closing.signal.addEventListener("abort", done, { once: true });
    });
  }

  #finish(end: AgentEnd): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const { abort } of this.#live.values()) abort.abort(new Error(end.message));
    this.#changed();
    this.#end(end);
  }
}

/** Every agent of this client can be tested with `mesh agents test`, beside its work. */
function withProbe(said: AgentOptions["registration"]): AgentOptions["registration"] {
  if (said.capabilities.some(({ name }) => name === probeCapability)) return said;
  return { ...said, capabilities: [...said.capabilities, { name: probeCapability, weight: 1, slots: 1 }] };
}

function platformSocket(url: string, protocols: string[]): SocketLike {
  return new WebSocket(url, protocols) as unknown as SocketLike;
}

function keyOf({ taskId, attempt }: { readonly taskId: string; readonly attempt: number }): string {
  return `${taskId}:${attempt}`;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
