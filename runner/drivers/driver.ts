import type { QuestionItem } from "../../core/protocol/frames.ts";
import type { FailureKind } from "../../core/task/state.ts";
import type { Moment } from "../../core/time.ts";
import type { ToolUse } from "../../core/tools/tool-use.ts";
import type { Isolation } from "../isolation.ts";
import type { RunPlace } from "../run-place.ts";

/** Whether a tool may be used; `because` is said to the agent. */
export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/** What a coding agent's conversation is started with. */
export interface ConversationOptions {
  readonly place: RunPlace;
  readonly isolation: Isolation;
  readonly environment: Readonly<Record<string, string>>;
  readonly prompt: string;
  /** Goes on with this conversation of the same place. */
  readonly resume: string | undefined;
  /** Reads only; its last word is the plan. */
  readonly planOnly: boolean;
  /** US dollars that this process may spend. */
  readonly budgetUsd: number;
  /** Asked before each use of a tool that the driver hears of; answers when the policy, or the people it asks, have decided. Never rejects. */
  readonly permit: (use: ToolUse) => Promise<Permission>;
}

/** A change of a file, or of a part of it. */
export interface FileDiff {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export type AgentEvent =
  | { readonly type: "conversation-started"; readonly conversationId: string }
  /** What it says to whoever watches. */
  | { readonly type: "said"; readonly text: string }
  /** `title` is one line; `detail` the arguments that people want to see whole, `diffs` what it is about to change. */
  | {
      readonly type: "tool-begun";
      readonly toolId: string;
      readonly title: string;
      readonly detail?: string;
      readonly diffs?: readonly FileDiff[];
    }
  | { readonly type: "tool-ended"; readonly toolId: string; readonly output: string; readonly failed: boolean }
  /** A sign of work. */
  | { readonly type: "active"; readonly summary?: string }
  | { readonly type: "asked"; readonly askId: string; readonly questions: readonly QuestionItem[]; readonly context: string }
  /** Cumulative for this process. */
  | { readonly type: "used"; readonly inputTokens: number; readonly outputTokens: number; readonly usd: number }
  /** The agent has nothing more to do. `text` is its last word; of a plan-only conversation the plan. */
  | { readonly type: "finished"; readonly text: string }
  | { readonly type: "stopped"; readonly because: "asked-to" | "budget" }
  | { readonly type: "failed"; readonly kind: FailureKind; readonly message: string; readonly until?: Moment };

/** A running conversation. Its events end after `finished`, `stopped` or `failed`; the process is gone by then. */
export interface Conversation {
  readonly events: AsyncIterable<AgentEvent>;
  /** A tool runs right now, however long it may be silent. True of an agent that never tells of tools. */
  readonly busy: boolean;
  /** The agent's process, below which its commands run; undefined while there is none, and of a program that is a command itself. */
  readonly pid: number | undefined;
  /** One text per question; false when that question is not open. */
  answer(askId: string, answers: readonly string[]): boolean;
  /** Adds a message of the user to the conversation; false when it is over. */
  say(text: string): boolean;
  /** `after-step` lets the running tool come to its end. The conversation can be resumed later. */
  stop(mode: "after-step" | "now"): void;
}

/** A kind of coding agent. */
export interface AgentDriver {
  readonly name: string;
  /** It takes no instruction, setting or server from its worktree by itself. For all others those are put back to the base branch's. */
  readonly ignoresConfiguration?: boolean;
  start(options: ConversationOptions): Conversation;
  /** Whether a conversation of that place can be resumed here. */
  has(place: RunPlace, conversationId: string): boolean;
}
