import * as z from "zod";
import { minuteMs, secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import { callOutside, noAnswer, retryAfter } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";
import { ModelError } from "./model.ts";
import type { CompletionRequest, Model, ModelMessage, TokenUsage } from "./model.ts";

/** US dollars per million tokens, by model name as requested. Used where the gateway names no cost. */
export type PriceTable = Readonly<Record<string, { readonly inputUsd: number; readonly outputUsd: number }>>;

export interface ChatCompletionsDeps extends OutsideDeps {
  readonly prices?: PriceTable;
}

const count = z.number().nonnegative().catch(0).default(0);
const chatAnswer = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: count, completion_tokens: count, cost: z.number().nonnegative().optional().catch(undefined) }).nullish(),
});
const refusal = z.object({ error: z.object({ code: z.union([z.string(), z.number()]).nullish(), type: z.string().nullish() }) });

type Call = { readonly text: string; readonly finish: string | null | undefined; readonly usage: TokenUsage; readonly usd: number };

/** Any OpenAI-compatible gateway. https://platform.openai.com/docs/api-reference/chat/create, structured outputs by `json_schema`. */
export function createChatCompletions(deps: ChatCompletionsDeps): Model {
  async function call(request: CompletionRequest<unknown>, messages: readonly ModelMessage[]): Promise<Call> {
    const { baseUrl, apiKey, model, schema, timeLimitMs = 120 * secondMs } = request;
    const url = `${baseUrl.replace(/\/+$/, "")}/chat/completions`;
    const format = { type: "json_schema", json_schema: { name: schema.name, strict: true, schema: jsonSchemaOf(schema.schema) } };
    const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
    const body = JSON.stringify({ model, messages, response_format: format });
    const response = await callOutside("model", deps, url, { method: "POST", headers, body }, timeLimitMs);
    const text = await response.text().catch((cause: unknown) => {
      throw noAnswer("model", url, timeLimitMs, cause);
    });
    if (!response.ok) throw faultOf(response, text, model, deps.now());
    const parsed = chatAnswer.safeParse(jsonOf(text));
    if (!parsed.success)
      throw new ClientError("model", "the gateway's answer is no chat completion; check LLM_BASE_URL", {
        code: "unexpected-answer",
        retryable: true,
      });
    const choice = parsed.data.choices[0];
    const usage = { inputTokens: parsed.data.usage?.prompt_tokens ?? 0, outputTokens: parsed.data.usage?.completion_tokens ?? 0 };
    const usd = costOf(response.headers, parsed.data.usage?.cost, usage, deps.prices?.[model]);
    if (choice?.message.refusal || choice?.finish_reason === "content_filter") {
      throw new ModelError("the model refused to answer; look at the task's text", { code: "refused", retryable: false }, { usage, usd });
    }
    return { text: choice?.message.content ?? "", finish: choice?.finish_reason, usage, usd };
  }

  return {
    async complete(request) {
      let spent = { usage: { inputTokens: 0, outputTokens: 0 }, usd: 0 };
      const asked = async (messages: readonly ModelMessage[]): Promise<Call> => {
        try {
          const answer = await call(request, messages);
          spent = added(spent, answer);
          return answer;
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          const all = error instanceof ModelError ? added(spent, error) : spent;
          throw new ModelError(error.message.replace(/^model: /, ""), error, all);
        }
      };

      const first = await asked(request.messages);
      const verdict = read(first, request.schema.schema);
      if (verdict.ok) return { value: verdict.value, ...spent };
      const repair = `That answer cannot be used: ${verdict.because}\nAnswer again with nothing but one JSON object of the schema "${request.schema.name}".`;
      const second = await asked([
        ...request.messages,
        { role: "assistant", content: first.text.slice(0, 50_000) },
        { role: "user", content: repair },
      ]);
      const repaired = read(second, request.schema.schema);
      if (repaired.ok) return { value: repaired.value, ...spent };
      throw new ModelError(
        `the answer is not of the form ${request.schema.name}, also after a repair: ${repaired.because}`,
        { code: "unparsable-answer", retryable: false },
        spent,
      );
    },
  };
}

/**
 * The schema as the model sees it: every property is required and none may be added, as strict structured outputs ask. Lengths of
 * texts and defaults, which some gateways refuse, are left to the check of the answer. https://platform.openai.com/docs/guides/structured-outputs
 */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "output",
    override: ({ jsonSchema }) => {
      for (const keyword of ["minLength", "maxLength", "default"] as const) delete jsonSchema[keyword];
    },
  });
  return rest;
}

/** The one JSON object in an answer, also when the model put it into a code fence. The reason names fields, never the answer's text. */
function read<T>(answer: Call, schema: z.ZodType<T>): { ok: true; value: T } | { ok: false; because: string } {
  if (answer.finish === "length") return { ok: false, because: "it was cut off at the length limit; be shorter" };
  const value = jsonOf(answer.text) ?? jsonOf(/```(?:json)?\s*\n([\s\S]*?)\n?```/.exec(answer.text)?.[1] ?? "");
  if (value === undefined) return { ok: false, because: "it is not JSON" };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    because: parsed.error.issues
      .map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`)
      .join("; ")
      .slice(0, 1_000),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what that means
  }
}

function added(to: { usage: TokenUsage; usd: number }, more: { usage: TokenUsage; usd: number }): { usage: TokenUsage; usd: number } {
  return {
    usage: { inputTokens: to.usage.inputTokens + more.usage.inputTokens, outputTokens: to.usage.outputTokens + more.usage.outputTokens },
    usd: to.usd + more.usd,
  };
}

/** LiteLLM's header, else the cost in the usage (OpenRouter and others), else the price table. */
function costOf(headers: Headers, told: number | undefined, usage: TokenUsage, price: PriceTable[string] | undefined): number {
  const header = Number(headers.get("x-litellm-response-cost") ?? Number.NaN);
  if (Number.isFinite(header) && header >= 0) return header;
  if (told !== undefined) return told;
  return price ? (usage.inputTokens * price.inputUsd + usage.outputTokens * price.outputUsd) / 1_000_000 : 0;
}

function faultOf(response: Response, text: string, model: string, now: number): ClientError {
  const { status } = response;
  const code = refusal.safeParse(jsonOf(text)).data?.error;
  const spentOut = /insufficient_quota|budget_exceeded|billing/.test(`${code?.code ?? ""} ${code?.type ?? ""}`);
  if (status === 401 || status === 403) {
    return new ClientError("model", `the gateway refused the key (${status}); check LLM_API_KEY`, {
      code: "authentication",
      retryable: false,
      status,
    });
  }
  if (status === 429 || status === 402 || spentOut) {
    const retryAt = retryAfter(response.headers, now) ?? (status === 429 && !spentOut ? now + minuteMs : undefined);
    return new ClientError(
      "model",
      spentOut || status === 402
        ? "the budget at the gateway is spent; raise it"
        : "the provider's limit is reached; goes on when it resets",
      {
        code: "quota",
        retryable: true,
        status,
        retryAt,
      },
    );
  }
  if (status === 404)
    return new ClientError("model", `there is no model ${model} at the gateway; check LLM_MODEL and LLM_BASE_URL`, {
      code: "configuration",
      retryable: false,
      status,
    });
  if (status === 413 || /context_length_exceeded/.test(String(code?.code ?? ""))) {
    return new ClientError("model", "the request is longer than the model takes", { code: "too-large", retryable: false, status });
  }
  if (status === 408 || status >= 500) {
    return new ClientError("model", `unavailable (${status}); tried again later`, {
      code: "unavailable",
      retryable: true,
      status,
      retryAt: retryAfter(response.headers, now),
    });
  }
  return new ClientError("model", `the gateway refused the request (${status}); check that ${model} supports json_schema answers`, {
    code: "invalid",
    retryable: false,
    status,
  });
}
