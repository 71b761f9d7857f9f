import { expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import { ModelError } from "../../clients/model/model.ts";
import { createScriptedModel } from "../../clients/model/scripted-model.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { workBuiltIn } from "./work-built-in.ts";
import type { BuiltInTools } from "./work-built-in.ts";

const project = "R_1" as ProjectKey;
const learned = { id: 7, text: "Colours are blue.", scope: "mesh", at: 1 } as const;
const messages = [
  { role: "system", part: "instruction", content: "You are the architect." },
  { role: "user", part: "issue", content: "Issue acme/todo-app#1: Paint" },
  { role: "user", part: "questions", content: "Questions:\n\n1. Which colour?" },
];
const sure = { confident: true, answers: ["Blue"], answer: null, confidence: 0.9, reason: "known" };

function toolsWith(recall: BuiltInTools["recall"] = async () => [learned]) {
  const model = createScriptedModel();
  model.answer("architect_answer", { value: sure, usd: 0.02 });
  model.answer("tech_consultation", { value: { guidance: "Paint it.", approach: null } });
  model.answer("learning", { value: { general: false, text: "", scope: "mesh" } });
  model.answer("general", { value: { answer: "42" } });
  return { model, gateway: { baseUrl: "https://model.test", apiKey: "key", model: "m" }, recall } satisfies BuiltInTools;
}
const work = (capability: string, payload: unknown, tools: BuiltInTools) =>
  workBuiltIn({ project, capability, payload, timeoutSeconds: 60 }, tools);

test("the architect is shown what was learned in front of the questions, in one message, and what it saw is told by hash", async () => {
  const asked: unknown[] = [];
  const tools = toolsWith(async (...about) => {
    asked.push(about);
    return [learned];
  });
  const result = await work("answer-question", { schemaName: "architect_answer", about: "Which colour?", messages }, tools);
  expect(asked).toEqual([[project, "Which colour?"]]);
  expect(tools.model.asked[0]?.messages).toEqual([
    { role: "system", content: "You are the architect." },
    {
      role: "user",
      content: [
        "Issue acme/todo-app#1: Paint",
        "What was learned before, from people's answers; the newer counts:\n\n- Colours are blue. (everywhere)",
        "Questions:\n\n1. Which colour?",
      ].join("\n\n"),
    },
  ]);
  expect(result).toMatchObject({ usd: 0.02, outcome: { done: { answers: ["Blue"] } }, learnings: [7] });
  expect(result.seen?.map(({ part, characters }) => [part, characters])).toEqual([
    ["instruction", 22],
    ["issue", 28],
    ["learnings", 99],
    ["questions", 28],
  ]);
  // printf %s 'You are the architect.' | sha256sum
  expect(result.seen?.[0]?.sha256).toBe("f7657e27e0d70ef58ccfb64fb78af799865dc14e9d7cb3e629ddae72b8348511");
  expect(JSON.stringify(result.seen)).not.toContain("blue");
});

test("guidance has it at its end; nothing remembered adds no part", async () => {
  const payload = { schemaName: "tech_consultation", about: "Paint", messages: messages.slice(0, 2) };
  const guided = await work("tech-consultation", payload, toolsWith());
  expect(guided.seen?.map(({ part }) => part)).toEqual(["instruction", "issue", "learnings"]);
  const without = await work(
    "tech-consultation",
    payload,
    toolsWith(async () => []),
  );
  expect(without.seen?.map(({ part }) => part)).toEqual(["instruction", "issue"]);
  expect(without.learnings).toEqual([]);
});

test("other work remembers nothing; only the architect's is recorded", async () => {
  const never = toolsWith(() => Promise.reject(new Error("asked")));
  expect(await work("learn", { schemaName: "learning", about: "x", messages }, never)).toMatchObject({ learnings: [], seen: [{}, {}, {}] });
  expect(await work("general", { prompt: "What is it?" }, never)).toEqual({ usd: 0.01, outcome: { done: { answer: "42" } } });
});

test("a failed call is recorded, too", async () => {
  const tools = toolsWith();
  const down = new ClientError("model", "down", { code: "unavailable", retryable: true });
  const spent = { usage: { inputTokens: 0, outputTokens: 0 }, usd: 0.5 };
  tools.model.answer("architect_answer", { error: new ModelError("down", down, spent) });
  expect(await work("answer-question", { schemaName: "architect_answer", about: "Which colour?", messages }, tools)).toMatchObject({
    usd: 0.5,
    outcome: { failed: { kind: "infrastructure" } },
    learnings: [7],
    seen: [{}, {}, {}, {}],
  });
});

test("a payload without parts is still understood", async () => {
  const plain = { schemaName: "architect_answer", messages: messages.map(({ role, content }) => ({ role, content })) };
  expect((await work("answer-question", plain, toolsWith())).seen?.map(({ part }) => part)).toEqual(["system", "user", "user"]);
  expect(await work("answer-question", { schemaName: "general", messages }, toolsWith())).toMatchObject({
    outcome: { failed: { kind: "configuration" } },
  });
});
