import type { SDKAssistantMessage, SDKRateLimitInfo, SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";
import * as z from "zod";
import type { QuestionItem } from "../../core/protocol/frames.ts";
import type { Moment } from "../../core/time.ts";
import { untilInWords, type AgentFailure } from "./agent-failures.ts";

const askInput = z.object({
  questions: z
    .array(
      z.object({
        question: z.string().min(1),
        header: z.string().optional(),
        multiSelect: z.boolean().default(false),
        options: z.array(z.object({ label: z.string().min(1), description: z.string().optional() })).default([]),
      }),
    )
    .min(1)
    .max(4),
});

/** The questions of an AskUserQuestion call in the mesh's words, cut to its limits; undefined when the input has another form. */
export function parseQuestions(input: unknown): QuestionItem[] | undefined {
  const parsed = askInput.safeParse(input);
  return parsed.data?.questions.map(({ question, header, multiSelect, options }) => ({
    text: question.slice(0, 20_000),
    ...(header === undefined ? {} : { header: header.slice(0, 100) }),
    multiple: multiSelect,
    options: options.slice(0, 10).map(({ label, description }) => ({
      label: label.slice(0, 500),
      ...(description === undefined ? {} : { description: description.slice(0, 5_000) }),
    })),
  }));
}

/** The input of AskUserQuestion with answers keyed by the question's text, as the tool expects them. */
export function withAnswers(input: Record<string, unknown>, answers: readonly string[]): Record<string, unknown> {
  const questions = askInput.parse(input).questions;
  return { ...input, answers: Object.fromEntries(questions.map(({ question }, at) => [question, answers[at] ?? answers[0] ?? ""])) };
}

export interface TokenUse {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
}

/** Totals over all models; cached input counts as input. */
export function totalOf(
  models: Record<string, { inputTokens: number; outputTokens: number; cacheReadInputTokens: number; cacheCreationInputTokens: number }>,
  usd: number,
): TokenUse {
  let inputTokens = 0;
  let outputTokens = 0;
  for (const use of Object.values(models)) {
    inputTokens += use.inputTokens + use.cacheReadInputTokens + use.cacheCreationInputTokens;
    outputTokens += use.outputTokens;
  }
  return { inputTokens, outputTokens, usd };
}

/** What `total` has more than `before`; never negative. */
export function useSince(total: TokenUse, before: TokenUse): TokenUse {
  return {
    inputTokens: Math.max(0, total.inputTokens - before.inputTokens),
    outputTokens: Math.max(0, total.outputTokens - before.outputTokens),
    usd: Math.max(0, total.usd - before.usd),
  };
}

/** The kind of failure behind an error of a model request, or undefined when the conversation may go on. */
export function failureOf(
  error: NonNullable<SDKAssistantMessage["error"]>,
  text: string,
  limit: SDKRateLimitInfo | undefined,
  at: Moment,
): AgentFailure | undefined {
  const message = `the model answered ${error}: ${text}`.slice(0, 4_000);
  switch (error) {
    case "authentication_failed":
    case "oauth_org_not_allowed":
    case "account_on_hold":
    case "verification_required":
    case "cloud_credential_error":
      return { kind: "authentication", message };
    case "billing_error":
    case "rate_limit":
      return { kind: "quota", message, ...untilInWords(text, at), ...untilOf(limit, at) };
    case "model_not_found":
    case "invalid_request":
      return { kind: "configuration", message };
    case "overloaded":
    case "server_error":
    case "unknown":
      return { kind: "infrastructure", message };
    case "max_output_tokens":
      return undefined;
  }
}

/** When a rejected limit resets: seconds of the Unix time. What has passed, or is more than 8 days away, is not believed. */
export function untilOf(limit: SDKRateLimitInfo | undefined, at: Moment): { until?: Moment } {
  if (limit?.status !== "rejected" || limit.resetsAt === undefined) return {};
  return untilInWords(`resetsAt: ${limit.resetsAt}`, at);
}

/** The failure of a result message that is an error without a known reason. */
export function failureOfResult(result: SDKResultMessage, at: Moment): AgentFailure {
  const said = result.subtype === "success" ? result.result : result.errors.join("; ");
  const status = result.subtype === "success" ? result.api_error_status : undefined;
  const message = `the agent ended with ${result.subtype}: ${said}`.slice(0, 4_000);
  if (status === 401 || status === 403) return { kind: "authentication", message };
  if (status === 429) return { kind: "quota", message, ...untilInWords(said, at) };
  if (status === 400 || status === 404) return { kind: "configuration", message };
  if (result.subtype !== "success" && result.startup_failure_reason !== undefined) return { kind: "configuration", message };
  return { kind: "infrastructure", message };
}

/** One line for people on a tool call. */
export function summaryOf(tool: string, input: unknown): string {
  const known = z
    .object({ description: z.string(), command: z.string(), file_path: z.string(), pattern: z.string(), url: z.string() })
    .partial()
    .safeParse(input).data;
  const about = known?.description ?? known?.command ?? known?.file_path ?? known?.pattern ?? known?.url ?? "";
  return `${tool}: ${about}`.replaceAll(/\s+/g, " ").slice(0, 200);
}
