// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { isTakenBy, keys } from "./keys.ts";

test.each([
  ["<input>", true],
  ['<input type="radio">', false],
  ["<textarea></textarea>", true],
  ["<select></select>", true],
  ["<a href='#/'>x</a>", false],
  ["<button>x</button>", false],
  ["<dialog><button class='it'>x</button></dialog>", true],
  ["<div data-own-keys><span class='it'>x</span></div>", true],
])("%s keeps its keys to itself: %s", (html, taken) => {
  document.body.innerHTML = html;
  const target = document.querySelector(".it") ?? document.body.firstElementChild;
  expect(isTakenBy(target)).toBe(taken);
});

test("no two keys are the same", () => {
  expect(new Set(keys.map((key) => key.keys)).size).toBe(keys.length);
});
