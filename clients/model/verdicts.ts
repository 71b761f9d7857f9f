import { verdictSchemas, parseVerdict } from "../../core/inbound/model-verdicts.ts";
import type { VerdictName, Verdicts } from "../../core/inbound/model-verdicts.ts";
import { ModelError } from "./model.ts";
import type { Completion, CompletionRequest, Model } from "./model.ts";

/** Asks for one of the verdicts the core knows, by the name its schema has. An answer of another form is a ModelError `unparsable-answer`. */
export async function completeVerdict<N extends VerdictName>(
  model: Model,
  name: N,
  request: Omit<CompletionRequest<unknown>, "schema">,
): Promise<Completion<Verdicts[N]>> {
  const answer = await model.complete<unknown>({ ...request, schema: { name, schema: verdictSchemas[name] } });
  const verdict = parseVerdict(name, answer.value);
  if (verdict.ok) return { ...answer, value: verdict.value };
  throw new ModelError(verdict.error.message, { code: "unparsable-answer", retryable: false }, answer);
}
