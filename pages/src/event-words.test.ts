import { expect, test } from "vitest";
import { eventLine, type EventRow } from "./event-words.ts";

const line = (type: string, data: EventRow["data"] = {}) =>
  eventLine({ project: "p", seq: 1, at: 0, trace: "1.1", issue: null, run: null, task: null, agent: null, type, data });

test.each([
  ["run-changed", { explain: "The tests run.", usd: 1 }, "The tests run."],
  ["question-asked", { items: [{ text: "Blue?\nOr green?" }, { text: "Why?" }] }, "A question was asked. Blue? Or green? Why?"],
  ["question-asked", { items: [null, 7] }, "A question was asked."],
  ["credential-recorded", { name: "github", inRow: 2, parts: {}, empty: "" }, "credential recorded. name: github · in row: 2"],
  ["of-a-newer-mesh", {}, "of a newer mesh."],
])("%s %o", (type, data, said) => {
  expect(line(type, data)).toBe(said);
});

test("what is long is cut", () => {
  expect(line("session-failed", { kind: "work", message: "x".repeat(500) })).toHaveLength(240);
});
