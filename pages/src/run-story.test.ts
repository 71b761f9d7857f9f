import { expect, test } from "vitest";
import { questionOf, runOf } from "../../drizzle/journal.fixture.ts";
import { eventWords, type EventRow } from "./event-words.ts";
import { phaseSpans, runStory } from "./run-story.ts";

const row = (seq: number, type: string, data: Record<string, unknown> = {}, more: Partial<EventRow> = {}): EventRow => ({
  ...{ project: "p", seq, at: seq * 10, type, trace: "1.1", issue: 1, run: 1, task: null, agent: null, data },
  ...more,
});
const phases = [
  { phase: "INTAKE", at: 0 },
  { phase: "PLANNING", at: 20 },
  { phase: "PLANNING", at: 60 },
  { phase: "FAILED", at: 100 },
];

test("what the view tells stands among the events, the newest first, and is not told twice", () => {
  const answer = { answers: ["Green"], by: "ana", via: "dashboard", at: 55 } as const;
  const run = runOf({ phases, endedAt: 100, endedBecause: "no way on", session: null, questions: [questionOf({ askedAt: 45, answer })] });
  const events = [
    row(9, "run-ended"),
    row(7, "pull-request-opened", { number: 4, url: "https://github.com/a/b/pull/4" }),
    row(5, "question-asked"),
  ];
  const story = runStory(run, events, false);
  expect(story.map(({ at, kind }) => [at, kind])).toEqual([
    [100, "phase"],
    [70, "pull request"],
    [60, "phase"],
    [55, "question"],
    [45, "question"],
    [20, "phase"],
    [0, "phase"],
  ]);
  expect(story[0]).toMatchObject({ text: "Ended as failed.", detail: "no way on" });
  expect(story[1]?.link?.to).toBe("https://github.com/a/b/pull/4");
  expect(story[4]).toMatchObject({ text: "The session asked.", detail: "Blue or green?" });
  expect(new Set(story.map(({ key }) => key)).size).toBe(story.length);
});

test("while there are more events, nothing older than those that came is told", () => {
  const run = runOf({ phases, session: null });
  expect(runStory(run, [row(7, "session-nudged"), row(5, "task-started")], true).map(({ at }) => at)).toEqual([100, 70, 60, 50]);
});

test("each phase has its length and share; one that goes on lasts until now, and the end has none", () => {
  expect(phaseSpans({ phases, endedAt: 100 }, 500).map(({ phase, ms, share, isNow }) => [phase, ms, share, isNow])).toEqual([
    ["INTAKE", 20, 0.2, false],
    ["PLANNING", 40, 0.4, false],
    ["PLANNING", 40, 0.4, false],
  ]);
  const going = phaseSpans({ phases: phases.slice(0, 2), endedAt: null }, 120);
  expect(going.map(({ ms, isNow }) => [ms, isNow])).toEqual([
    [20, false],
    [100, true],
  ]);
  expect(phaseSpans({ phases: [], endedAt: null }, 1)).toEqual([]);
});

test.each([
  [row(1, "session-failed", { kind: "work", message: "<b>" }), "The session's step failed (work).", "<b>"],
  [row(1, "branch-pushed", { sha: "0123456789abcdef", commits: 1 }), "Pushed: 1 commit, now at 0123456789.", undefined],
  [row(1, "plan-reviewed", { approve: false, confidence: 0.5 }), "The plan was reviewed: to be improved, 50 % sure.", undefined],
  [
    row(1, "attempt-ended", { attempt: 2, capability: "code", status: "failed", error: { kind: "work", message: "no disk" } }),
    "Attempt 2 of code ended: failed.",
    "no disk",
  ],
  [
    row(1, "effect-failed", { kind: "open-pull-request", final: false, message: "502" }),
    "Refused outside: open pull request; it is tried again.",
    "502",
  ],
  [row(1, "something-new", { message: { deep: true } }), "something new.", undefined],
  [row(1, "question-asked", { items: [null, { text: "Which?" }, 7] }), "The mesh asked.", "\nWhich?\n"],
])("%j is said in words", (event, text, detail) => {
  expect(eventWords(event)).toEqual(detail === undefined ? { text } : { text, detail });
});
