import { commit, edit, generalRework, read, runTests, type Story, words, write } from "./story.ts";

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { Notes } from "../src/notes.js";

test("upper and lower case do not matter", () => {
  const notes = new Notes();
  notes.add("Bank holiday on Monday");
  assert.equal(notes.search("bank").length, 1);
  assert.equal(notes.search("HOLIDAY").length, 1);
  assert.equal(notes.search("tuesday").length, 0);
});
`;

/** A one-line fix with its test. */
export const notes1: Story = {
  plan: () => words("## Plan\n\n1. Compare both texts in lower case.\n2. A test for it.\n"),
  implement: () => ({
    steps: [
      read("src/notes.js"),
      edit("src/notes.js", "note.text.includes(query)", "note.text.toLowerCase().includes(query.toLowerCase())"),
      write("test/search-case.test.js", TEST),
      runTests(),
      commit("Find notes whatever their case"),
    ],
    say: "The search no longer minds upper and lower case; a test holds it.",
  }),
  rework: generalRework,
  answer: (scene) => notes1.implement(scene),
};
