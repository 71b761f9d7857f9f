import { expect, test } from "vitest";
import { AskedLately } from "./asked-lately.ts";

test("a session under way is asked once in half a minute, one that has ended each time, one that did not answer again", () => {
  const asked = new AskedLately();
  expect([0, 29_999, 30_000, 30_001].map((at) => asked.takes("s", false, at))).toEqual([true, false, true, false]);
  expect([asked.takes("s", true, 30_002), asked.takes("s", true, 30_003), asked.takes("other", false, 30_004)]).toEqual([true, true, true]);
  asked.forget("s");
  expect(asked.takes("s", false, 30_005)).toBe(true);
});

test("no more are remembered than a thousand", () => {
  const asked = new AskedLately();
  for (let n = 0; n <= 1_000; n += 1) asked.takes(`s${n}`, false, 0);
  expect(["s0", "s1000"].map((session) => asked.takes(session, false, 1))).toEqual([true, false]);
});
