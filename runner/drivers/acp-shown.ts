import type { ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { AgentEvent, FileDiff } from "./driver.ts";

const longestText = 8_000;
const longestOutput = 64_000;
const mostOpen = 1_000;

/** What an agent of the protocol says and does, for those who watch: pieces joined to texts, each tool begun and ended once. */
export class AcpShown {
  readonly #tell: (event: AgentEvent) => void;
  readonly #open = new Set<string>();
  #text = "";

  constructor(tell: (event: AgentEvent) => void) {
    this.#tell = tell;
  }

  said(piece: string): void {
    this.#text += piece;
    if (this.#text.length > longestText) this.flush();
  }

  /** What was said so far is a text of its own. */
  flush(): void {
    const text = this.#text.trim();
    this.#text = "";
    if (text !== "") this.#tell({ type: "said", text });
  }

  called(call: Partial<ToolCallUpdate> & { readonly toolCallId: string }): void {
    const { toolCallId: toolId, status, kind } = call;
    // A change of mode is a plan, and shown as such.
    if (kind === "switch_mode") return;
    const ended = status === "completed" || status === "failed";
    if (!this.#open.has(toolId)) {
      // One that is only told of when it is over was never seen to run.
      if (ended || this.#open.size >= mostOpen) return;
      this.#open.add(toolId);
      this.flush();
      this.#tell(begun(call));
    } else if (ended) {
      this.#open.delete(toolId);
      this.#tell({ type: "tool-ended", toolId, output: outputOf(call), failed: status === "failed" });
    }
  }
}

function begun(call: Partial<ToolCallUpdate> & { readonly toolCallId: string }): AgentEvent {
  const diffs = (call.content ?? []).flatMap((each): FileDiff[] =>
    each.type === "diff" ? [{ path: each.path, before: each.oldText ?? "", after: each.newText }] : [],
  );
  const { command } = (call.rawInput ?? {}) as { readonly command?: unknown };
  return {
    type: "tool-begun",
    toolId: call.toolCallId,
    title: `${call.kind ?? "tool"}: ${call.title ?? ""}`.slice(0, 200),
    ...(typeof command === "string" ? { detail: command } : {}),
    ...(diffs.length === 0 ? {} : { diffs }),
  };
}

function outputOf(call: Partial<ToolCallUpdate>): string {
  const texts = (call.content ?? []).flatMap((each) =>
    each.type === "content" && each.content.type === "text" ? [each.content.text] : [],
  );
  return texts.join("\n").slice(-longestOutput);
}
