import { expect, test } from "vitest";
import { renderLearnings } from "./learnings.ts";
import { cut, newestThatFit } from "./parts.ts";

test("nothing learned, nothing said", () => {
  expect(renderLearnings([])).toBeNull();
});

test("says each with where it holds, the newest last, and which they were", () => {
  const told = renderLearnings([
    { id: 1, text: "Colours are blue.", scope: "repository", at: 20 },
    { id: 2, text: "Times are UTC.", scope: "mesh", at: 10 },
  ]);
  expect(told?.shown).toEqual([2, 1]);
  expect(told?.part).toEqual({
    role: "user",
    part: "learnings",
    content:
      "What was learned before, from people's answers; the newer counts:\n\n- Times are UTC. (everywhere)\n- Colours are blue. (in this repository)",
  });
});

test("stays within its budget: the oldest are left out", () => {
  const many = Array.from({ length: 9 }, (_, index) => ({ id: index, text: "x".repeat(700), scope: "mesh" as const, at: index }));
  const told = renderLearnings(many);
  expect(told?.shown).toEqual([5, 6, 7, 8]);
  expect(told?.part.content.length).toBeLessThan(3_100);
});

test.each([
  [["aaa", "bb", "c"], 6, ["aaa", "bb", "c"]],
  [["aaa", "bb", "c"], 5, ["bb", "c"]],
  [["a", "bbbb", "c"], 2, ["c"]],
  [["aaa"], 2, []],
  [[], 2, []],
])("newestThatFit %j in %i", (entries, limit, expected) => {
  expect(newestThatFit(entries, limit)).toEqual(expected);
});

test("a cut text says so", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("abcd", 3)).toBe("abc\n… (cut)");
});
