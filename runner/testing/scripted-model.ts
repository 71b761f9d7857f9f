import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { textOf } from "./mesh-double.ts";

type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

export interface ModelRequest {
  /** All messages as JSON text. */
  readonly text: string;
  /** Results of tools since the last message of the user. */
  readonly results: number;
  /** The last message of the user that is not a tool result. */
  readonly prompt: string;
}

/** An answer other than 200, with its headers. https://docs.anthropic.com/en/api/errors */
export interface ModelError {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

export type ModelAnswer = { readonly tool: string; readonly input: unknown } | { readonly refusal: string } | ModelError | string | number;

const errorTypes: Readonly<Record<number, string>> = { 400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error" };

/** A Messages endpoint that answers what the script says; a number instead of an answer is an error status, a promise holds it up. `body` is the whole request. */
export async function startScriptedModel(script: (request: ModelRequest, body?: string) => ModelAnswer | Promise<string>) {
  let made = 0;
  const requests: ModelRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (request.url?.startsWith("/v1/messages") !== true) return json(404, {});
    if (request.url.includes("count_tokens")) return json(200, { input_tokens: 10 });
    const {
      messages,
      model,
      tools = [],
    } = JSON.parse(body) as { messages: { role: string; content: unknown }[]; model: string; tools?: unknown[] };
    const asked = requestOf(messages);
    if (tools.length > 0) requests.push(asked);
    const answer = tools.length === 0 ? "ok" : await script(asked, body);
    const error = typeof answer === "number" ? { status: answer } : typeof answer === "object" && "status" in answer ? answer : undefined;
    if (error !== undefined) {
      const { status, headers = {}, message: said = "scripted" } = error;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return json(status, { type: "error", error: { type: errorTypes[status] ?? "api_error", message: said } });
    }
    made += 1;
    const said = typeof answer === "string" ? answer : typeof answer === "object" && "refusal" in answer ? answer.refusal : undefined;
    const call = typeof answer === "object" && "tool" in answer ? answer : { tool: "", input: {} };
    const block: Block =
      said !== undefined
        ? { type: "text", text: said }
        : { type: "tool_use", id: `toolu_${made}_${Date.now()}`, name: call.tool, input: call.input };
    const isRefusal = typeof answer === "object" && "refusal" in answer;
    stream(response, `msg_${made}`, model, block, isRefusal ? "refusal" : block.type === "text" ? "end_turn" : "tool_use");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function requestOf(messages: readonly { role: string; content: unknown }[]): ModelRequest {
  let results = 0;
  let prompt = "";
  for (const { role, content } of messages) {
    if (role !== "user") continue;
    const blocks = (typeof content === "string" ? [{ type: "text", text: content }] : content) as { type: string; text?: string }[];
    if (blocks.some(({ type }) => type === "tool_result")) results += 1;
    else {
      prompt = blocks.map(({ text = "" }) => text).join("\n");
      results = 0;
    }
  }
  return { text: JSON.stringify(messages), results, prompt };
}

/** https://docs.anthropic.com/en/api/messages-streaming */
function stream(response: ServerResponse, id: string, model: string, block: Block, stop: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (type: string, data: object) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send("message_start", {
    message: {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1_000, output_tokens: 1 },
    },
  });
  const empty = block.type === "text" ? { ...block, text: "" } : { ...block, input: {} };
  const delta =
    block.type === "text"
      ? { type: "text_delta", text: block.text }
      : { type: "input_json_delta", partial_json: JSON.stringify(block.input) };
  send("content_block_start", { index: 0, content_block: empty });
  send("content_block_delta", { index: 0, delta });
  send("content_block_stop", { index: 0 });
  send("message_delta", {
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: 5 },
  });
  send("message_stop", {});
  response.end();
}
