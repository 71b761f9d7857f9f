import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Model, startModel } from "./start-model.ts";

let model: Model;
beforeAll(async () => {
  model = await startModel();
});
afterAll(() => model.close());

const schemas = {
  tech_consultation: z.strictObject({ guidance: z.string(), approach: z.string() }),
  plan_review: z.strictObject({ approve: z.boolean(), confidence: z.number().min(0).max(1), feedback: z.string() }),
  test_evaluation: z.strictObject({ passed: z.boolean(), confidence: z.number(), reason: z.string(), failures: z.array(z.string()) }),
  architect_answer: z.strictObject({ confident: z.boolean(), answer: z.string(), confidence: z.number(), reason: z.string() }),
  learning: z.strictObject({ general: z.boolean(), text: z.string(), scope: z.enum(["repository", "mesh"]) }),
  general: z.strictObject({ answer: z.string() }),
};
const post = (path: string, body: unknown, headers: Record<string, string> = { authorization: "Bearer any" }) =>
  fetch(model.url + path, { method: "POST", headers, body: JSON.stringify(body) });
const format = (name: string, schema: z.ZodType, strict = true) => ({
  type: "json_schema",
  json_schema: { name, strict, schema: z.toJSONSchema(schema) },
});

async function complete<Name extends keyof typeof schemas>(name: Name, user: string): Promise<z.infer<(typeof schemas)[Name]>> {
  const messages = [
    { role: "system", content: "You review." },
    { role: "user", content: user },
  ];
  const response = await post("/v1/chat/completions", { model: "demo", messages, response_format: format(name, schemas[name]) });
  const body = (await response.json()) as { choices: { message: { content: string } }[]; usage: { total_tokens: number } };
  expect([response.status, body.usage?.total_tokens > 0]).toEqual([200, true]);
  return schemas[name].parse(JSON.parse(body.choices[0]?.message.content ?? "")) as z.infer<(typeof schemas)[Name]>;
}

describe("completions", () => {
  test("the plan of issue 2 is rejected at cycle 0 and approved at cycle 1; issue 3's at once", async () => {
    expect(await complete("plan_review", "acme/todo-app#2\ncycle: 0\nplan")).toMatchObject({ approve: false });
    expect(await complete("plan_review", "acme/todo-app#2\ncycle: 1\nplan")).toMatchObject({ approve: true, confidence: 0.93 });
    expect(await complete("plan_review", "Acme/todo-app#3\ncycle: 0\nplan")).toMatchObject({ approve: true });
  });

  test("the architect is sure about issue 2 and not about issue 3", async () => {
    expect(await complete("architect_answer", "acme/todo-app#2: ?")).toMatchObject({
      confident: true,
      confidence: 0.9,
      answer: "Only open ones",
    });
    expect(await complete("architect_answer", "acme/todo-app#3: ?")).toMatchObject({ confident: false, confidence: 0.4 });
  });

  test("a person's choice of a separator is a lesson, and what was learned answers the next issue", async () => {
    const questions = "Questions:\n\n1. Which separator should the file use?\n   - Comma: a\n   - Semicolon: b";
    const lesson = await complete("learning", `Issue acme/todo-app#3: CSV\n\n${questions}\n\nThe person's answer:\n\nSemicolon`);
    expect(lesson).toEqual({ general: true, text: expect.stringContaining("semicolon"), scope: "repository" });
    expect(await complete("learning", "acme/todo-app#3\n\nThe person's answer:\n\nBlue")).toMatchObject({ general: false });
    const learned = `What was learned before, from people's answers; the newer counts:\n\n- ${lesson.text} (in this repository)`;
    expect(await complete("architect_answer", `Issue acme/todo-app#9: Report\n\n${learned}\n\n${questions}`)).toMatchObject({
      confident: true,
      answer: "Semicolon",
    });
    expect(await complete("architect_answer", `Issue acme/todo-app#9: Report\n\n${questions}`)).toMatchObject({ confident: false });
  });

  test.each([
    ["ok 1 - a\n# fail 0\nexit code: 0", true],
    ["ok 1 - a\nnot ok 2 - b\n# fail 1", false],
    ['<testsuite failures="2">', false],
    ["process exited with code 1", false],
  ])("test output %j is judged passed: %s", async (output, passed) => {
    expect(await complete("test_evaluation", `acme/todo-app#3\n${output}`)).toMatchObject({ passed });
  });

  test("guidance is given, and an unknown schema gets the plainest fitting value", async () => {
    expect((await complete("tech_consultation", "acme/todo-app#1")).guidance).toContain("nothing is found");
    const unknown = z.strictObject({ level: z.enum(["low", "high"]), items: z.array(z.string()), n: z.number().min(2) });
    const response = await post("/v1/chat/completions", {
      model: "demo",
      messages: [{ role: "user", content: "x" }],
      response_format: format("unknown", unknown),
    });
    const body = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(JSON.parse(body.choices[0]?.message.content ?? "")).toEqual({ level: "low", items: [], n: 2 });
  });

  test("refuses what OpenAI refuses", async () => {
    const messages = [{ role: "user", content: "acme/todo-app#1" }];
    const optional = z.strictObject({ guidance: z.string(), approach: z.string().optional() });
    const refused = await post("/v1/chat/completions", { model: "m", messages, response_format: format("tech_consultation", optional) });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      {
        error: {
          message: expect.stringContaining("Missing 'approach'"),
          type: "invalid_request_error",
          param: "response_format",
          code: "invalid_json_schema",
        },
      },
    ]);
    expect((await post("/v1/chat/completions", { model: "m", messages }, {})).status).toBe(401);
    expect((await post("/v1/chat/completions", { model: "m", messages: [] })).status).toBe(400);
    expect((await fetch(`${model.url}/v1/models`)).status).toBe(401);
  });

  test("a scripted answer that does not fit the schema is an error that names the field; a text passes as it is", async () => {
    const odd = await startModel({ script: { completion: (r) => (r.allText === "text" ? "not JSON" : { nothing: 1 }), turn: () => ({}) } });
    const ask = (content: string) =>
      fetch(`${odd.openaiBaseUrl}/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer x" },
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content }], response_format: format("general", schemas.general) }),
      });
    const wrong = await ask("x");
    expect([wrong.status, await wrong.text()]).toEqual([500, expect.stringContaining("answer")]);
    expect(await (await ask("text")).json()).toMatchObject({ choices: [{ message: { content: "not JSON" } }] });
    await odd.close();
  });
});

describe("messages", () => {
  const key = { "x-api-key": "any" };
  const prompt = { role: "user", content: "<system-reminder>be nice</system-reminder>\n[mesh-six acme/todo-app#1.1 implement]\nGo" };
  const request = { model: "claude-opus-5-5", max_tokens: 100, messages: [prompt], tools: [{ name: "Bash" }] };

  test("a stream carries the tool call in pieces that join to its input", async () => {
    const response = await post("/v1/messages?beta=true", { ...request, stream: true }, key);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = (await response.text())
      .split("\n")
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)) as { type: string; delta?: { partial_json?: string; stop_reason?: string } });
    expect(events.map((event) => event.type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const input = events.map((event) => event.delta?.partial_json ?? "").join("");
    expect(JSON.parse(input)).toMatchObject({ command: "sh scripts/try-escape.sh" });
    expect(events.at(-2)?.delta?.stop_reason).toBe("tool_use");
  });

  test("a request without tools gets text, tokens can be counted, a key is needed, the root answers", async () => {
    const plain = await (await post("/v1/messages", { ...request, tools: undefined }, key)).json();
    expect(plain).toMatchObject({ content: [{ type: "text" }], stop_reason: "end_turn", usage: { input_tokens: expect.any(Number) } });
    expect(await (await post("/v1/messages/count_tokens", request, key)).json()).toEqual({ input_tokens: expect.any(Number) });
    const refused = await post("/v1/messages", request, {});
    expect([refused.status, await refused.json()]).toMatchObject([401, { type: "error", error: { type: "authentication_error" } }]);
    expect((await fetch(model.url, { method: "HEAD" })).status).toBe(200);
  });

  test("calls are logged without any prompt's text, and faults come as planned", async () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    await post("/__faults", { status: 529, body: overloaded, path: "/v1/messages" });
    const failed = await post("/v1/messages", request, key);
    expect([failed.status, await failed.json()]).toEqual([529, overloaded]);
    await post(
      "/v1/messages",
      { ...request, messages: [{ role: "user", content: "[mesh-six acme/todo-app#1.1 implement]\nsecret words" }] },
      key,
    );
    const log = await (await fetch(`${model.url}/__calls`)).text();
    expect(log).not.toContain("secret words");
    expect(model.calls.at(-1)).toMatchObject({
      path: "/v1/messages",
      note: { step: "[mesh-six acme/todo-app#1.1 implement]", tools: ["Bash"] },
    });
  });
});
