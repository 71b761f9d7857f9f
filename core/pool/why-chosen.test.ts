import { expect, test } from "vitest";
import type { AgentId } from "../ids.ts";
import type { Candidate } from "./state.ts";
import { renderWhy, whyChosen } from "./why-chosen.ts";

const candidate = (agent: string, weight: number, history: readonly boolean[] = [], preferred = false): Candidate => ({
  agent: agent as AgentId,
  kind: "remote",
  status: "online",
  slots: 1,
  busyElsewhere: 0,
  capabilities: [{ name: "code", weight, preferred, healthy: true, history }],
});

test("the factors of the score as it was, and how many would have had a higher one", () => {
  const candidates = [candidate("a", 0.5, [true, false], true), candidate("b", 1), candidate("c", 0.1)];
  const why = { weight: 0.5, success: 0.513, recent: 1, preferred: 1.05, results: 2, others: 2, better: 1 };
  expect(whyChosen("a" as AgentId, "code", candidates)).toEqual(why);
  expect(whyChosen("a" as AgentId, "sing", candidates)).toBeUndefined();
});

test.each([
  [{ others: 0 }, "weight 1, no results yet, the only one"],
  [
    { others: 2, results: 20, success: 0.9, recent: 1.1, preferred: 1.05 },
    "weight 1, success 0.9 over 20, recent 1.1, preferred 1.05, best of 3",
  ],
  [{ others: 2, better: 1 }, "weight 1, no results yet, 1 better not free"],
])("%o in words", (some, words) => {
  const why = { weight: 1, success: 1, recent: 1, preferred: 1, results: 0, better: 0, ...some };
  expect(renderWhy(why)).toBe(words);
});
