import { expect, test } from "vitest";
import { eventTypeWords } from "./event-type-words.ts";
import { around, eventQuery, eventsAddress, everyEvent, parseEventFilter } from "./event-filter.ts";

const parse = (query: string) => parseEventFilter(new URLSearchParams(query));

test("an address says its filters, and they say it", () => {
  const filter = { ...everyEvent, project: "acme/todo-app", issue: "12", type: "question-asked", agent: "runner.one", range: "1h" };
  const address = eventsAddress(filter);
  expect(address).toBe("#/events?project=acme%2Ftodo-app&issue=12&type=question-asked&agent=runner.one&range=1h");
  expect(parse(address.slice(address.indexOf("?")))).toEqual(filter);
  expect(eventsAddress(everyEvent)).toBe("#/events");
  expect(eventsAddress(everyEvent, false)).toBe("#/events?tail=off");
});

test.each([
  ["issue=12", {}],
  ["project=a/b&issue=0x1", { project: "a/b" }],
  ["since=yesterday&until=1e99", {}],
  ["range=century", {}],
  ["range=1h&since=2026-11-27T00:00:00Z", { range: "1h" }],
  ["since=1764201600000", { since: "2025-11-27T00:00:00.000Z" }],
  ["colour=blue", {}],
])("what the API would refuse is left out: %s", (query, expected) => {
  expect(parse(query)).toEqual({ ...everyEvent, ...expected });
});

test("a range counts back from now", () => {
  expect(eventQuery({ ...everyEvent, range: "15m", trace: "1.1" }, 1_000_000)).toEqual({ trace: "1.1", since: "100000" });
  expect(eventQuery({ ...everyEvent, ...around(60_000) }, 0)).toEqual({
    since: "1970-01-01T00:00:00.000Z",
    until: "1970-01-01T00:02:00.000Z",
  });
});

test("no two types of event have the same words", () => {
  const words = Object.values(eventTypeWords);
  expect(new Set(words).size).toBe(words.length);
});
