import { afterEach, expect, test } from "vitest";
import type { Model } from "../../clients/model/model.ts";
import type { Database } from "../../drizzle/database.ts";
import { clock } from "../../platform/clock.ts";
import { createGate, createScenario, pushTo, until } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const scripted = mesh.clients.model;
const lesson = "Colours of buttons are blue.";

afterEach(() => clock.reset());

/** An architect that knows a colour only from what it was taught, and a read model that holds what the stories' journals noted. */
function teach(stories: readonly Story[]): void {
  const model: Model = {
    complete(request) {
      const knows = request.messages.some(({ content }) => content.includes(lesson));
      const sure = { confident: true, answers: ["Blue"], answer: null, confidence: 0.9, reason: "learned" };
      mesh.model.answer("architect_answer", { value: knows ? sure : { ...sure, confident: false, answers: [] } });
      return scripted.complete(request);
    },
  };
  const rowsOf = async (it: Story) =>
    (await it.events("learning-noted")).map(({ seq, at, data }) => ({ id: `${seq}`, text: data["text"], wide: true, at }));
  const database = { execute: async () => ({ rows: (await Promise.all(stories.map(rowsOf))).flat() }) };
  Object.assign(mesh.clients, { model, openDatabase: () => database as unknown as Database });
}

/** A session that asks for a colour once and goes on with it. */
async function asksForColour(it: Story, id: string) {
  const answers: string[] = [];
  const runner = await it.runner(id);
  runner.scripts.implement = async (work) => {
    answers.push(...(await work.ask("tool-1", { text: "Which colour should the button have?" })));
    pushTo(it.repository, work);
  };
  return answers;
}

test("what a person answers once, the architect answers the next time, in another issue and repository", async () => {
  const [one, two] = [await story("acme/learning-a"), await story("acme/learning-b")];
  teach([one, two]);
  mesh.model.answer("learning", { value: { general: true, text: lesson, scope: "mesh" } });

  const answers = await asksForColour(one, "laptop-a");
  const first = await one.begins({ title: "A button" });
  const [escalated] = await one.recorded("question-sent-to-human");
  const question = escalated?.data["question"] as string;
  expect((await mesh.send("POST", `/questions/${question}/answer`, { answer: "Blue" })).status).toBe(200);
  const [noted] = await one.recorded("learning-noted");
  expect(noted).toMatchObject({ issue: first.number, data: { text: lesson, scope: "mesh", source: { question } } });
  await one.reaches(first, { phase: "ACCEPTED" });
  expect(answers).toEqual(["Blue"]);

  const others = await asksForColour(two, "laptop-b");
  const second = await two.begins({ title: "Another button" });
  const run = await two.reaches(second, { phase: "ACCEPTED" });
  expect(others).toEqual(["Blue"]);
  expect(run.questions).toMatchObject([{ status: "answered", answer: { via: "architect" } }]);
  expect(await two.events("question-sent-to-human")).toEqual([]);
  const consulted = (await two.events("architect-consulted")).map(({ data }) => [data["capability"], data["learnings"]]);
  expect(consulted).toEqual([
    ["tech-consultation", [noted?.seq]],
    ["answer-question", [noted?.seq]],
  ]);
});

test("a lesson that is drawn when the run has ended is noted all the same", async () => {
  const it = await story("acme/learning-c");
  teach([it]);
  const gate = createGate();
  const { model } = mesh.clients;
  Object.assign(mesh.clients, {
    model: {
      complete: async (request) => {
        if (request.schema.name === "learning") await gate.opened;
        return model.complete(request);
      },
    } satisfies Model,
  });
  mesh.model.answer("learning", { value: { general: true, text: lesson, scope: "repository" } });
  await asksForColour(it, "laptop-c");
  const issue = await it.begins({ title: "A button" });
  const [escalated] = await it.recorded("question-sent-to-human");
  await mesh.send("POST", `/questions/${escalated?.data["question"] as string}/answer`, { answer: "Blue" });
  await it.reaches(issue, { phase: "ACCEPTED" });
  expect(await it.events("learning-noted")).toEqual([]);
  gate.open();
  await it.recorded("learning-noted");
  await until(async () => expect(await it.run(issue)).toMatchObject({ phase: "ACCEPTED" }));
});
