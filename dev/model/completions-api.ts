import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { tokensOf } from "./messages-api.ts";
import type { ModelScript } from "./model-script.ts";
import { mismatch, strictSchemaComplaint } from "./strict-schema.ts";

const contentSchema = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).nullish();

/** The part of a chat completion request that is looked at: https://platform.openai.com/docs/api-reference/chat/create */
const completionSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.enum(["system", "developer", "user", "assistant", "tool"]), content: contentSchema })).min(1),
  stream: z.boolean().optional(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          description: z.string().optional(),
          schema: z.record(z.string(), z.unknown()),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .optional(),
});

const textOf = (content: z.infer<typeof contentSchema>): string =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("\n");

/** Refuses as OpenAI does: `{error: {message, type, param, code}}`. */
export function refuseCompletion(
  c: Context<StandInEnv>,
  status: ContentfulStatusCode,
  code: string,
  message: string,
  param: string | null = null,
) {
  return c.json({ error: { message, type: status === 500 ? "server_error" : "invalid_request_error", param, code } }, status);
}

/** True when the request has a bearer key; which one does not matter. */
export const hasBearerKey = (c: Context<StandInEnv>): boolean => /^Bearer \S+$/.test(c.req.header("authorization") ?? "");

/**
 * `POST /v1/chat/completions`: the script's answer, which must fit the schema asked for. A schema that OpenAI would refuse with
 * `strict` is refused; an answer that does not fit is 500 `script_mismatch`, naming the fields.
 */
export async function answerCompletion(c: Context<StandInEnv>, script: ModelScript): Promise<Response> {
  if (!hasBearerKey(c)) return refuseCompletion(c, 401, "invalid_api_key", "You didn't provide an API key.");
  const parsed = completionSchema.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) return refuseCompletion(c, 400, "invalid_request", z.prettifyError(parsed.error));
  const { model, messages, response_format: format, stream } = parsed.data;
  if (stream) return refuseCompletion(c, 400, "unsupported_parameter", "stream is not served by this stand-in", "stream");
  const asked = format?.type === "json_schema" ? format.json_schema : undefined;
  const complaint = asked?.strict ? strictSchemaComplaint(asked.schema) : undefined;
  if (asked && complaint) {
    return refuseCompletion(
      c,
      400,
      "invalid_json_schema",
      `Invalid schema for response_format '${asked.name}': ${complaint}`,
      "response_format",
    );
  }
  const texts = messages.map((message) => ({ role: message.role, text: textOf(message.content) }));
  const allText = texts.map((message) => message.text).join("\n");
  const answer = script.completion({ model, schemaName: asked?.name, schema: asked?.schema, messages: texts, allText });
  const content = typeof answer === "string" ? answer : JSON.stringify(answer);
  Object.assign(c.get("note"), { model, schema: asked?.name, messages: messages.length });
  // A string is sent as it is: that is how a script gives an answer nobody can parse.
  const wrong = asked && typeof answer !== "string" ? mismatch(asked.schema, answer) : undefined;
  if (wrong) return refuseCompletion(c, 500, "script_mismatch", `the scripted answer does not fit '${asked?.name}': ${wrong}`);
  const usage = { prompt_tokens: tokensOf(allText), completion_tokens: tokensOf(content) };
  return c.json({
    id: `chatcmpl-${randomUUID()}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  });
}
