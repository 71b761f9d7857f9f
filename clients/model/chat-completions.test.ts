import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verdictSchemas } from "../../core/inbound/model-verdicts.ts";
import { ClientError } from "../client-error.ts";
import { createChatCompletions, jsonSchemaOf } from "./chat-completions.ts";
import { ModelError, taskErrorOf } from "./model.ts";
import { createScriptedModel } from "./scripted-model.ts";
import { completeVerdict } from "./verdicts.ts";

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}
const now = 1_000_000;
const approval = { approve: true, confidence: 0.9, feedback: "fine" };
let server: Server;
let baseUrl: string;
let answers: Answer[] = [];
let asked: {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown> & { messages: { role: string; content: string }[] };
}[] = [];

const said = (content: unknown, more: object = {}): Answer => ({
  body: {
    choices: [
      {
        finish_reason: "stop",
        message: { role: "assistant", content: typeof content === "string" ? content : JSON.stringify(content) },
        ...more,
      },
    ],
    usage: { prompt_tokens: 1_000, completion_tokens: 100 },
  },
});

beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(await text(request)) });
    const { status = 200, headers = {}, body } = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  answers = [];
  asked = [];
});

const model = createChatCompletions({ now: () => now, sleep: async () => {}, prices: { priced: { inputUsd: 3, outputUsd: 15 } } });
const request = (name = "any") => ({
  baseUrl,
  apiKey: "sk-secret",
  model: name,
  messages: [{ role: "user" as const, content: "Judge the plan" }],
});
const review = (name?: string) => completeVerdict(model, "plan_review", request(name));

async function failureOf(call: Promise<unknown>): Promise<ModelError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ModelError)) throw new Error(`not a ModelError: ${String(error)}`);
  return error;
}

describe("a completion", () => {
  it("asks with the schema and answers the verdict with what it cost", async () => {
    answers = [{ ...said(approval), headers: { "x-litellm-response-cost": "0.0125" } }];
    expect(await review()).toEqual({ value: approval, usage: { inputTokens: 1_000, outputTokens: 100 }, usd: 0.0125 });
    expect(asked[0]).toMatchObject({ path: "/v1/chat/completions", headers: { authorization: "Bearer sk-secret" } });
    expect(asked[0]?.body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "plan_review", strict: true, schema: jsonSchemaOf(verdictSchemas.plan_review) },
    });
  });

  it("takes the cost from the usage, else from the price table, else as none", async () => {
    const { body } = said(approval);
    answers = [
      { body: { ...(body as object), usage: { prompt_tokens: 1, completion_tokens: 1, cost: 0.5 } } },
      said(approval),
      said(approval),
    ];
    expect((await review()).usd).toBe(0.5);
    expect((await review("priced")).usd).toBeCloseTo(0.0045, 10);
    expect((await review()).usd).toBe(0);
  });

  it("reads JSON in a code fence", async () => {
    answers = [said(`Sure:\n\`\`\`json\n${JSON.stringify(approval)}\n\`\`\`\n`)];
    expect((await review()).value).toEqual(approval);
  });

  it("has one answer repaired and counts both calls", async () => {
    answers = [said({ ...approval, confidence: 90 }), said(approval)];
    const { value, usage, usd } = await review("priced");
    expect({ value, usage }).toEqual({ value: approval, usage: { inputTokens: 2_000, outputTokens: 200 } });
    expect(usd).toBeCloseTo(0.009, 10);
    const repair = asked[1]?.body.messages ?? [];
    expect(repair.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(repair[2]?.content).toContain("confidence");
  });

  it.each([
    ["text", said("I approve"), said("I really approve")],
    ["another form", said({ verdict: "yes" }), said([])],
    ["a cut answer", said(approval, { finish_reason: "length" }), said(approval, { finish_reason: "length" })],
  ])("never makes a verdict of %s, and says what was spent", async (_, first, second) => {
    answers = [first, second];
    const error = await failureOf(review("priced"));
    expect(error).toMatchObject({ code: "unparsable-answer", retryable: false, usage: { inputTokens: 2_000, outputTokens: 200 } });
    expect(error.usd).toBeCloseTo(0.009, 10);
    expect(error.message).not.toContain("approve");
    expect(taskErrorOf(error)).toMatchObject({ kind: "work", message: expect.stringContaining("unparsable-answer") });
    expect(asked).toHaveLength(2);
  });

  it("keeps what the first call cost when the repair fails", async () => {
    answers = [said("no"), { status: 503, body: {} }];
    expect(await failureOf(review("priced"))).toMatchObject({ code: "unavailable", usage: { inputTokens: 1_000 } });
  });
});

describe("failures", () => {
  it.each([
    ["a bad key", { status: 401, body: {} }, { code: "authentication", retryable: false }, { kind: "authentication" }],
    [
      "a limit with a time",
      { status: 429, headers: { "retry-after": "90" }, body: {} },
      { code: "quota", retryAt: now + 90_000 },
      { kind: "quota", until: now + 90_000 },
    ],
    [
      "a spent budget",
      { status: 429, body: { error: { code: "insufficient_quota" } } },
      { code: "quota", retryable: true },
      { kind: "quota" },
    ],
    ["a spent budget at LiteLLM", { status: 400, body: { error: { type: "budget_exceeded" } } }, { code: "quota" }, { kind: "quota" }],
    ["no such model", { status: 404, body: {} }, { code: "configuration", retryable: false }, { kind: "configuration" }],
    [
      "too long a text",
      { status: 400, body: { error: { code: "context_length_exceeded" } } },
      { code: "too-large", retryable: false },
      { kind: "work" },
    ],
    ["a bad request", { status: 400, body: {} }, { code: "invalid", retryable: false }, { kind: "configuration" }],
    ["a broken provider", { status: 502, body: {} }, { code: "unavailable", retryable: true }, { kind: "infrastructure" }],
    ["no completion", { body: { hello: 1 } }, { code: "unexpected-answer", retryable: true }, { kind: "infrastructure" }],
    ["a refusal", said("", { message: { content: null, refusal: "I won't" } }), { code: "refused", retryable: false }, { kind: "refused" }],
  ] as const)("%s", async (_, answer, expected, task) => {
    answers = [answer];
    const error = await failureOf(review());
    expect(error).toMatchObject({ service: "model", ...expected });
    expect(error.message).not.toContain("sk-secret");
    expect(taskErrorOf(error)).toMatchObject(task);
    expect(asked).toHaveLength(1);
  });

  it("a gateway that cannot be reached", async () => {
    const error = await failureOf(completeVerdict(model, "general", { ...request(), baseUrl: "http://127.0.0.1:1" }));
    expect(error).toMatchObject({ code: "unreachable", retryable: true });
    expect(taskErrorOf(error)).toMatchObject({ kind: "infrastructure" });
  });
});

describe("the schemas a model sees", () => {
  it.each(Object.entries(verdictSchemas))(
    "%s is of the strict kind: all required, none added, no keyword that gateways refuse",
    (_, schema) => {
      const seen = jsonSchemaOf(schema) as { properties: object; required: string[]; additionalProperties: boolean };
      expect(seen.required.toSorted()).toEqual(Object.keys(seen.properties).toSorted());
      expect(seen.additionalProperties).toBe(false);
      expect(JSON.stringify(seen)).not.toMatch(/"(minLength|maxLength|default|\$schema)"/);
    },
  );
});

describe("the scripted model", () => {
  it("answers in order, keeps its last answer, and refuses what the schema refuses", async () => {
    const scripted = createScriptedModel();
    scripted.answer("plan_review", { value: { approve: 1 } }, { value: approval, usd: 2 });
    await expect(completeVerdict(scripted, "plan_review", request())).rejects.toMatchObject({ code: "unparsable-answer" });
    expect(await completeVerdict(scripted, "plan_review", request())).toMatchObject({ value: approval, usd: 2 });
    expect((await completeVerdict(scripted, "plan_review", request())).value).toEqual(approval);
    await expect(completeVerdict(scripted, "general", request())).rejects.not.toBeInstanceOf(ClientError);
  });
});
