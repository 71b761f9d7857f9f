import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepLooking, type Looks } from "./keep-looking.ts";

let looks: Looks;
let seen: { at: number; whole: boolean }[];
let all: boolean;
let hidden: boolean;
let works: boolean;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [seen, all, hidden, works] = [[], true, false, true];
  looks = keepLooking({
    async look(whole) {
      seen.push({ at: Date.now(), whole });
      return works;
    },
    hasAll: async () => all,
    hidden: () => hidden,
  });
});
afterEach(() => {
  looks.end();
  vi.useRealTimers();
});
const times = () => seen.map(({ at }) => at);

test("a kick is followed by three looks, the later ones at everything, and then by one every half minute", async () => {
  await vi.advanceTimersByTimeAsync(63_700);
  expect(seen).toEqual([
    { at: 600, whole: false },
    { at: 1_600, whole: true },
    { at: 3_600, whole: true },
    { at: 33_600, whole: true },
    { at: 63_600, whole: true },
  ]);
});

test("kicks in a short time are one look, and do not put it off", async () => {
  await vi.advanceTimersByTimeAsync(10_000);
  seen.length = 0;
  for (let kick = 0; kick < 50; kick += 1) {
    looks.kick();
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(times()).toEqual([10_600]);
});

test("as long as something is missing it is looked on, ever more seldom", async () => {
  all = false;
  await vi.advanceTimersByTimeAsync(24_000);
  expect(times()).toEqual([600, 1_600, 3_600, 7_600, 15_600, 23_600]);
  expect(seen.every(({ whole }) => !whole)).toBe(true);
  all = true;
  await vi.advanceTimersByTimeAsync(8_000);
  expect(seen.at(-1)).toEqual({ at: 31_600, whole: true });
});

test("what failed is looked for again", async () => {
  works = false;
  await vi.advanceTimersByTimeAsync(8_000);
  expect(times()).toEqual([600, 1_600, 3_600, 7_600]);
});

test("nobody looks: nothing is asked, and a kick on return looks at once", async () => {
  hidden = true;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(seen).toEqual([]);
  hidden = false;
  looks.kick();
  await vi.advanceTimersByTimeAsync(700);
  expect(times()).toEqual([40_600]);
});

test("ended, it does nothing more", async () => {
  await vi.advanceTimersByTimeAsync(700);
  looks.end();
  looks.kick();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times()).toEqual([600]);
});
