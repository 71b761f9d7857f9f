import { expect, test } from "vitest";
import { questionOf, runOf } from "../../drizzle/journal.fixture.ts";
import type { RunView } from "../../core/project/views.ts";
import { runCommands } from "./run-commands.ts";

const offered = (more: Partial<RunView>) =>
  runCommands(runOf(more))
    .filter(({ refusal }) => refusal === null)
    .map(({ command }) => command);

test.each([
  ["at work", {}, ["retry", "pause", "advance", "cancel"]],
  ["paused", { awaiting: "paused" }, ["retry", "resume", "advance", "cancel"]],
  ["the mesh stopped, which may hide a pause", { awaiting: "stopped" }, ["retry", "pause", "resume", "advance", "cancel"]],
  ["waiting for its turn", { phase: "INTAKE", awaiting: "turn" }, ["pause", "cancel"]],
  ["waiting for checks", { phase: "REVIEW", awaiting: "checks" }, ["pause", "advance", "cancel"]],
  [
    "asking how to go on while checks run",
    { phase: "REVIEW", awaiting: "checks", questions: [questionOf({ purpose: "fix" })] },
    ["retry", "pause", "advance", "cancel"],
  ],
  ["ended", { phase: "FAILED", endedAt: 1 }, ["retry"]],
] as const)("%s", (_, more, commands) => {
  expect(offered(more)).toEqual(commands);
});

test("an ended run is started anew under the next number", () => {
  const [retry] = runCommands(runOf({ run: 2, endedAt: 1, phase: "CANCELLED" }));
  expect(retry).toMatchObject({ word: "Start anew", does: expect.stringContaining("Run 3 of issue #1") as string });
});

test("what advancing does depends on the phase", () => {
  const does = (more: Partial<RunView>) => runCommands(runOf(more)).find(({ command }) => command === "advance")?.does;
  const merged = { number: 1, url: "https://github.com/a/b/pull/1", merged: true, commits: 1 };
  const all = [
    ...["INTAKE", "PLANNING", "IMPLEMENTATION", "QA", "REVIEW"].map((phase) => does({ phase })),
    does({ phase: "REVIEW", pullRequest: merged }),
  ];
  expect(new Set(all).size).toBe(6);
});
