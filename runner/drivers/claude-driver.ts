import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { query } from "@anthropic-ai/claude-agent-sdk";
import type {
  CanUseTool,
  HookCallback,
  Query,
  SDKMessage,
  SDKRateLimitInfo,
  SDKResultMessage,
  SDKUserMessage,
} from "@anthropic-ai/claude-agent-sdk";
import type { RunPlace } from "../run-place.ts";
import { AsyncQueue } from "./async-queue.ts";
import { failureOf, failureOfResult, parseQuestions, summaryOf, totalOf, untilOf, useSince, withAnswers } from "./claude-messages.ts";
import type { TokenUse } from "./claude-messages.ts";
import type { AgentFailure } from "./agent-failures.ts";
import { claudeToolUse } from "./claude-tools.ts";
import { shownOf } from "./claude-shown.ts";
import type { AgentDriver, AgentEvent, Conversation, ConversationOptions } from "./driver.ts";

/** Tools that make no sense in a session without a person in front of it. */
const unwanted = [
  "CronCreate",
  "CronDelete",
  "CronList",
  "EnterPlanMode",
  "EnterWorktree",
  "ExitWorktree",
  "ScheduleWakeup",
  "RemoteTrigger",
  "PushNotification",
];
/** People may be asked within the hook. Node's timers go up to 24 days. */
const longestAskS = 14 * 86_400;
const editing = ["Edit", "Write", "NotebookEdit"];

const planOnlyNote =
  "This is a read-only planning step. Explore as you need, change nothing (whatever you write is thrown away), " +
  "ask the user with AskUserQuestion where a decision is theirs, and end with the complete plan in Markdown as your final message.";
const workNote =
  "You work without a person in front of you; AskUserQuestion reaches the people in charge. " +
  "Commit your work with git on the current branch as you go: only commits count. You cannot push; that is done for you. The newest base branch is the local branch `base`.";

/**
 * Claude Code through the Claude Agent SDK: https://code.claude.com/docs/en/agent-sdk/overview. Settings, memories, hooks and servers of the repository
 * are not loaded (`settingSources: []`), since a branch could carry instructions in them. Conversations stay in the run's home.
 */
export function createClaudeDriver(executable: string): AgentDriver {
  return {
    name: "claude",
    ignoresConfiguration: true,
    start: (options) => new ClaudeConversation(executable, options),
    has(place, conversationId) {
      const projects = join(configFolder(place), "projects");
      return existsSync(projects) && readdirSync(projects).some((folder) => existsSync(join(projects, folder, `${conversationId}.jsonl`)));
    },
  };
}

class ClaudeConversation implements Conversation {
  readonly #events = new AsyncQueue<AgentEvent>();
  readonly events: AsyncIterable<AgentEvent> = this.#events;
  readonly #said = new AsyncQueue<SDKUserMessage>();
  readonly #asks = new Map<string, (answers: readonly string[]) => void>();
  readonly #runningTools = new Set<string>();
  readonly #abort = new AbortController();
  readonly #options: ConversationOptions;
  readonly #query: Query;
  #stopping: "after-step" | "now" | undefined;
  #conversationId: string | undefined;
  #plan: string | undefined;
  #lastText = "";
  #limit: SDKRateLimitInfo | undefined;
  #failure: AgentFailure | undefined;
  #baseline: TokenUse = { inputTokens: 0, outputTokens: 0, usd: 0 };
  #stderr = "";
  #child: ChildProcess | undefined;
  /** Said before the first prompt was given. */
  #early: string[] | undefined = [];
  readonly #meter = setInterval(() => void this.#reportUse(5_000), 30_000);

  constructor(executable: string, options: ConversationOptions) {
    this.#options = options;
    const { place, isolation, planOnly } = options;
    this.#query = query({
      prompt: this.#said,
      options: {
        cwd: place.tree,
        env: { ...options.environment, CLAUDE_CONFIG_DIR: configFolder(place), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
        pathToClaudeCodeExecutable: executable,
        settingSources: [],
        strictMcpConfig: true,
        permissionMode: "default",
        systemPrompt: { type: "preset", preset: "claude_code", append: planOnly ? planOnlyNote : workNote },
        disallowedTools: planOnly ? [...unwanted, ...editing] : unwanted,
        ...(options.budgetUsd > 0 ? { maxBudgetUsd: options.budgetUsd } : {}),
        ...(options.resume === undefined ? {} : { resume: options.resume }),
        abortController: this.#abort,
        canUseTool: this.#canUseTool,
        hooks: { PreToolUse: [{ hooks: [this.#beforeTool], timeout: longestAskS }] },
        spawnClaudeCodeProcess: ({ command, args, cwd, env, signal }) => {
          const wrapped = isolation.wrap(place, command, args);
          const child = spawn(wrapped.command, [...wrapped.args], { cwd, env, signal, stdio: ["pipe", "pipe", "pipe"], detached: true });
          child.stderr.on("data", (data: Buffer) => (this.#stderr = (this.#stderr + data.toString()).slice(-2_000)));
          this.#child = child;
          return child;
        },
      },
    });
    void this.#listen();
    void this.#open();
  }

  get busy(): boolean {
    return this.#runningTools.size > 0;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  answer(askId: string, answers: readonly string[]): boolean {
    const take = this.#asks.get(askId);
    if (take === undefined || this.#stopping !== undefined) return false;
    this.#asks.delete(askId);
    take(answers);
    return true;
  }

  say(text: string): boolean {
    if (this.#stopping !== undefined) return false;
    if (this.#early === undefined) return this.#said.push(messageOf(text));
    this.#early.push(text);
    return true;
  }

  stop(mode: "after-step" | "now"): void {
    if (this.#stopping === "now") return;
    this.#stopping = mode;
    if (mode === "now" || this.#asks.size > 0 || !this.busy) void this.#cut();
  }

  /** A resumed conversation's totals begin with those of its past, so they are asked for before anything is said. */
  async #open(): Promise<void> {
    if (this.#options.resume !== undefined) this.#baseline = (await this.#totals(20_000)) ?? this.#baseline;
    this.#said.push(messageOf(this.#options.prompt));
    for (const text of this.#early ?? []) this.#said.push(messageOf(text));
    this.#early = undefined;
  }

  /** Ends the process, after a last look at what it cost. */
  async #cut(): Promise<void> {
    this.#stopping = "now";
    await this.#reportUse(1_000);
    this.#abort.abort();
    // One that hangs does not hear of it, and the query would wait for its end.
    await this.#gone(3_000);
  }

  async #listen(): Promise<void> {
    let end: AgentEvent | undefined;
    try {
      for await (const message of this.#query) {
        end = this.#hear(message);
        if (end !== undefined) break;
      }
    } catch (error) {
      if (this.#stopping === undefined) {
        const said = this.#stderr.trim() === "" ? "" : ` (${this.#stderr.trim()})`;
        end = {
          type: "failed",
          kind: "infrastructure",
          message: `the agent's process ended: ${error instanceof Error ? error.message : String(error)}${said}`.slice(0, 4_000),
        };
      }
    }
    clearInterval(this.#meter);
    this.#said.end();
    this.#query.close();
    await this.#gone(this.#stopping === undefined ? 3_000 : 500);
    await this.#options.isolation.endAll(this.#options.place);
    end ??=
      this.#stopping === undefined
        ? { type: "failed", kind: "infrastructure", message: "the agent's process ended without a result" }
        : { type: "stopped", because: "asked-to" };
    this.#events.push(end);
    this.#events.end();
  }

  /** Resolves when the process is gone: it gets some time to write down the conversation, then its process group is killed. */
  async #gone(withinMs: number): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const exited =
      child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once("exit", resolve));
    await Promise.race([exited, pause(withinMs, undefined, { ref: false })]);
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      return; // nothing of the group is left
    }
    await exited;
  }

  /** The event that ends the conversation, when the message does. */
  #hear(message: SDKMessage): AgentEvent | undefined {
    for (const event of shownOf(message)) this.#events.push(event);
    if (message.type === "system" && message.subtype === "init") {
      if (this.#conversationId !== message.session_id) {
        this.#conversationId = message.session_id;
        this.#events.push({ type: "conversation-started", conversationId: message.session_id });
      }
      return undefined;
    }
    if (message.type === "rate_limit_event") {
      this.#limit = message.rate_limit_info;
    } else if (message.type === "assistant") {
      for (const block of message.message.content) {
        if (block.type === "text") this.#lastText = block.text;
        if (block.type !== "tool_use") continue;
        this.#runningTools.add(block.id);
        if (block.name === "ExitPlanMode") this.#plan = planIn(block.input) ?? this.#plan;
        if (block.name !== "AskUserQuestion") this.#events.push({ type: "active", summary: summaryOf(block.name, block.input) });
      }
      if (message.error !== undefined) this.#failure = failureOf(message.error, this.#lastText, this.#limit, Date.now());
      else this.#events.push({ type: "active" });
    } else if (message.type === "user") {
      const { content } = message.message;
      for (const block of typeof content === "string" ? [] : content)
        if (block.type === "tool_result") this.#runningTools.delete(block.tool_use_id);
      this.#events.push({ type: "active" });
      if (this.#stopping === "after-step" && !this.busy) void this.#cut();
    } else if (message.type === "result") {
      return this.#endOf(message);
    }
    return undefined;
  }

  #endOf(result: SDKResultMessage): AgentEvent | undefined {
    this.#events.push({ type: "used", ...useSince(totalOf(result.modelUsage, result.total_cost_usd), this.#baseline) });
    if (result.subtype === "error_max_budget_usd") return { type: "stopped", because: "budget" };
    if (this.#plan !== undefined && this.#options.planOnly) return { type: "finished", text: this.#plan };
    if (this.#stopping !== undefined) return { type: "stopped", because: "asked-to" };
    if (this.#limit?.status === "rejected" && result.is_error) {
      return { type: "failed", kind: "quota", message: failureOfResult(result, Date.now()).message, ...untilOf(this.#limit, Date.now()) };
    }
    if (result.stop_reason === "refusal") {
      return { type: "failed", kind: "refused", message: `the model refused: ${this.#lastText}`.slice(0, 4_000) };
    }
    if (result.subtype !== "success" || result.is_error)
      return { type: "failed", ...(this.#failure ?? failureOfResult(result, Date.now())) };
    if ((result.queued_turn_count ?? 0) > 0) return undefined; // something was said meanwhile; another turn follows
    return { type: "finished", text: result.result };
  }

  async #reportUse(withinMs: number): Promise<void> {
    const total = await this.#totals(withinMs);
    if (total !== undefined) this.#events.push({ type: "used", ...useSince(total, this.#baseline) });
  }

  /** Between results only this control request knows what was spent; without it the results alone count. */
  async #totals(withinMs: number): Promise<TokenUse | undefined> {
    const asked = this.#query.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET({ skipBehaviors: true }).catch(() => undefined);
    const answer = await Promise.race([asked, pause(withinMs, undefined, { ref: false })]);
    return answer === undefined ? undefined : totalOf(answer.session.model_usage, answer.session.total_cost_usd);
  }

  readonly #beforeTool: HookCallback = async (input) => {
    if (input.hook_event_name !== "PreToolUse") return {};
    const deny = (permissionDecisionReason: string) => ({
      hookSpecificOutput: { hookEventName: "PreToolUse" as const, permissionDecision: "deny" as const, permissionDecisionReason },
    });
    if (this.#stopping !== undefined) {
      void this.#cut();
      return deny("The session was told to stop.");
    }
    if (input.tool_name === "ExitPlanMode") {
      this.#plan = planIn(input.tool_input) ?? this.#plan;
      if (!this.#options.planOnly) return deny("Nobody approves plans here: go on with the work.");
      if (this.#plan === undefined) return deny("Give the complete plan in Markdown as your final message.");
      return { ...deny("The plan was recorded."), continue: false, stopReason: "the plan was recorded" };
    }
    const permission = await this.#options.permit(claudeToolUse(input.tool_name, input.tool_input));
    if (this.#stopping !== undefined) {
      void this.#cut();
      return deny("The session was told to stop.");
    }
    return permission.allowed ? {} : deny(permission.because);
  };

  readonly #canUseTool: CanUseTool = async (tool, input, { toolUseID, signal }) => {
    if (tool !== "AskUserQuestion") return { behavior: "allow", updatedInput: input };
    const questions = parseQuestions(input);
    if (questions === undefined)
      return { behavior: "deny", message: "The question could not be read: give 1 to 4 questions with a text each." };
    const answers = await new Promise<readonly string[] | undefined>((resolve) => {
      this.#asks.set(toolUseID, resolve);
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
      this.#events.push({ type: "asked", askId: toolUseID, questions, context: this.#lastText.slice(-8_000) });
      if (this.#stopping !== undefined) void this.#cut();
    });
    this.#asks.delete(toolUseID);
    if (answers === undefined) return { behavior: "deny", message: "The session ended before the answer came." };
    return { behavior: "allow", updatedInput: withAnswers(input, answers) };
  };
}

function messageOf(text: string): SDKUserMessage {
  return { type: "user", message: { role: "user", content: text }, parent_tool_use_id: null };
}

function configFolder(place: RunPlace): string {
  return join(place.home, ".claude");
}

function planIn(input: unknown): string | undefined {
  const plan = (input as { plan?: unknown } | null)?.plan;
  return typeof plan === "string" && plan.trim() !== "" ? plan : undefined;
}
