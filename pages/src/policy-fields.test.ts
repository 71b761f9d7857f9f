import * as z from "zod";
import { expect, test } from "vitest";
import { defaultPolicy, parsePolicy, policySchema } from "../../core/policy.ts";
import { parseLength, renderLength } from "./length-text.ts";
import { parseValue, patchOf, rangeOf, renderValue, sectionsOf, valueAt, words, type Schema } from "./policy-fields.ts";

const sections = sectionsOf(z.toJSONSchema(policySchema, { io: "input" }) as Schema);
const fields = sections.flatMap((section) => section.fields);
const field = (path: string) => {
  const found = fields.find((one) => one.path === path);
  if (!found) throw new Error(path);
  return found;
};

test("every setting of the policy has a field, with words for what it is", () => {
  const leaves = Object.entries(defaultPolicy).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value).map((key) => `${name}.${key}`) : [name],
  );
  expect(fields.map(({ path }) => path).toSorted()).toEqual(leaves.toSorted());
  expect(fields.filter(({ about, path }) => about === "" && !path.startsWith("columns."))).toEqual([]);
});

test("every default survives being put down and read back, and is what the mesh takes", () => {
  const changes = fields.map((one) => {
    const parsed = parseValue(one, renderValue(one, valueAt(defaultPolicy, one.path)));
    if (typeof parsed === "string") throw new Error(`${one.path}: ${parsed}`);
    return [one.path, parsed.value] as const;
  });
  expect(parsePolicy(patchOf(changes))).toEqual({ ok: true, value: defaultPolicy });
});

test("kinds, labels and ranges", () => {
  expect(field("budget.perIssueUsd")).toMatchObject({ kind: "number", label: "Per issue (US $)", whole: false });
  expect(field("session.takeoverAfterMs")).toMatchObject({ kind: "length", label: "Takeover after" });
  expect(field("merge")).toMatchObject({ kind: "choice", choices: ["auto", "human"] });
  expect(field("qa.testCommand")).toMatchObject({ kind: "text", nullable: true });
  expect(field("notify.quietFrom").kind).toBe("time");
  expect(field("notify.topics").kind).toBe("topics");
  expect([rangeOf(field("questions.remindAfterMs")), rangeOf(field("maxActiveRuns")), rangeOf(field("merge"))]).toEqual([
    "1 min – 7 d",
    "1 – 100",
    "",
  ]);
  expect(words("qa")).toBe("QA");
  expect(sections[0]?.fields.map(({ path }) => path)).toContain("people");
});

test("what cannot be read is said", () => {
  expect(parseValue(field("maxActiveRuns"), "two")).toBe("a number is needed");
  expect(parseValue(field("maxActiveRuns"), "1.5")).toBe("a whole number is needed");
  expect(parseValue(field("session.takeoverAfterMs"), "120")).toMatch(/like 10 min/);
  expect(parseValue(field("notify.topics"), "ada")).toMatch(/person: topic/);
  expect(parseValue(field("notify.topics"), "Ada L: ada-phone\n\nbob:bob")).toEqual({
    value: [
      { person: "Ada L", topic: "ada-phone" },
      { person: "bob", topic: "bob" },
    ],
  });
  expect(parseValue(field("people"), " ada,\nbob, ")).toEqual({ value: ["ada", "bob"] });
  expect(parseValue(field("qa.testCommand"), "  ")).toEqual({ value: null });
});

test.each([
  [0, "0 s"],
  [250, "250 ms"],
  [1_000, "1 s"],
  [90_000, "1.5 min"],
  [600_000, "10 min"],
  [5_400_000, "1.5 h"],
  [86_400_000, "1 d"],
  [1_234, "1234 ms"],
])("%i ms is %s, and back", (ms, text) => {
  expect(renderLength(ms)).toBe(text);
  expect(parseLength(text)).toBe(ms);
});

test.each([
  ["10min", 600_000],
  ["2 days", 172_800_000],
  ["3 Hours", 10_800_000],
  ["5 sec", 5_000],
  ["10", undefined],
  ["10 m", undefined],
  ["-1 min", undefined],
  ["1 year", undefined],
  ["", undefined],
])("%s is %s", (text, ms) => {
  expect(parseLength(text)).toBe(ms);
});
