import { expect, test } from "vitest";
import type { QuestionId } from "../ids.ts";
import type { QuestionView } from "../project/views.ts";
import { longestAnswer } from "./answer-text.ts";
import { readReplyForm } from "./reply-form.ts";

const options = [{ label: "Blue" }, { label: "Red" }];
const colour = { text: "Which colour?", options, multiple: false };
const question = (change: Partial<QuestionView> = {}): QuestionView => ({
  id: "R_1.q12-1-1" as QuestionId,
  purpose: "session",
  items: [colour],
  status: "with-human",
  askedAt: 1,
  guess: null,
  answer: null,
  late: [],
  appliedAt: null,
  parked: false,
  ...change,
});
const read = (about: QuestionView, sent: Record<string, string | string[]>) => readReplyForm(about, (name) => [sent[name] ?? []].flat());

test("a choice, several, a text, or both", () => {
  expect(read(question(), { "choice-0": "1" })).toEqual({ ok: true, value: ["Red"] });
  expect(read(question(), { "choice-0": "1", "text-0": " \r\n" })).toEqual({ ok: true, value: ["Red"] });
  expect(read(question(), { "text-0": "Green\r\nlike grass\u0007" })).toEqual({ ok: true, value: ["Green\nlike grass"] });
  expect(read(question(), { "choice-0": "0", "text-0": "but light" })).toEqual({ ok: true, value: ["Blue\n\nbut light"] });
  const several = question({ items: [{ ...colour, multiple: true }, colour] });
  expect(read(several, { "choice-0": ["0", "1"], "choice-1": "0" })).toEqual({ ok: true, value: ["Blue, Red", "Blue"] });
});

test("every item wants an answer, and only choices there are", () => {
  const two = question({ items: [colour, colour] });
  expect(read(two, { "choice-0": "0" })).toEqual({ ok: false, error: { item: 1, reason: "empty" } });
  for (const place of ["2", "-1", "x", "", "1e0", "__proto__"])
    expect(read(question(), { "choice-0": place, "text-0": "x" })).toEqual({ ok: false, error: { item: 0, reason: "unknown-choice" } });
  expect(read(question(), { "text-0": "x".repeat(longestAnswer + 1) })).toEqual({ ok: false, error: { item: 0, reason: "too-long" } });
  expect(read(question(), { "choice-0": "0", "text-0": "x".repeat(longestAnswer) })).toMatchObject({ error: { reason: "too-long" } });
});

test("the architect's guess stands for all items, where there is one", () => {
  const guess = { answers: ["Red", "Blue"], confidence: 0.4 };
  expect(read(question({ guess, items: [colour, colour] }), { guess: "1" })).toEqual({ ok: true, value: ["Red", "Blue"] });
  expect(read(question(), { guess: "1", "choice-0": "0" })).toEqual({ ok: false, error: { item: 0, reason: "no-guess" } });
});

test("approving a plan stands alone; a reason rejects it", () => {
  const plan = question({ purpose: "plan-approval", items: [{ ...colour, options: [{ label: "Approve" }, { label: "Reject" }] }] });
  expect(read(plan, { "choice-0": "0" })).toEqual({ ok: true, value: ["Approve"] });
  expect(read(plan, { "choice-0": "1", "text-0": "Use UTC" })).toEqual({ ok: true, value: ["Use UTC"] });
  expect(read(plan, { "text-0": "Use UTC" })).toEqual({ ok: true, value: ["Use UTC"] });
  expect(read(plan, { "choice-0": "0", "text-0": "Use UTC" })).toEqual({ ok: false, error: { item: 0, reason: "choice-and-reason" } });
});
