import { afterEach, expect, test } from "vitest";
import { clock, now } from "./clock.ts";

afterEach(() => clock.reset());

test("shifting moves the present, resetting brings it back", () => {
  const before = Date.now();
  clock.shift(60_000);
  clock.shift(-10_000);
  expect(now() - before).toBeGreaterThanOrEqual(50_000);
  expect(now() - before).toBeLessThan(55_000);
  clock.reset();
  expect(now() - before).toBeLessThan(5_000);
});

test("a due time is set in real time", () => {
  clock.shift(60_000);
  expect(clock.real(100_000)).toBe(40_000);
});
