import { expect, test } from "vitest";
import { gather } from "./gather.ts";

function stage() {
  const heard: (readonly number[])[] = [];
  const due: (() => void)[] = [];
  return {
    heard,
    due,
    tell: gather<number>(
      (items) => heard.push(items),
      (run) => due.push(run),
    ),
  };
}

test("what comes alone is handed on at once, a burst in a few parts, in order and whole", () => {
  const { heard, due, tell } = stage();
  tell([1]);
  expect(heard).toEqual([[1]]);
  for (let item = 2; item <= 500; item += 1) tell([item]);
  due.shift()?.();
  for (let item = 501; item <= 1_000; item += 1) tell([item]);
  due.shift()?.();
  expect(heard.map((items) => items.length)).toEqual([1, 499, 500]);
  expect(heard.flat()).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
});

test("after a pause the next is handed on at once again", () => {
  const { heard, due, tell } = stage();
  tell([1]);
  due.shift()?.();
  expect(due).toHaveLength(0);
  tell([2]);
  expect(heard).toEqual([[1], [2]]);
});
