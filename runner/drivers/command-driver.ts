import { randomUUID } from "node:crypto";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as pause } from "node:timers/promises";
import type { FailureKind } from "../../core/task/state.ts";
import { startAgentProcess, type AgentProcess } from "./agent-process.ts";
import { untilInWords } from "./agent-failures.ts";
import { AsyncQueue } from "./async-queue.ts";
import type { AgentDriver, AgentEvent, Conversation, ConversationOptions } from "./driver.ts";

const keptBytes = 200_000;
const longestLine = 8_000;
const graceMs = 10_000;

/** What an exit code tells, after sysexits(3); all others are a failure of the work. */
const kinds: Readonly<Record<number, FailureKind>> = {
  65: "refused",
  69: "infrastructure",
  71: "infrastructure",
  75: "quota",
  77: "authentication",
  78: "configuration",
  126: "configuration",
  127: "configuration",
};

/**
 * A plain program: the prompt on its standard input, its last word (or the plan) on its standard output, what came of it as its exit code. It asks
 * nothing, uses no tools that we would hear of, cannot be told anything while it runs, and begins each step anew.
 */
export function createCommandDriver(command: string): AgentDriver {
  return { name: "command", start: (options) => new CommandConversation(command, options), has: () => false };
}

class CommandConversation implements Conversation {
  readonly #events = new AsyncQueue<AgentEvent>();
  readonly events: AsyncIterable<AgentEvent> = this.#events;
  /** It is a command itself, and its agent as well. */
  readonly pid = undefined;
  readonly #process: AgentProcess;
  #stopping = false;
  #running = true;
  #output = Buffer.alloc(0);
  readonly #decoder = new StringDecoder("utf8");
  #line = "";
  #activeAt = 0;

  constructor(command: string, options: ConversationOptions) {
    const environment = { ...options.environment, MESH_PLAN_ONLY: options.planOnly ? "1" : "", MESH_BUDGET_USD: String(options.budgetUsd) };
    this.#process = startAgentProcess("sh", ["-c", command], { ...options, environment });
    this.#process.stdout.on("data", (data: Buffer) => this.#hear(data));
    this.#process.stdin.end(options.prompt);
    this.#events.push({ type: "conversation-started", conversationId: randomUUID() });
    void this.#run();
  }

  /** All of it is one running command. */
  get busy(): boolean {
    return this.#running;
  }

  answer(): boolean {
    return false;
  }

  say(): boolean {
    return false;
  }

  stop(mode: "after-step" | "now"): void {
    this.#stopping = true;
    if (mode === "now") return this.#process.signal("SIGKILL");
    this.#process.signal("SIGTERM");
    setTimeout(() => this.#process.signal("SIGKILL"), graceMs).unref();
  }

  #hear(data: Buffer): void {
    this.#output = Buffer.concat([this.#output, data]).subarray(-keptBytes);
    this.#show(this.#decoder.write(data));
    if (Date.now() - this.#activeAt < 1_000) return;
    this.#activeAt = Date.now();
    this.#events.push({ type: "active" });
  }

  /** Whole lines, for those who watch; a line without end is cut. */
  #show(piece: string): void {
    const text = this.#line + piece;
    const end = text.length > longestLine ? text.length : text.lastIndexOf("\n") + 1;
    this.#line = text.slice(end);
    const shown = text.slice(0, end).trimEnd();
    if (shown !== "") this.#events.push({ type: "said", text: shown });
  }

  async #run(): Promise<void> {
    const heard = new Promise((resolve) => this.#process.stdout.once("close", resolve));
    const { code, signal, problem } = await this.#process.exited;
    await this.#process.end(0);
    // What it wrote last may still be in the pipe; a process that escaped and holds it open is not waited for.
    await Promise.race([heard, pause(1_000, undefined, { ref: false })]);
    this.#running = false;
    this.#show(`${this.#decoder.end()}\n`);
    this.#events.push(this.#endOf(code, problem ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`)));
    this.#events.end();
  }

  #endOf(code: number | null, how: string): AgentEvent {
    const said = this.#output.toString().trim();
    if (this.#stopping) return { type: "stopped", because: "asked-to" };
    if (code === 0) return { type: "finished", text: said };
    const kind = code === null ? "infrastructure" : (kinds[code] ?? "work");
    const words = this.#process.stderr || said.slice(-2_000);
    const until = kind === "quota" ? untilInWords(words, Date.now()) : {};
    return { type: "failed", kind, message: `the program ended: ${how}${words === "" ? "" : `: ${words}`}`.slice(0, 4_000), ...until };
  }
}
