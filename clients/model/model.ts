import type * as z from "zod";
import type { TaskError } from "../../core/task/state.ts";
import { ClientError } from "../client-error.ts";
import type { ClientErrorCode, ClientFault } from "../client-error.ts";

export interface ModelMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface CompletionRequest<T> {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  /** The form the answer must have; its JSON schema goes with the request. */
  readonly schema: { readonly name: string; readonly schema: z.ZodType<T> };
  /** Of each call. Default 120 s. */
  readonly timeLimitMs?: number;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Completion<T> {
  readonly value: T;
  /** Over all calls, the repair among them. */
  readonly usage: TokenUsage;
  /** US dollars; 0 when neither the gateway nor the price table tells. */
  readonly usd: number;
}

/** Asks a model for one answer of a given form. Fails with a ModelError. */
export interface Model {
  complete<T>(request: CompletionRequest<T>): Promise<Completion<T>>;
}

/** A failed completion with what it cost until then. An answer that cannot be parsed after one repair is `unparsable-answer`. */
export class ModelError extends ClientError {
  override name = "ModelError";
  readonly usage: TokenUsage;
  readonly usd: number;

  constructor(message: string, fault: ClientFault, spent: { readonly usage: TokenUsage; readonly usd: number }) {
    super("model", message, fault);
    this.usage = spent.usage;
    this.usd = spent.usd;
  }
}

const kinds: Partial<Record<ClientErrorCode, TaskError["kind"]>> = {
  authentication: "authentication",
  forbidden: "authentication",
  configuration: "configuration",
  "not-found": "configuration",
  invalid: "configuration",
  "too-large": "work",
  quota: "quota",
  "rate-limited": "quota",
  refused: "refused",
  "unparsable-answer": "work",
};

/** The failure as an attempt's error; everything that may pass by itself is `infrastructure`. */
export function taskErrorOf(error: ClientError): TaskError {
  const kind = kinds[error.code] ?? "infrastructure";
  const until = kind === "quota" && error.retryAt !== undefined ? { until: error.retryAt } : {};
  return { kind, message: error.code === "unparsable-answer" ? `unparsable-answer: ${error.message}` : error.message, ...until };
}
