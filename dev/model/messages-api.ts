import { createHash, randomUUID } from "node:crypto";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { type MessagesRequest, messagesRequestSchema, parseAgentConversation } from "./agent-conversation.ts";
import type { AgentTurn, ModelScript } from "./model-script.ts";

type ContentBlock = { type: "text"; text: string } | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> };

/** About four characters make a token. */
export const tokensOf = (text: string): number => Math.max(1, Math.ceil(text.length / 4));

function refuse(c: Context<StandInEnv>, status: ContentfulStatusCode, type: string, message: string): Response {
  return c.json({ type: "error", error: { type, message } }, status);
}

function contentOf(turn: AgentTurn): ContentBlock[] {
  const text: ContentBlock[] = turn.text ? [{ type: "text", text: turn.text }] : [];
  const tools = (turn.tools ?? []).map((tool): ContentBlock => ({
    type: "tool_use",
    id: `toolu_${randomUUID().replaceAll("-", "")}`,
    name: tool.name,
    input: tool.input,
  }));
  return [...text, ...tools];
}

const sse = (type: string, data: Record<string, unknown>): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function blockEvents(block: ContentBlock, index: number): string {
  const whole = block.type === "text" ? block.text : JSON.stringify(block.input);
  const half = Math.ceil(whole.length / 2);
  const deltas = [whole.slice(0, half), whole.slice(half)].map((part) =>
    sse("content_block_delta", {
      index,
      delta: block.type === "text" ? { type: "text_delta", text: part } : { type: "input_json_delta", partial_json: part },
    }),
  );
  const start = block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} };
  return sse("content_block_start", { index, content_block: start }) + deltas.join("") + sse("content_block_stop", { index });
}

/** The answer as the server-sent events of https://docs.claude.com/en/docs/build-with-claude/streaming */
function streamed(message: Record<string, unknown> & { usage: Record<string, number> }, content: ContentBlock[], stop: string): string {
  const start = sse("message_start", { message: { ...message, usage: { ...message.usage, output_tokens: 1 } } });
  const end = sse("message_delta", {
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: message.usage.output_tokens ?? 1 },
  });
  return start + content.map(blockEvents).join("") + end + sse("message_stop", {});
}

async function requestOf(c: Context<StandInEnv>): Promise<MessagesRequest | Response> {
  const key = c.req.header("x-api-key") ?? c.req.header("authorization");
  if (!key) return refuse(c, 401, "authentication_error", "x-api-key header is required");
  const parsed = messagesRequestSchema.safeParse(await c.req.json().catch(() => undefined));
  return parsed.success ? parsed.data : refuse(c, 400, "invalid_request_error", z.prettifyError(parsed.error));
}

/** `POST /v1/messages`, streaming or not; the call's note has the key's SHA-256. A request without tools (a title, a summary) gets a short harmless text. */
export async function answerMessages(c: Context<StandInEnv>, script: ModelScript): Promise<Response> {
  const request = await requestOf(c);
  if (request instanceof Response) return request;
  if (request.max_tokens === undefined) return refuse(c, 400, "invalid_request_error", "max_tokens: Field required");
  const conversation = parseAgentConversation(request);
  const turn = request.tools.length === 0 ? { text: "A step of the work" } : script.turn(conversation);
  const content = contentOf(turn);
  const usage = { input_tokens: tokensOf(conversation.allText), output_tokens: tokensOf(JSON.stringify(content)) };
  const stop = (turn.tools ?? []).length > 0 ? "tool_use" : "end_turn";
  Object.assign(c.get("note"), {
    model: request.model,
    key: createHash("sha256")
      .update(c.req.header("x-api-key") ?? "")
      .digest("hex"),
    prompts: conversation.prompts.length,
    step: /^\[mesh-six [^\]\n]*\]/.exec(conversation.lastPrompt)?.[0],
    results: conversation.toolResultsSincePrompt.length,
    tools: (turn.tools ?? []).map((tool) => tool.name),
  });
  const id = `msg_${randomUUID().replaceAll("-", "")}`;
  const message = {
    id,
    type: "message",
    role: "assistant",
    model: request.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  if (request.stream !== true) return c.json({ ...message, content, stop_reason: stop });
  return c.body(streamed(message, content, stop), 200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
}

/** `POST /v1/messages/count_tokens` */
export async function answerCountTokens(c: Context<StandInEnv>): Promise<Response> {
  const request = await requestOf(c);
  return request instanceof Response ? request : c.json({ input_tokens: tokensOf(JSON.stringify(request.messages)) });
}
