import * as z from "zod";
import { ClientError } from "../../clients/client-error.ts";
import { ModelError, taskErrorOf } from "../../clients/model/model.ts";
import type { CompletionRequest, Model, ModelMessage } from "../../clients/model/model.ts";
import { completeVerdict } from "../../clients/model/verdicts.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { VerdictName } from "../../core/inbound/model-verdicts.ts";
import type { SeenPart } from "../../core/inputs.ts";
import { renderLearnings } from "../../core/outbound/learnings.ts";
import type { Learning } from "../../core/outbound/learnings.ts";
import type { TaskError } from "../../core/task/state.ts";
import { secondMs } from "../../core/time.ts";

/** Which form of answer each built-in capability gives. */
export const verdictOf: Readonly<Record<string, VerdictName>> = {
  "tech-consultation": "tech_consultation",
  "answer-question": "architect_answer",
  "plan-review": "plan_review",
  "test-evaluation": "test_evaluation",
  learn: "learning",
  general: "general",
};

/** The architect's: what it was shown is recorded. */
const consulting: readonly string[] = ["tech-consultation", "answer-question", "learn"];
/** Those for which it remembers what it has learned. */
const remembering: readonly string[] = ["tech-consultation", "answer-question"];

const message = z.object({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().min(1),
  part: z.string().max(50).optional(),
});
const modelRequest = z.union([
  z.object({ messages: z.array(message).min(1).max(100), schemaName: z.string().optional(), about: z.string().max(10_000).optional() }),
  z.object({ prompt: z.string().min(1), schemaName: z.string().optional() }).transform(({ prompt, schemaName }) => ({
    messages: [{ role: "user" as const, content: prompt, part: undefined }],
    schemaName,
    about: undefined,
  })),
]);
type Said = z.output<typeof message>;

/** One attempt of a built-in agent, as its orchestrator hands it out. */
export interface BuiltInWork {
  readonly project: ProjectKey;
  readonly capability: string;
  readonly payload: unknown;
  readonly timeoutSeconds: number;
}

/** What a built-in agent works with. */
export interface BuiltInTools {
  readonly model: Model;
  readonly gateway: Pick<CompletionRequest<unknown>, "baseUrl" | "apiKey" | "model">;
  /** What was learned that fits a text, the best first; empty when nothing is known or the memory is away. Never fails. */
  readonly recall: (project: ProjectKey, text: string) => Promise<readonly Learning[]>;
}

/** How an attempt of a built-in agent ended, and what the model call cost in US dollars; of the architect also what it was shown. */
export interface BuiltInResult {
  readonly usd: number;
  readonly outcome: { readonly done: unknown } | { readonly failed: TaskError };
  readonly seen?: readonly SeenPart[];
  readonly learnings?: readonly number[];
}

/** Asks the model for the capability's verdict. Outside failures are results; the rest of the task's time is left for a second try. */
export async function workBuiltIn(
  { project, capability, payload, timeoutSeconds }: BuiltInWork,
  tools: BuiltInTools,
): Promise<BuiltInResult> {
  const name = verdictOf[capability];
  const request = modelRequest.safeParse(payload);
  if (name === undefined) return misconfigured(`no built-in agent has the capability ${capability}`);
  if (!request.success) return misconfigured("the payload needs messages [{role, content}], or a prompt");
  if (request.data.schemaName !== undefined && request.data.schemaName !== name)
    return misconfigured(`${capability} is answered as ${name}`);
  const about = remembering.includes(capability) ? request.data.about : undefined;
  const learned = about ? renderLearnings(await tools.recall(project, about)) : null;
  const messages = learned ? withLearnings(request.data.messages, learned.part) : request.data.messages;
  const consulted = consulting.includes(capability) ? { seen: await seenOf(messages), learnings: learned?.shown ?? [] } : {};
  try {
    const timeLimitMs = Math.max(secondMs, Math.floor((timeoutSeconds * secondMs) / 2));
    const { value, usd } = await completeVerdict(tools.model, name, { ...tools.gateway, messages: joined(messages), timeLimitMs });
    return { usd, outcome: { done: value }, ...consulted };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { usd: error instanceof ModelError ? error.usd : 0, outcome: { failed: taskErrorOf(error) }, ...consulted };
  }
}

/** The request with what was learned before in front of the questions, or at its end. */
function withLearnings(messages: readonly Said[], learned: Said): readonly Said[] {
  const questions = messages.findIndex(({ part }) => part === "questions");
  return messages.toSpliced(questions < 0 ? messages.length : questions, 0, learned);
}

/** Models expect turns: what one role says in several parts is one message. */
function joined(messages: readonly Said[]): readonly ModelMessage[] {
  const turns: ModelMessage[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (last?.role === role) turns[turns.length - 1] = { role, content: `${last.content}\n\n${content}` };
    else turns.push({ role, content });
  }
  return turns;
}

function seenOf(messages: readonly Said[]): Promise<SeenPart[]> {
  return Promise.all(
    messages.map(async ({ role, part, content }) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
      const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return { part: part ?? role, sha256, characters: content.length };
    }),
  );
}

function misconfigured(why: string): BuiltInResult {
  return { usd: 0, outcome: { failed: { kind: "configuration", message: why } } };
}
