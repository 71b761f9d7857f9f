import { setTimeout as pause } from "node:timers/promises";
import * as acp from "@agentclientprotocol/sdk";
import * as z from "zod";
import type { QuestionItem } from "../../core/protocol/frames.ts";
import { AcpLedger, AcpUse } from "./acp-ledger.ts";
import { connectAcp } from "./acp-connection.ts";
import { acpToolUse, choose, failureOfAnswer, parseForm, planOf } from "./acp-messages.ts";
import { loginWords } from "./acp-login.ts";
import { greet, openSession } from "./acp-session.ts";
import { AcpShown } from "./acp-shown.ts";
import { startAgentProcess, type AgentProcess } from "./agent-process.ts";
import { AsyncQueue } from "./async-queue.ts";
import type { AgentDriver, AgentEvent, Conversation, ConversationOptions } from "./driver.ts";
import { readFileAs, writeFileAs } from "./place-files.ts";

const keptText = 200_000;
const planOnlyNote =
  "This is a read-only planning step. Explore as you need, change nothing (whatever you write is thrown away), " +
  "ask where a decision is not yours, and end with the complete plan in Markdown as your final message.\n\n";
const workNote =
  "You work without a person in front of you; your questions reach the people in charge. Commit your work with git on the current branch as " +
  "you go: only commits count. You cannot push; that is done for you. The newest base branch is the local branch `base`.\n\n";

const lostNote = "(The earlier conversation could not be taken up again; look at the branch for what was done.)\n\n";

export interface AcpOptions {
  /** What is given to `sh -c`. */
  readonly command: string;
  /** How long the agent may take to begin; 60 s. */
  readonly patienceMs?: number;
}

/**
 * Any agent of the Agent Client Protocol, version 1: https://agentclientprotocol.com/protocol/v1/overview. What it asks permission for, and the
 * files it lets us read and write, go through the policy on tools; what it does without asking is kept in by the wall alone.
 */
export function createAcpDriver(options: AcpOptions): AgentDriver {
  return {
    name: "acp",
    start: (given) => new AcpConversation(options, given),
    has: (place, conversationId) => new AcpLedger(place).of(conversationId)?.resumable === true,
  };
}

class AcpConversation implements Conversation {
  readonly #events = new AsyncQueue<AgentEvent>();
  readonly events: AsyncIterable<AgentEvent> = this.#events;
  readonly #options: ConversationOptions;
  readonly #patienceMs: number;
  readonly #process: AgentProcess;
  readonly #connection: acp.ClientConnection;
  readonly #use: AcpUse;
  readonly #said: string[] = [];
  readonly #asks = new Map<string, (answers: readonly string[] | null) => void>();
  readonly #asked = new Map<string, Promise<readonly string[] | null>>();
  readonly #calls = new Map<string, Partial<acp.ToolCallUpdate>>();
  readonly #running = new Set<string>();
  readonly #shown = new AcpShown((event) => this.#events.push(event));
  readonly #cut = new AbortController();
  #sessionId: string | undefined;
  /** Updates of a conversation's past are no work. */
  #replaying = true;
  #stopping: "after-step" | "now" | undefined;
  #over = false;
  #text = "";
  /** How it says one logs in. */
  #logins = "";
  #plan: string | undefined;
  #activeAt = 0;

  constructor({ command, patienceMs = 60_000 }: AcpOptions, options: ConversationOptions) {
    this.#options = options;
    this.#patienceMs = patienceMs;
    this.#use = new AcpUse(options.place, options.resume);
    this.#process = startAgentProcess("sh", ["-c", `exec ${command}`], options);
    this.#connection = connectAcp(this.#process, {
      update: (notification) => this.#hear(notification),
      permission: (request) => this.#permission(request),
      elicitation: (request) => this.#elicitation(request),
      readFile: ({ sessionId, path, line, limit }) => this.#onFile(sessionId, path, "read", () => readFileAs(options, path, line, limit)),
      writeFile: ({ sessionId, path, content }) => this.#onFile(sessionId, path, "write", () => writeFileAs(options, path, content)),
      garbage: (why) => this.#cut.abort(new Error(why)),
    });
    void this.#run();
  }

  get busy(): boolean {
    return this.#running.size > 0 || this.#calls.size === 0;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  answer(askId: string, answers: readonly string[]): boolean {
    const take = this.#asks.get(askId);
    if (take === undefined || this.#stopping !== undefined) return false;
    take(answers);
    return true;
  }

  say(text: string): boolean {
    if (this.#stopping !== undefined || this.#over) return false;
    this.#said.push(text);
    return true;
  }

  stop(mode: "after-step" | "now"): void {
    if (this.#stopping === "now") return;
    this.#stopping = mode;
    if (mode === "now" || this.#asks.size > 0 || this.#running.size === 0) this.#interrupt();
  }

  /** Asks the agent to end its turn; whoever does not soon is cut off. */
  #interrupt(): void {
    this.#stopping = "now";
    for (const take of this.#asks.values()) take(null);
    if (this.#sessionId !== undefined) {
      void this.#connection.agent.notify(acp.methods.agent.session.cancel, { sessionId: this.#sessionId }).catch(() => undefined);
    }
    void pause(this.#sessionId === undefined ? 0 : 1_500, undefined, { ref: false }).then(() =>
      this.#cut.abort(new Error("it was told to stop")),
    );
  }

  async #run(): Promise<void> {
    let end: AgentEvent;
    try {
      end = await this.#unlessOver(this.#converse());
    } catch (error) {
      // A pipe that closes tells less than the exit that goes with it.
      const exit = this.#connection.signal.aborted
        ? await Promise.race([this.#process.exited, pause(2_000, undefined, { ref: false })])
        : undefined;
      end = this.#failure(exit === undefined ? error : endedBy(exit));
    }
    this.#over = true;
    for (const take of this.#asks.values()) take(null);
    this.#connection.close();
    this.#process.stdin.end();
    await this.#process.end(this.#stopping === undefined ? 2_000 : 500);
    this.#events.push(this.#stopping !== undefined && end.type === "failed" ? { type: "stopped", because: "asked-to" } : end);
    this.#events.end();
  }

  async #converse(): Promise<AgentEvent> {
    const { prompt, planOnly, place, resume } = this.#options;
    const { agent } = this.#connection;
    const greeted = await greet(agent, this.#patienceMs);
    this.#logins = loginWords(greeted.authMethods ?? []);
    const session = await openSession(agent, { folder: place.tree, resume, patienceMs: this.#patienceMs, greeted });
    this.#sessionId = session.id;
    this.#use.begin(session);
    this.#replaying = false;
    this.#events.push({ type: "conversation-started", conversationId: session.id });
    // The first line stays what the mesh wrote.
    const [first = "", ...rest] = prompt.split("\n");
    const lost = resume === undefined || session.resumed ? "" : lostNote;
    this.#said.unshift([first, "", `${planOnly ? planOnlyNote : workNote}${lost}${rest.join("\n")}`].join("\n"));
    while (true) {
      const text = this.#said.shift();
      if (text === undefined) return { type: "finished", text: this.#plan ?? this.#text.trim() };
      const end = await this.#turn(session.id, text);
      if (end !== undefined) return end;
    }
  }

  /** One turn; the event that ends the conversation, when it does. */
  async #turn(sessionId: string, text: string): Promise<AgentEvent | undefined> {
    this.#text = "";
    this.#asked.clear();
    const response = await this.#connection.agent.request(acp.methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "text", text }],
    });
    this.#running.clear();
    this.#shown.flush();
    if (this.#use.turn(response)) this.#tellUse();
    if (this.#stopping !== undefined) return { type: "stopped", because: "asked-to" };
    switch (response.stopReason) {
      case "end_turn":
        return undefined;
      case "refusal":
        return { type: "failed", kind: "refused", message: `the agent refused: ${this.#text.trim()}`.slice(0, 4_000) };
      case "cancelled":
        return this.#plan === undefined
          ? { type: "failed", kind: "infrastructure", message: "the agent ended its turn as cancelled, and nobody had asked for that" }
          : { type: "finished", text: this.#plan };
      default:
        return {
          type: "failed",
          kind: "work",
          message: `the agent ended with ${response.stopReason}: ${this.#text.trim()}`.slice(0, 4_000),
        };
    }
  }

  #hear({ sessionId, update }: acp.SessionNotification): void {
    if (sessionId !== this.#sessionId && this.#sessionId !== undefined) return; // of another conversation
    if (update.sessionUpdate === "usage_update") {
      if (this.#use.cost(update.cost)) this.#tellUse();
      return;
    }
    if (this.#replaying || this.#over) return;
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        if (update.content.type === "text") {
          this.#text = (this.#text + update.content.text).slice(-keptText);
          this.#shown.said(update.content.text);
        }
        return this.#active();
      case "tool_call":
        this.#text = "";
        return this.#called(update);
      case "tool_call_update":
        return this.#called(update);
      case "plan":
        return this.#active(update.entries.find(({ status }) => status === "in_progress")?.content);
      default:
        return this.#active();
    }
  }

  #called(update: Partial<acp.ToolCallUpdate> & { toolCallId: string }): void {
    const { toolCallId: id } = update;
    const known = Object.fromEntries(Object.entries(update).filter(([, value]) => value !== null && value !== undefined));
    if (this.#calls.size > 2_000) this.#calls.clear();
    const call = { ...this.#calls.get(id), ...known };
    this.#calls.set(id, call);
    this.#shown.called({ ...call, toolCallId: id });
    const ended = call.status === "completed" || call.status === "failed";
    if (ended) this.#running.delete(id);
    else this.#running.add(id);
    this.#active(`${call.kind ?? "tool"}: ${call.title ?? ""}`.slice(0, 200));
    if (ended && this.#stopping === "after-step" && this.#running.size === 0) this.#interrupt();
  }

  /** A flood of updates is one sign of work. */
  #active(summary?: string): void {
    const now = Date.now();
    if (now - this.#activeAt < 100) return;
    this.#activeAt = now;
    this.#events.push(summary === undefined ? { type: "active" } : { type: "active", summary });
  }

  async #permission(request: acp.RequestPermissionRequest): Promise<acp.RequestPermissionResponse> {
    if (request.sessionId !== this.#sessionId) throw acp.RequestError.sessionNotFound(request.sessionId);
    if (this.#stopping !== undefined || this.#over) return { outcome: { outcome: "cancelled" } };
    this.#called({ ...request.toolCall, status: "pending" });
    const call = this.#calls.get(request.toolCall.toolCallId) ?? request.toolCall;
    if (call.kind === "switch_mode") {
      // Nobody approves plans here, and the mode stays what it was set to.
      if (this.#options.planOnly) this.#plan = planOf(call) ?? this.#plan;
      return choose(request, false);
    }
    const allowed =
      !(this.#options.planOnly && /^(?:edit|delete|move)$/.test(call.kind ?? "")) && (await this.#options.permit(acpToolUse(call))).allowed;
    if (this.#isOver()) {
      this.#interrupt();
      return { outcome: { outcome: "cancelled" } };
    }
    return choose(request, allowed);
  }

  async #elicitation(request: unknown): Promise<acp.CreateElicitationResponse> {
    const form = parseForm(request);
    const { sessionId, toolCallId } = z.object({ sessionId: z.string(), toolCallId: z.string() }).partial().safeParse(request).data ?? {};
    if (form === undefined || (sessionId !== undefined && sessionId !== this.#sessionId) || this.#isOver()) return { action: "cancel" };
    const askId = `${toolCallId ?? "ask"}:${form.questions.map(({ text }) => text).join("\n")}`.slice(0, 200);
    const answers = await (this.#asked.get(askId) ?? this.#put(askId, form.questions));
    return answers === null ? { action: "cancel" } : form.respond(answers);
  }

  /** The same question asked twice in a turn is one question, with one answer. */
  #put(askId: string, questions: readonly QuestionItem[]): Promise<readonly string[] | null> {
    const answered = new Promise<readonly string[] | null>((resolve) => {
      this.#asks.set(askId, (answers) => {
        this.#asks.delete(askId);
        resolve(answers);
      });
    });
    this.#asked.set(askId, answered);
    this.#shown.flush();
    this.#events.push({ type: "asked", askId, questions, context: this.#text.slice(-8_000) });
    return answered;
  }

  async #onFile<T>(sessionId: string, path: string, kind: "read" | "write", act: () => Promise<T>): Promise<T> {
    if (sessionId !== this.#sessionId) throw acp.RequestError.sessionNotFound(sessionId);
    const permission = await this.#options.permit({ tool: `fs/${kind}_text_file`, kind, paths: [path] });
    if (!permission.allowed) throw new acp.RequestError(-32_603, permission.because);
    return act();
  }

  #tellUse(): void {
    this.#events.push({ type: "used", ...this.#use.total });
  }

  #isOver(): boolean {
    return this.#stopping !== undefined || this.#over;
  }

  async #unlessOver<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    const ended = this.#process.exited.then((exit) => {
      throw endedBy(exit);
    });
    ended.catch(() => undefined);
    const cut = new Promise<never>((_, reject) => {
      this.#cut.signal.addEventListener("abort", () => reject(this.#cut.signal.reason as Error), { once: true });
    });
    return Promise.race([work, ended, cut]);
  }

  #failure(error: unknown): AgentEvent {
    const { stderr } = this.#process;
    if (!(error instanceof ProcessEnded)) {
      const failure = failureOfAnswer(error, Date.now());
      const ways = failure.kind === "authentication" && this.#logins !== "" ? `. Its ways to log in: ${this.#logins}` : "";
      return { type: "failed", ...failure, message: `${failure.message}${ways}${stderr === "" ? "" : ` (${stderr})`}`.slice(0, 4_000) };
    }
    const message = `the agent's process ended: ${error.message}${stderr === "" ? "" : ` (${stderr})`}`;
    if (error.code === 126 || error.code === 127) return { type: "failed", kind: "configuration", message: message.slice(0, 4_000) };
    return { type: "failed", ...failureOfAnswer(new Error(message), Date.now()) };
  }
}

function endedBy({ code, signal, problem }: Awaited<AgentProcess["exited"]>): ProcessEnded {
  return new ProcessEnded(problem ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`), code);
}

class ProcessEnded extends Error {
  readonly code: number | null;

  constructor(message: string, code: number | null) {
    super(message);
    this.code = code;
  }
}
