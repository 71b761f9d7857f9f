import { expect, test } from "vitest";
import { stepsOf } from "./fix-steps.ts";

test("a step a line, with the commands that are set in", () => {
  expect(stepsOf("1. Make a token:\n  curl -X POST x\n\n- start it:\n  a \\\n  b\nThen retry.\n")).toEqual([
    { text: "Make a token:", commands: ["curl -X POST x"] },
    { text: "start it:", commands: ["a \\", "b"] },
    { text: "Then retry.", commands: [] },
  ]);
  expect(stepsOf("  first line set in")).toEqual([{ text: "first line set in", commands: [] }]);
  expect(stepsOf("")).toEqual([]);
});
