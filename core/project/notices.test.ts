import { expect, test } from "vitest";
import type { Effect, EffectBody } from "../effects.ts";
import type { EffectId, QuestionId } from "../ids.ts";
import { worthAnotherTry } from "./outbox.ts";

const effect = (body: EffectBody): Effect => ({ id: "R_1.e1-1-1" as EffectId, orderKey: "1.people", issue: 1, run: 1, ...body });
const asking = effect({ kind: "ask-human", question: "R_1.q1-1-1" as QuestionId, title: "", message: "", choices: [] });
const closing = effect({ kind: "close-issue", issue: 1, reason: "completed" });

test("what people are told is tried for about a day, and until somebody mends the settings", () => {
  for (const [code, retryable] of [
    ["unavailable", true],
    ["rate-limited", true],
    ["authentication", false],
    ["configuration", false],
  ] as const) {
    expect(worthAnotherTry(asking, 299, { code, retryable })).toBe(true);
    expect(worthAnotherTry(asking, 300, { code, retryable })).toBe(false);
  }
  for (const code of ["invalid", "too-large"]) expect(worthAnotherTry(asking, 1, { code, retryable: false })).toBe(false);
});

test("everything else is given up sooner", () => {
  expect(worthAnotherTry(closing, 23, { code: "unavailable", retryable: true })).toBe(true);
  expect(worthAnotherTry(closing, 24, { code: "unavailable", retryable: true })).toBe(false);
  expect(worthAnotherTry(closing, 8, { code: "internal", retryable: true })).toBe(false);
  expect(worthAnotherTry(closing, 1, { code: "authentication", retryable: false })).toBe(false);
});
