import { expect, test } from "vitest";
import { eventLine, type EventRow } from "./event-words.ts";

const line = (type: string, data: EventRow["data"] = {}) =>
  eventLine({ project: "p", seq: 1, at: 0, trace: "1.1", issue: null, run: null, task: null, agent: null, type, data });

test.each([
  ["run-changed", { explain: "The tests run.", usd: 1 }, "The tests run."],
  [
    "question-asked",
    { purpose: "session", items: [{ text: "Blue?\nOr green?" }, { text: "Why?" }] },
    "The session asked. Blue? Or green? Why?",
  ],
  ["question-asked", { items: [null, 7] }, "The mesh asked."],
  ["question-answered", { by: "ana", via: "dashboard" }, "Answered by ana on the dashboard."],
  ["run-phase-changed", { to: "QA", because: "it was pushed" }, "Went on to qa. it was pushed"],
  ["run-ended", { outcome: "FAILED", because: "no way on" }, "Ended as failed. no way on"],
  ["credential-recorded", { name: "github", inRow: 2, parts: {}, empty: "" }, "credential recorded. name: github · in row: 2"],
  ["of-a-newer-mesh", {}, "of a newer mesh."],
])("%s %o", (type, data, said) => {
  expect(line(type, data)).toBe(said);
});

test("what is long is cut", () => {
  expect(line("session-failed", { kind: "work", message: "x".repeat(500) })).toHaveLength(240);
});
