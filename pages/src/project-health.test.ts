import { expect, test } from "vitest";
import { boardHealth, hookHealth, type BoardReading, type HookReading } from "./project-health.ts";

const minute = 60_000;
const now = 1_000 * minute;
const hook: HookReading = { kind: "repository", number: 1, lastDelivery: { at: now - minute, event: "push", statusCode: 200 }, failed: 0 };
const board: BoardReading = {
  ...{ board: { url: "https://github.com/orgs/a/projects/1", observedBy: "poll" }, polledAt: now - minute, cards: 1, redacted: 0 },
  points: { hourFrom: now - 30 * minute, used: 7, limit: 5_000 },
};

test.each([
  ["well", {}, "done", "and arrived", false],
  ["none to be seen", { number: null, lastDelivery: null }, "warned", "GitHub has none that the mesh may see", true],
  ["nothing delivered yet", { lastDelivery: null }, "next", "remembers no delivery", false],
  ["refused by us", { lastDelivery: { at: now, event: "push", statusCode: 502 } }, "failed", "was answered 502", true],
  ["not reached", { lastDelivery: { at: now, event: "push", statusCode: 0 } }, "failed", "got no answer", true],
  ["some lost", { failed: 2 }, "warned", "2 of the last day did not", true],
  ["the App's, which has no number", { kind: "app", number: null }, "done", "Webhook of the App", false],
] as const)("a webhook: %s", (_, more, standing, words, hasTodo) => {
  const line = hookHealth({ ...hook, ...more });
  expect([line.standing, line.todo !== undefined]).toEqual([standing, hasTodo]);
  expect(line.text).toContain(words);
});

test.each([
  ["read lately", {}, "done", "7 of 5,000 GraphQL points"],
  ["points of an hour that is over", { points: { hourFrom: now - 61 * minute, used: 900, limit: 5_000 } }, "done", "0 of 5,000"],
  ["never read", { polledAt: 0 }, "warned", "has not been read yet"],
  ["not read for long", { polledAt: now - 31 * minute }, "warned", "not read for long"],
] as const)("a board: %s", (_, more, standing, words) => {
  const [line] = boardHealth({ ...board, ...more }, now);
  expect(line?.standing).toBe(standing);
  expect(line?.text).toContain(words);
});

test("hidden cards are a line of their own, with what to do", () => {
  const lines = boardHealth({ ...board, redacted: 2 }, now);
  expect(lines[1]).toMatchObject({ standing: "warned", text: "2 cards are hidden from the mesh." });
  expect(lines[1]?.todo).toBeDefined();
});
