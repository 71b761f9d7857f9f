import { describe, expect, it } from "vitest";
import { isVerdictName, parseVerdict } from "./model-verdicts.ts";

describe("parseVerdict", () => {
  it("takes an architect's single answer as the answer of the one item", () => {
    const parsed = parseVerdict("architect_answer", { confident: true, answer: "Blue", confidence: 0.9, reason: "house style" });
    expect(parsed).toEqual({ ok: true, value: { confident: true, answers: ["Blue"], confidence: 0.9, reason: "house style" } });
  });

  it("keeps one answer per item", () => {
    const parsed = parseVerdict("architect_answer", { confident: true, answers: ["a", "b"], answer: null, confidence: 1, reason: "" });
    expect(parsed.ok && parsed.value.answers).toEqual(["a", "b"]);
  });

  it("refuses a confident architect without an answer", () => {
    expect(parseVerdict("architect_answer", { confident: true, confidence: 1, reason: "" }).ok).toBe(false);
    expect(parseVerdict("architect_answer", { confident: false, confidence: 0, reason: "no idea" }).ok).toBe(true);
  });

  it.each([
    ["plan_review", { approve: "yes", confidence: 1, feedback: "" }],
    ["plan_review", { approve: true, confidence: 80, feedback: "" }],
    ["plan_review", "approved"],
    ["plan_review", null],
    ["test_evaluation", { passed: true, reason: "" }],
    ["tech_consultation", { guidance: " " }],
    ["general", {}],
  ] as const)("never makes a verdict of %s %j", (name, value) => {
    const parsed = parseVerdict(name, value);
    expect(!parsed.ok && parsed.error.reason).toBe("unparsable-answer");
  });

  it("knows its names only", () => {
    expect(isVerdictName("plan_review")).toBe(true);
    expect(isVerdictName("toString")).toBe(false);
  });
});
