import type { AgentId } from "../../core/ids.ts";
import { limits, meshFrame, protocolVersion, sessionAssignment } from "../../core/protocol/frames.ts";
import type { Assignment, Command, MeshFrame, QuestionItem, Report, ReportBody, SessionAssignment } from "../../core/protocol/frames.ts";
import { utf8Length, withoutBytes } from "../../core/sessions/utf8.ts";
import type { SessionStep } from "../../core/task/state.ts";
import { now } from "../../platform/clock.ts";
import type { Said } from "./simulated-runner.ts";

/** One attempt as its script sees it. What is said after the mesh has stopped the attempt is not said. */
export interface Work {
  readonly taskId: string;
  readonly attempt: number;
  readonly assignment: Assignment;
  readonly session: SessionAssignment;
  /** What the mesh has said to the session since, newest last. */
  readonly prompts: readonly string[];
  say(body: Said): number;
  /** Asks and resolves with the answers. */
  ask(askId: string, ...questions: readonly (Pick<QuestionItem, "text"> & Partial<QuestionItem>)[]): Promise<readonly string[]>;
  /** Resolves when everything said so far is acknowledged. */
  acknowledged(): Promise<void>;
}

/** What the agent does for a step; the attempt is done when it returns, unless it said an end by itself. */
export type StepScript = (work: Work) => void | Promise<void>;

interface Doing {
  readonly work: Work;
  readonly prompts: string[];
  readonly answers: Map<string, (answers: readonly string[]) => void>;
  over: boolean;
  stopAfterStep: boolean;
}

type Connect = (agent: AgentId) => Promise<WebSocket>;

/** An agent whose heartbeat is not answered so long takes its connection for lost. */
const answerWithinMs = 1_000;

const ends: ReadonlySet<ReportBody["type"]> = new Set(["task-done", "task-failed", "task-declined", "parked", "stopped"]);

/**
 * An agent on the mesh's real socket that does what its scripts say. As a runner does, it keeps its reports in a journal until they are
 * acknowledged, sends them again after a reconnect, does no attempt twice and confirms every command.
 */
export class ScriptedRunner {
  readonly agent: AgentId;
  /** By step; a script may be replaced at any time. */
  readonly scripts: Record<SessionStep, StepScript>;
  /** Attempts it was given, in the order they came. */
  readonly given: Assignment[] = [];
  readonly commands: Command[] = [];
  /** How the mesh closed its connections. */
  readonly closings: { readonly code: number; readonly reason: string }[] = [];
  /** What sessions have written, and how many bytes of it the mesh has acknowledged. */
  readonly streams = new Map<string, { text: string; acknowledged: number }>();
  /** Its sessions do no more, and say nothing when they are nudged; the runner itself is there. */
  hangs = false;
  /** Sessions whose output the mesh has refused. */
  readonly refusedOutput: string[] = [];
  readonly #connect: Connect;
  readonly #doing = new Map<string, Doing>();
  readonly #handled = new Set<string>();
  #journal = "journal-0";
  #journals = 0;
  #unacknowledged: Report[] = [];
  #seq = 0;
  #ack = 0;
  #socket: WebSocket | null = null;
  #answered = false;
  readonly #wake = new Set<() => void>();

  constructor(agent: AgentId, scripts: Record<SessionStep, StepScript>, connect: Connect) {
    this.agent = agent;
    this.scripts = scripts;
    this.#connect = connect;
    this.#journal = `journal-of-${agent}`.replaceAll(".", "-");
  }

  get isOnline(): boolean {
    return this.#socket !== null;
  }

  get acknowledged(): number {
    return this.#ack;
  }

  /** Reports said and not acknowledged. */
  get unacknowledged(): readonly Report[] {
    return this.#unacknowledged;
  }

  /** Opens a socket, says hello and sends what is not acknowledged; resolves when it is welcomed. */
  async connect(): Promise<void> {
    const socket = await this.#connect(this.agent);
    this.#socket = socket;
    socket.addEventListener("close", ({ code, reason }) => {
      this.closings.push({ code, reason });
      if (this.#socket === socket) this.#socket = null;
      this.#woken();
    });
    const welcomed = new Promise<void>((resolve, reject) => {
      socket.addEventListener("close", ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
      socket.addEventListener("message", ({ data }) => {
        if (this.#socket !== socket) return;
        const frame = meshFrame.parse(JSON.parse(String(data)));
        this.#hear(frame);
        if (frame.type === "welcome") resolve();
      });
    });
    socket.accept();
    const working = [...this.#doing.values()].filter(({ over }) => !over).map(({ work: { taskId, attempt } }) => ({ taskId, attempt }));
    this.#send({ type: "hello", version: protocolVersion, journal: this.#journal, lastAck: this.#ack, working });
    await welcomed;
  }

  /** The network is gone: nothing arrives on either side, and neither is told. */
  cut(): void {
    this.#socket = null;
    this.#woken();
  }

  /** The machine is gone with all that ran on it; what comes back is a fresh journal. */
  die(): void {
    this.cut();
    for (const doing of this.#doing.values()) doing.over = true;
    this.#journals += 1;
    this.#journal = `journal-${this.#journals}-of-${this.agent}`.replaceAll(".", "-");
    [this.#unacknowledged, this.#seq, this.#ack] = [[], 0, 0];
  }

  /**
   * A sign of life that the mailbox itself hears; the platform's own answer to heartbeats knows no shifted clock. Resolves when it was
   * answered, or the connection is gone; one that does not answer counts as gone.
   */
  async heartbeat(): Promise<void> {
    const socket = this.#socket;
    this.#answered = false;
    this.#send({ type: "heartbeat" });
    const patience = setTimeout(() => {
      if (this.#socket === socket) this.cut();
    }, answerWithinMs);
    while (socket !== null && this.#socket === socket && !this.#answered) await this.#something();
    clearTimeout(patience);
  }

  /** Sends a text as it is. */
  sendRaw(text: string | ArrayBuffer): void {
    this.#socket?.send(text);
  }

  /** Writes to a session's terminal; kept and sent again until it is acknowledged. */
  write(sessionId: string, text: string): void {
    const stream = this.streams.get(sessionId) ?? { text: "", acknowledged: 0 };
    this.streams.set(sessionId, stream);
    const offset = utf8Length(stream.text);
    stream.text += text;
    this.#send({ type: "output", sessionId, offset, data: text });
  }

  /** Resolves when the mesh has everything that was written. */
  async written(sessionId: string): Promise<void> {
    const stream = this.streams.get(sessionId);
    while (stream !== undefined && stream.acknowledged < utf8Length(stream.text)) await this.#something();
  }

  /** Reports as if for any attempt, its own or not. */
  say(body: ReportBody): number {
    this.#seq += 1;
    const report: Report = { seq: this.#seq, at: now(), body };
    this.#unacknowledged.push(report);
    this.#send({ type: "reports", reports: [report] });
    return report.seq;
  }

  /** Resolves when everything up to this number is acknowledged. */
  async heard(seq: number): Promise<void> {
    while (this.#ack < seq) await this.#something();
  }

  /** Resolves when everything said so far is acknowledged. */
  settled(): Promise<void> {
    return this.heard(this.#seq);
  }

  /** Resolves when the mesh has closed the connection. */
  async hungUp(): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      const last = this.closings.at(-1);
      if (this.#socket === null && last) return last;
      await this.#something();
    }
  }

  #something(): Promise<void> {
    return new Promise((resolve) => this.#wake.add(resolve));
  }

  #hear(frame: MeshFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#acknowledge(frame.ack);
        for (let from = 0; from < this.#unacknowledged.length; from += limits.reportsPerFrame)
          this.#send({ type: "reports", reports: this.#unacknowledged.slice(from, from + limits.reportsPerFrame) });
        for (const [sessionId, { acknowledged }] of this.streams) this.#writeFrom(sessionId, acknowledged);
        return;
      case "output-ack": {
        const stream = this.streams.get(frame.sessionId);
        if (stream !== undefined) stream.acknowledged = frame.offset;
        if (frame.again === true) this.#writeFrom(frame.sessionId, frame.offset);
        return this.#woken();
      }
      case "output-refused":
        this.refusedOutput.push(frame.sessionId);
        return this.#woken();
      case "ack":
        return this.#acknowledge(frame.seq);
      case "heartbeat-ack":
        this.#answered = true;
        return this.#woken();
      case "assign":
        for (const assignment of frame.assignments) this.#take(assignment);
        return;
      case "command":
        return this.#obey(frame.command);
      default:
    }
  }

  #writeFrom(sessionId: string, offset: number): void {
    const data = withoutBytes(this.streams.get(sessionId)?.text ?? "", offset) ?? "";
    if (data !== "") this.#send({ type: "output", sessionId, offset, data });
  }

  #acknowledge(seq: number): void {
    this.#ack = Math.max(this.#ack, seq);
    this.#unacknowledged = this.#unacknowledged.filter((report) => report.seq > this.#ack);
    this.#woken();
  }

  #woken(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const wake of waiting) wake();
  }

  #take(assignment: Assignment): void {
    const { taskId, attempt } = assignment;
    const key = `${taskId}/${attempt}`;
    if (this.#doing.has(key)) return;
    this.given.push(assignment);
    const session = sessionAssignment.parse(assignment.payload);
    const prompts: string[] = [];
    const answers: Doing["answers"] = new Map();
    const work: Work = {
      taskId,
      attempt,
      assignment,
      session,
      prompts,
      say: (body) => {
        if (doing.over) return this.#seq;
        if (ends.has(body.type)) doing.over = true;
        return this.say({ ...body, taskId, attempt } as ReportBody);
      },
      ask: (askId, ...questions) => {
        const answered = new Promise<readonly string[]>((resolve) => answers.set(askId, resolve));
        work.say({ type: "ask", askId, questions: questions.map((item) => ({ options: [], multiple: false, ...item })), context: "" });
        return answered;
      },
      acknowledged: () => this.heard(this.#seq),
    };
    const doing: Doing = { work, prompts, answers, over: false, stopAfterStep: false };
    this.#doing.set(key, doing);
    void this.#do(doing);
  }

  async #do(doing: Doing): Promise<void> {
    const { work } = doing;
    work.say({ type: "task-accepted" });
    if (work.session.step !== "test") {
      const { conversationId, sessionId } = work.session;
      work.say({ type: "session-started", sessionId, conversationId: conversationId ?? `conversation-${this.agent}-${work.taskId}` });
    }
    await this.scripts[work.session.step](work);
    work.say(doing.stopAfterStep ? { type: "stopped", reason: "told to" } : { type: "task-done" });
  }

  #obey(command: Command): void {
    const { commandId, taskId, attempt, body } = command;
    const doing = this.#doing.get(`${taskId}/${attempt}`);
    const applied = doing !== undefined && !doing.over;
    const isNew = !this.#handled.has(commandId);
    this.#handled.add(commandId);
    if (isNew) this.commands.push(command);
    this.say({ type: "command-received", taskId, attempt, commandId, applied });
    if (!applied || !isNew) return;
    switch (body.type) {
      case "answer":
        return doing.answers.get(body.askId)?.(body.answers);
      case "prompt":
        return void doing.prompts.push(body.text);
      case "nudge":
        return void (this.hangs || doing.work.say({ type: "progress", summary: "still here" }));
      case "park":
        return void doing.work.say({ type: "parked", questionId: body.questionId });
      case "stop":
        if (body.mode === "now") doing.over = true;
        else doing.stopAfterStep = true;
    }
  }

  #send(frame: unknown): void {
    // Spaced, so that a heartbeat is not the platform's to answer.
    this.#socket?.send(JSON.stringify(frame, null, 1));
  }
}
