import { describe, expect, test } from "vitest";
import { cleanAnswer, longestAnswer, splitAnswer } from "./answer-text.ts";

describe("an answer's text", () => {
  test.each([
    ["<script>alert(1)</script> & \"quotes\" 'n' \\ `ticks`"],
    ["👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301 ﷽"],
    ["مرحبا \u202Eabc\u202C שלום\u200F"],
    ["  indented\n\ttabbed\n\n"],
    ["\uFEFFbyte order mark, \u200Bzero width, \u00A0no break"],
  ])("is kept as it is: %j", (text) => {
    expect(cleanAnswer(text)).toEqual({ ok: true, value: text });
  });

  test("loses control characters, and nothing with them", () => {
    const all = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
    const cleaned = cleanAnswer(`a${all}b\r\nc`);
    expect(cleaned).toEqual({ ok: true, value: `a\t\n${all.slice(0x20, 0x7f)}b\nc` });
  });

  test("is refused when nothing is left, or too much is there", () => {
    for (const text of ["", " \n\t ", "\u0000\u0007", "\r"]) expect(cleanAnswer(text)).toEqual({ ok: false, error: "empty" });
    expect(cleanAnswer("x".repeat(longestAnswer))).toMatchObject({ ok: true });
    expect(cleanAnswer("x".repeat(longestAnswer + 1))).toEqual({ ok: false, error: "too-long" });
    expect(cleanAnswer(`${"x\r\n".repeat(longestAnswer / 2)}`)).toMatchObject({ ok: true });
  });
});

describe("one text for several items", () => {
  test.each([
    ["Blue", 1, ["Blue"]],
    ["1. Blue", 1, ["1. Blue"]],
    ["1. Blue\n2) Large, with\nround corners", 2, ["Blue", "Large, with\nround corners"]],
    ["1: Blue\n2: Large", 2, ["Blue", "Large"]],
    ["Blue", 2, ["Blue", "Blue"]],
    ["2. Blue\n1. Large", 2, ["2. Blue\n1. Large", "2. Blue\n1. Large"]],
    ["1. Blue", 2, ["1. Blue", "1. Blue"]],
    ["1.\n2. Large", 2, ["1.\n2. Large", "1.\n2. Large"]],
  ])("%j for %i → %j", (text, items, answers) => {
    expect(splitAnswer(text, items)).toEqual(answers);
  });
});
