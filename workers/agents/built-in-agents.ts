import * as z from "zod";
import { ClientError } from "../../clients/client-error.ts";
import { ModelError, taskErrorOf } from "../../clients/model/model.ts";
import { completeVerdict } from "../../clients/model/verdicts.ts";
import type { AgentId } from "../../core/ids.ts";
import type { VerdictName } from "../../core/inbound/model-verdicts.ts";
import type { TaskError } from "../../core/task/state.ts";
import { secondMs } from "../../core/time.ts";
import type { BuiltInAgent } from "../../durable-objects/agent-pool.ts";
import type { Clients } from "../clients.ts";

/** Which form of answer each built-in capability gives. */
const verdictOf: Readonly<Record<string, VerdictName>> = {
  "tech-consultation": "tech_consultation",
  "answer-question": "architect_answer",
  "plan-review": "plan_review",
  "test-evaluation": "test_evaluation",
  general: "general",
};

const slots = 1_000;
const offer = (name: string) => ({ name, weight: 1, preferred: false, requirements: [] });

/** The agents that the Worker itself is: models asked for one verdict. */
export const builtInAgents: readonly BuiltInAgent[] = [
  { id: "built-in.architect" as AgentId, capabilities: [offer("tech-consultation"), offer("answer-question")], slots },
  { id: "built-in.reviewer" as AgentId, capabilities: [offer("plan-review")], slots },
  { id: "built-in.evaluator" as AgentId, capabilities: [offer("test-evaluation")], slots },
  { id: "built-in.general" as AgentId, capabilities: [offer("general")], slots },
];

/** Whether a capability is the Worker's own. */
export function isBuiltIn(capability: string): boolean {
  return Object.hasOwn(verdictOf, capability);
}

const message = z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string().min(1) });
const modelRequest = z.union([
  z.object({ messages: z.array(message).min(1).max(100), schemaName: z.string().optional() }),
  z.object({ prompt: z.string().min(1), schemaName: z.string().optional() }).transform(({ prompt, schemaName }) => ({
    messages: [{ role: "user" as const, content: prompt }],
    schemaName,
  })),
]);

/** How an attempt of a built-in agent ended, and what the model call cost in US dollars. */
export interface BuiltInResult {
  readonly usd: number;
  readonly outcome: { readonly done: unknown } | { readonly failed: TaskError };
}

/** Asks the model for the capability's verdict. Outside failures are results; the rest of the task's time is left for a second try. */
export async function workBuiltIn(capability: string, payload: unknown, timeoutSeconds: number, clients: Clients): Promise<BuiltInResult> {
  const name = verdictOf[capability];
  const request = modelRequest.safeParse(payload);
  if (name === undefined) return misconfigured(`no built-in agent has the capability ${capability}`);
  if (!request.success) return misconfigured("the payload needs messages [{role, content}], or a prompt");
  if (request.data.schemaName !== undefined && request.data.schemaName !== name)
    return misconfigured(`${capability} is answered as ${name}`);
  try {
    const timeLimitMs = Math.max(secondMs, Math.floor((timeoutSeconds * secondMs) / 2));
    const { value, usd } = await completeVerdict(clients.model, name, { ...clients.gateway, messages: request.data.messages, timeLimitMs });
    return { usd, outcome: { done: value } };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { usd: error instanceof ModelError ? error.usd : 0, outcome: { failed: taskErrorOf(error) } };
  }
}

function misconfigured(why: string): BuiltInResult {
  return { usd: 0, outcome: { failed: { kind: "configuration", message: why } } };
}
