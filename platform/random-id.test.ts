import { expect, test } from "vitest";
import { randomId } from "./random-id.ts";

test("ids have 25 characters of the alphabet and differ", () => {
  const ids = Array.from({ length: 2_000 }, randomId);
  expect(ids.every((id) => /^[0-9a-z]{25}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every character of the alphabet comes up about as often", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 2_000; i++) for (const character of randomId()) counts.set(character, (counts.get(character) ?? 0) + 1);
  expect(counts.size).toBe(36);
  const expected = (2_000 * 25) / 36;
  for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.25);
});
