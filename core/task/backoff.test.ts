import { expect, test } from "vitest";
import { defaultPolicy } from "../policy.ts";
import { backoffMs } from "./backoff.ts";

test.each([
  [0, 0],
  [1, 10_000],
  [2, 20_000],
  [3, 40_000],
  [5, 160_000],
  [6, 300_000],
  [60, 300_000],
  [5_000, 300_000],
])("%i failures in a row: %i ms", (failures, ms) => expect(backoffMs(failures, defaultPolicy.backoff)).toBe(ms));
