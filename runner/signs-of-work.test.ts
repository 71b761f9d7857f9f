import { describe, expect, test } from "vitest";
import { minuteMs, secondMs } from "../core/time.ts";
import { familyOf, isAtWork, liveCommands, processKey, signOfWork, workRhythm, type SeenProcess } from "./signs-of-work.ts";

test.each([
  // busy, commands, changed
  [true, 1, false, "command"],
  [true, 3, true, "command"],
  [true, null, false, "command"],
  [true, 0, false, null],
  [true, 0, true, "change"],
  [false, 1, false, null],
  [false, 1, true, "change"],
  [false, 0, false, null],
  [false, 0, true, "change"],
  [false, null, false, null],
  [false, null, true, "change"],
] as const)("busy %s, commands %s, changed %s → %s", (busy, commands, changed, sign) => {
  expect(signOfWork({ busy, commands, changed })).toBe(sign);
});

describe("commands", () => {
  const seen = (pid: number, parent: number, state = "S", startedAt = "100"): SeenProcess => ({ pid, parent, state, startedAt });
  const all = [seen(1, 0), seen(40, 30), seen(10, 1), seen(30, 20), seen(20, 10), seen(99, 1), seen(100, 99)];

  test("the family of an agent, in whatever order they are listed", () => {
    expect(
      familyOf(10, all)
        .map(({ pid }) => pid)
        .toSorted((a, b) => a - b),
    ).toEqual([10, 20, 30, 40]);
    expect(familyOf(7, all)).toEqual([]);
  });

  test.each([
    ["what runs below the agent", 10, [], all, 3],
    ["nothing", 40, [], all, 0],
    ["not what it had before it began", 10, [seen(20, 10), seen(30, 20)], all, 1],
    ["not what is stopped or dead", 10, [], [seen(10, 1), seen(11, 10, "T"), seen(12, 10, "t"), seen(13, 10, "Z"), seen(14, 10, "X")], 0],
    ["what runs below a stopped agent", 10, [], [seen(10, 1, "T"), seen(11, 10, "D"), seen(12, 10, "R")], 2],
    ["what got the number of one that it had", 10, [seen(11, 10, "S", "100")], [seen(10, 1), seen(11, 10, "S", "900")], 1],
    ["an agent that is gone has none", 5, [], all, 0],
  ] as const)("%s", (_, agent, own, processes, count) => {
    expect(liveCommands(agent, new Set(own.map(processKey)), processes)).toBe(count);
  });
});

test.each([
  [undefined, 15 * secondMs, minuteMs],
  [10 * minuteMs, 15 * secondMs, minuteMs],
  [60 * minuteMs, 15 * secondMs, minuteMs],
  [minuteMs, 6 * secondMs, 12 * secondMs],
  [secondMs, 100, 200],
  [1, 50, 100],
])("stalled after %s ms: told every %s, looked every %s", (stallAfterMs, tellEveryMs, lookEveryMs) => {
  expect(workRhythm(stallAfterMs)).toEqual({ tellEveryMs, lookEveryMs });
});

test.each([
  [0, 600, 0, true],
  [0, 600, 299, true],
  [0, 600, 300, false],
  [500, 600, 700, true],
])("a sign at %i, stalled after %i, nudged at %i: at work is %s", (lastSignAt, stallAfterMs, now, is) => {
  expect(isAtWork(lastSignAt, stallAfterMs, now)).toBe(is);
});
