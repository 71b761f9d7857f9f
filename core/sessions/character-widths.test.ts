import { expect, test } from "vitest";
import { characterWidths, composed } from "./character-widths.ts";

test("a character takes as many columns as terminals of today give it", () => {
  const widths = (text: string) => [...text].map((char) => characterWidths.wcwidth(char.codePointAt(0) ?? 0));
  expect(widths("aß─●✗…\u00AD")).toEqual([1, 1, 1, 1, 1, 1, 1]);
  expect(widths("漢한ア😀✅⚡👩")).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(widths("\u0301\u200D\uFE0F\u0007\u0085")).toEqual([0, 0, 0, 0, 0]);
});

test("a mark joins what is before it, and nothing at the beginning", () => {
  const letter = characterWidths.charProperties(0x65, 0);
  const emoji = characterWidths.charProperties(0x1f600, letter);
  expect([letter, emoji]).toEqual([0b010, 0b100]);
  expect(characterWidths.charProperties(0x301, letter)).toBe(0b011);
  expect(characterWidths.charProperties(0xfe0f, emoji)).toBe(0b101);
  expect(characterWidths.charProperties(0x301, 0)).toBe(0);
});

test("a composed text keeps what is seen", () => {
  expect(composed("e\u0301 👩\u200D💻 ⚠\uFE0F q\u0301 a\u00ADb")).toBe("\u00E9 👩💻 ⚠ q\u0301 a\u00ADb");
});
