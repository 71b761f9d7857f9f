import { expect, test } from "vitest";
import { questionOf } from "../../drizzle/journal.fixture.ts";
import { answersOf, emptyDraft, guessed, pick, pickOwn, takesOwnWords, write, type ItemDraft } from "./draft.ts";

const [single] = questionOf().items;
if (!single) throw new Error("the question has no item");
const several = { ...single, multiple: true };
const [empty] = emptyDraft([single]) as [ItemDraft];

test("one choice takes the place of another, and of own words, which are kept", () => {
  const written = write(pick(empty, 0, false), " Teal \n", false);
  expect(answersOf([single], [written])).toEqual(["Teal"]);
  const chosen = pick(written, 1, false);
  expect(answersOf([single], [chosen])).toEqual(["Green"]);
  expect(answersOf([single], [pickOwn(chosen, true, false)])).toEqual(["Teal"]);
});

test("several choices come in the question's order, own words last; a second tap gives one back", () => {
  const both = pick(pick(empty, 1, true), 0, true);
  expect(answersOf([several], [both])).toEqual(["Blue, Green"]);
  expect(answersOf([several], [write(pick(both, 0, true), "Teal", true)])).toEqual(["Green, Teal"]);
  expect(answersOf([several], [write(both, "", true)])).toEqual(["Blue, Green"]);
});

test("no answers while an item has none", () => {
  const items = [single, several];
  expect(answersOf(items, emptyDraft(items))).toBeUndefined();
  expect(answersOf(items, [pick(empty, 0, false), empty])).toBeUndefined();
  expect(answersOf(items, [pick(empty, 0, false), write(empty, "  ", true)])).toBeUndefined();
  expect(answersOf(items, [pick(empty, 0, false), pick(empty, 1, true)])).toEqual(["Blue", "Green"]);
});

test.each([
  [single, "green", { chosen: [1], own: "", useOwn: false }],
  [single, "Teal", { chosen: [], own: "Teal", useOwn: true }],
  [several, "Green, Blue", { chosen: [1, 0], own: "", useOwn: false }],
  [several, "Green, Teal", { chosen: [], own: "Green, Teal", useOwn: true }],
])("a guess is put down as a choice where it is one", (item, text, draft) => {
  expect(guessed([item], [text])).toEqual([draft]);
});

test.each([
  ["session", true],
  ["plan-approval", true],
  ["budget", false],
  ["merge", false],
  ["decision", false],
] as const)("%s takes own words: %s", (purpose, takes) => {
  expect(takesOwnWords(questionOf({ purpose }))).toBe(takes);
  expect(takesOwnWords({ purpose, items: [{ text: "Why?", options: [], multiple: false }] })).toBe(true);
});
