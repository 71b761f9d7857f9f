import { expect, test } from "vitest";
import { withFresh } from "./use-list.ts";

const keyOf = (item: string) => item.charAt(0);

test.each([
  ["nothing new", ["a", "b", "c", "d"], ["a", "b"], ["a", "b", "c", "d"], "old"],
  ["one more in front, one changed", ["b", "c", "d"], ["a", "b2"], ["a", "b2", "c", "d"], "old"],
  ["one is gone", ["a", "b", "c", "d"], ["a", "c"], ["a", "c", "d"], "old"],
  ["one has moved up", ["a", "b", "c", "d"], ["d2", "a"], ["d2", "a", "b", "c"], "old"],
  ["nothing in common", ["x", "y"], ["a", "b"], ["a", "b"], "new"],
  ["all that was shown came again, and more", ["a", "b"], ["a", "b"], ["a", "b"], "new"],
])("%s", (_, shown, fresh, expected, cursor) => {
  expect(withFresh({ items: shown, cursor: "old" }, { items: fresh, cursor: "new" }, keyOf)).toEqual({ items: expected, cursor });
});

test("a fresh page that is all there is stands alone", () => {
  const fresh = { items: ["a"], cursor: null };
  expect(withFresh({ items: ["a", "b"], cursor: "old" }, fresh, keyOf)).toEqual(fresh);
});
