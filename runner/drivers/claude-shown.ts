import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import * as z from "zod";
import { summaryOf } from "./claude-messages.ts";
import type { AgentEvent, FileDiff } from "./driver.ts";

/** Shown by the questions and plans they become. */
const notShown = new Set(["AskUserQuestion", "ExitPlanMode"]);
const path = z.object({ file_path: z.string() });
const edit = z.object({ old_string: z.string(), new_string: z.string() });
const edits = path.extend({ edits: z.array(edit) });
const write = path.extend({ content: z.string() });
const command = z.object({ command: z.string() });
const result = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))]);

/** What of a message is for those who watch: texts, tools with what they change, and what came of them. */
export function shownOf(message: SDKMessage): AgentEvent[] {
  if (message.type === "assistant") {
    return message.message.content.flatMap((block): AgentEvent[] => {
      if (block.type === "text") return [{ type: "said", text: block.text }];
      return block.type === "tool_use" && !notShown.has(block.name) ? [begun(block.id, block.name, block.input)] : [];
    });
  }
  if (message.type !== "user" || typeof message.message.content === "string") return [];
  return message.message.content.flatMap((block): AgentEvent[] =>
    block.type === "tool_result"
      ? [{ type: "tool-ended", toolId: block.tool_use_id, output: textOf(block.content), failed: block.is_error === true }]
      : [],
  );
}

function begun(toolId: string, tool: string, input: unknown): AgentEvent {
  const diffs = diffsOf(input);
  const detail = command.safeParse(input).data?.command;
  return {
    type: "tool-begun",
    toolId,
    title: summaryOf(tool, input),
    ...(detail === undefined ? {} : { detail }),
    ...(diffs.length === 0 ? {} : { diffs }),
  };
}

function diffsOf(input: unknown): FileDiff[] {
  const one = path.extend(edit.shape).safeParse(input).data;
  if (one !== undefined) return [{ path: one.file_path, before: one.old_string, after: one.new_string }];
  const many = edits.safeParse(input).data;
  if (many !== undefined) return many.edits.map((each) => ({ path: many.file_path, before: each.old_string, after: each.new_string }));
  const whole = write.safeParse(input).data;
  return whole === undefined ? [] : [{ path: whole.file_path, before: "", after: whole.content }];
}

function textOf(content: unknown): string {
  const parsed = result.safeParse(content).data ?? "";
  return typeof parsed === "string" ? parsed : parsed.flatMap(({ text }) => text ?? []).join("\n");
}
