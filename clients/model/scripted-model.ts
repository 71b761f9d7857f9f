import { ModelError } from "./model.ts";
import type { Completion, CompletionRequest, Model } from "./model.ts";

/** What the scripted model says next: a value that must fit the schema, or a failure. `usd` is 0.01 unless said. */
export type ScriptedAnswer = { readonly value: unknown; readonly usd?: number } | { readonly error: ModelError };

/** A Model for tests: answers by schema name in order, refuses values that the schema refuses, and keeps what was asked. */
export interface ScriptedModel extends Model {
  readonly asked: readonly CompletionRequest<unknown>[];
  /** The next answers under a schema name; the last one stays. */
  answer(schemaName: string, ...answers: readonly ScriptedAnswer[]): void;
}

export function createScriptedModel(): ScriptedModel {
  const asked: CompletionRequest<unknown>[] = [];
  const scripts = new Map<string, ScriptedAnswer[]>();
  return {
    asked,
    answer(schemaName, ...answers) {
      scripts.set(schemaName, [...answers]);
    },
    async complete<T>(request: CompletionRequest<T>): Promise<Completion<T>> {
      asked.push(request);
      const { name, schema } = request.schema;
      const [next, ...later] = scripts.get(name) ?? [];
      if (!next) throw new Error(`the script has no answer of the form ${name}`);
      if (later.length > 0) scripts.set(name, later);
      if ("error" in next) throw next.error;
      const spent = { usage: { inputTokens: 100, outputTokens: 10 }, usd: next.usd ?? 0.01 };
      const parsed = schema.safeParse(next.value);
      if (parsed.success) return { value: parsed.data, ...spent };
      throw new ModelError(`the answer is not of the form ${name}`, { code: "unparsable-answer", retryable: false }, spent);
    },
  };
}
