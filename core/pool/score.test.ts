import { expect, test } from "vitest";
import { recentBoost, score, successRate } from "./score.ts";
import type { CandidateCapability } from "./state.ts";

const offer: CandidateCapability = { name: "research", weight: 0.8, preferred: false, healthy: true, history: [] };
const [yes, no] = [true, false];

test("worked by hand, to 1e-12", () => {
  const cases: [CandidateCapability, number][] = [
    [offer, 0.8],
    [{ ...offer, preferred: true }, 0.84],
    [{ ...offer, weight: 1, preferred: true, history: [yes, yes, yes] }, 1.155],
    // (1 + 0.9025) / (1 + 0.95 + 0.9025) = 1.9025 / 2.8525
    [{ ...offer, weight: 1, history: [yes, no, yes] }, 0.666_958_808_063_102_6],
    // 0.95 / 1.95 · 0.8
    [{ ...offer, history: [no, yes] }, 0.389_743_589_743_589_7],
    // (1 + .95 + .9025) / (1 + .95 + .9025 + .857375) = 2.8525 / 3.709875, · 0.8 · 1.1 · 1.05
    [{ ...offer, preferred: true, history: [yes, yes, yes, no] }, 0.710_457_899_524_916_6],
    [{ ...offer, history: [no, no, no] }, 0],
    [{ ...offer, healthy: false, history: [yes, yes, yes] }, 0],
    [{ ...offer, weight: 0 }, 0],
  ];
  for (const [capability, expected] of cases) expect(Math.abs(score(capability) - expected)).toBeLessThan(1e-12);
});

test("without history an agent is trusted", () => expect([successRate([]), recentBoost([])]).toEqual([1, 1]));

test("a geometric series of 20: nineteen successes after one failure", () => {
  const expected = 1 - 1 / ((1 - 0.95 ** 20) / 0.05);
  expect(Math.abs(successRate([no, ...Array<boolean>(19).fill(yes)]) - expected)).toBeLessThan(1e-12);
});

test("only the last 20 results count", () => {
  expect(successRate([...Array<boolean>(20).fill(yes), ...Array<boolean>(50).fill(no)])).toBe(1);
});

test("the boost needs three results, all successes, newest first", () => {
  expect(
    [
      [yes, yes],
      [yes, yes, yes],
      [no, yes, yes, yes],
      [yes, yes, yes, no],
    ].map(recentBoost),
  ).toEqual([1, 1.1, 1, 1.1]);
});
