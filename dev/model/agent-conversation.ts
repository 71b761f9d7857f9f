import { z } from "zod";
import type { AgentConversation, Exchange, ToolResult } from "./model-script.ts";

const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
});
type Block = z.infer<typeof blockSchema>;

/** The part of an Anthropic Messages request that is looked at: https://docs.claude.com/en/api/messages */
export const messagesRequestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().min(1).optional(),
  stream: z.boolean().optional(),
  system: z.unknown().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(blockSchema)]) })).min(1),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
});
export type MessagesRequest = z.infer<typeof messagesRequestSchema>;

const REMINDER = /<system-reminder>[\s\S]*?<\/system-reminder>/g;
const INTERRUPTION = /^\[Request interrupted by user[^\]]*\]$/;

const blocksOf = (content: string | Block[]): Block[] => (typeof content === "string" ? [{ type: "text", text: content }] : content);

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("\n");
}

function promptOf(block: Block): string | undefined {
  const text = (block.text ?? "").replace(REMINDER, "").trim();
  return block.type !== "text" || text === "" || INTERRUPTION.test(text) ? undefined : text;
}

function resultOf(block: Block): ToolResult | undefined {
  if (block.type !== "tool_result") return undefined;
  return { toolUseId: block.tool_use_id ?? "", text: textOf(block.content), isError: block.is_error === true };
}

/** Reads prompts and tool results out of a Messages request of Claude Code. */
export function parseAgentConversation(request: MessagesRequest): AgentConversation {
  const exchanges: { prompt: string; results: ToolResult[] }[] = [];
  const texts: string[] = [];
  for (const { role, content } of request.messages) {
    for (const block of blocksOf(content)) {
      texts.push(block.text ?? textOf(block.content));
      if (role !== "user") continue;
      const result = resultOf(block);
      const prompt = promptOf(block);
      if (result) exchanges.at(-1)?.results.push(result);
      else if (prompt !== undefined) exchanges.push({ prompt, results: [] });
    }
  }
  const allText = texts.join("\n");
  const last: Exchange | undefined = exchanges.at(-1);
  return {
    prompts: exchanges.map((exchange) => exchange.prompt),
    lastPrompt: last?.prompt ?? "",
    toolResultsSincePrompt: last?.results ?? [],
    exchanges,
    allText,
    toolNames: request.tools.map((tool) => tool.name),
    planMode: allText.lastIndexOf("Plan mode is active") > allText.lastIndexOf("You have exited plan mode"),
  };
}
