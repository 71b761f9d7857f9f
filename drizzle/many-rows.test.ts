import { expect, test } from "vitest";
import { storableJson } from "./many-rows.ts";

test.each([
  ["NUL characters go", "a\0b\0\0c", "abc"],
  ["a written-out escape stays", String.raw`a\u0000b`, String.raw`a\u0000b`],
  ["a NUL after a backslash goes alone", "a\\\0b", "a\\b"],
  ["halves of surrogate pairs are replaced", "x\ud83dy\udc00", "x\uFFFDy\uFFFD"],
  ["whole pairs stay", "\u{1F600}", "\u{1F600}"],
  ["other control characters stay", "\u0001\u001f\n", "\u0001\u001f\n"],
])("%s", (_, given, kept) => {
  expect(JSON.parse(storableJson({ [given]: [given] }))).toEqual({ [kept]: [kept] });
});
