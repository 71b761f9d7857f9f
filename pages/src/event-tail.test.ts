import { expect, test } from "vitest";
import { eventKey, lookFrom, merged, newestFirst, unseen } from "./event-tail.ts";

const event = (project: string, seq: number, at: number) => ({ project, seq, at });
const numbers = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);

test("events are in the API's order: by time, then by project and number, the latest first", () => {
  const events = [event("b", 1, 5), event("a", 2, 5), event("a", 1, 5), event("a", 3, 9), event("b", 2, 1)];
  expect(events.toReversed().toSorted(newestFirst).map(eventKey)).toEqual(["a~3", "b~1", "a~2", "a~1", "b~2"]);
});

test("what comes is put in its place, and each event is there once", () => {
  const shown = [event("a", 4, 40), event("a", 2, 20)];
  expect(numbers(merged(shown, [event("a", 5, 50), event("a", 3, 30), event("a", 4, 40)]))).toEqual([5, 4, 3, 2]);
  expect(merged(shown, [])).toBe(shown);
});

test("what lies below the end of a list that goes on is not new; where nothing follows, it is", () => {
  const page = [event("a", 3, 30), event("b", 9, 5)];
  const known = new Set(["a~3"]);
  expect(unseen(page, known, event("a", 2, 20))).toEqual([]);
  expect(numbers(unseen(page, known, undefined))).toEqual([9]);
  expect(numbers(unseen(page, new Set(), event("a", 2, 20)))).toEqual([3]);
});

test("it is looked from the end of the list on, and once all has come from a minute before the newest", () => {
  const items = [event("a", 9, 500_000), event("a", 1, 100_000)];
  expect(lookFrom(items, true, false, 0)).toBe(100_000);
  expect(lookFrom(items, true, true, 0)).toBe(440_000);
  expect(lookFrom(items, false, false, 0)).toBe(0);
  expect(lookFrom([], false, true, 7)).toBe(7);
  expect(lookFrom(items, true, true, 450_000)).toBe(450_000);
});
