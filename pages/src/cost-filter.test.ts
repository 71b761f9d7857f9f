import { expect, test } from "vitest";
import { costAddress, everyCost, parseCostFilter, rangeOf, usageQuery } from "./cost-filter.ts";
import { renderTokens } from "./cost-table.tsx";
import { platformUsd } from "./platform-price.ts";

const parse = (query: string) => parseCostFilter(new URLSearchParams(query));

test("an address says its filters, and they say it; the usual time needs no word", () => {
  const filter = { ...everyCost, range: "night", project: "acme/todo-app", issue: "12", agent: "-", phase: "QA" } as const;
  const address = costAddress(filter);
  expect(parse(address.slice(address.indexOf("?")))).toEqual(filter);
  expect(costAddress(everyCost)).toBe("#/cost");
  expect(parse("")).toEqual(everyCost);
});

test.each([
  ["issue=12", {}],
  ["range=century", {}],
  ["since=2026-11-27T00:00:00Z", {}],
  ["since=2026-11-27T00:00:00Z&until=2026-11-26T00:00:00Z", {}],
  [
    "range=night&since=2026-11-26T00:00:00Z&until=2026-11-27T00:00:00Z",
    { range: "", since: "2026-11-26T00:00:00.000Z", until: "2026-11-27T00:00:00.000Z" },
  ],
  ["phase=review", { phase: "REVIEW" }],
])("%s", (query, expected) => {
  expect(parse(query)).toEqual({ ...everyCost, ...expected });
});

test("what is asked for: the time, the zone, and who the mesh itself is", () => {
  const filter = parse("project=a/b&agent=-&since=1970-01-01T00:00:00Z&until=1970-01-01T01:00:00Z");
  const query = usageQuery(filter, rangeOf(filter, 0), "Europe/Berlin");
  expect(query).toBe("/usage?since=0&until=3600000&zone=Europe%2FBerlin&project=a%2Fb&agent=");
});

test.each([
  [950, "950"],
  [12_345, "12.3 k"],
  [123_456, "123 k"],
  [999_600, "1.0 M"],
  [4_500_000, "4.5 M"],
  [1_234_000_000, "1,234 M"],
])("%d tokens", (tokens, text) => {
  expect(renderTokens(tokens)).toBe(text);
});

test("the platform's price is that of each thing it bills", () => {
  expect(platformUsd({ requests: 1e6, rowsWritten: 1e6 })).toBeCloseTo(1.15);
  expect(platformUsd({})).toBe(0);
});
