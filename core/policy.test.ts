import { expect, test } from "vitest";
import { mergeOverrides, parsePolicy, patchOverrides } from "./policy.ts";

const current = { maxActiveRuns: 5, columns: { todo: "Backlog", qa: "Testing" }, qa: { testCommand: "npm test" }, people: ["ada"] };

test("a change names what is to be set, section by section; lists are replaced whole", () => {
  expect(patchOverrides(current, { columns: { qa: "QA2" }, backoff: { firstMs: 1 }, people: ["bob"] })).toEqual({
    ...current,
    columns: { todo: "Backlog", qa: "QA2" },
    backoff: { firstMs: 1 },
    people: ["bob"],
  });
  expect(patchOverrides(current, {})).toEqual(current);
});

test("null takes a setting or a whole section away, and an empty section goes with its last key", () => {
  expect(patchOverrides(current, { maxActiveRuns: null, columns: { todo: null }, qa: { testCommand: null }, people: null })).toEqual({
    columns: { qa: "Testing" },
  });
  expect(patchOverrides(current, { columns: null })).toEqual({ maxActiveRuns: 5, qa: { testCommand: "npm test" }, people: ["ada"] });
  expect(patchOverrides(current, { merge: null, budget: { perIssueUsd: null } })).toEqual(current);
});

test("what was taken away falls back to the value below: the mesh's, then the default", () => {
  const mesh = { questions: { answerAt: 0.9 }, qa: { testCommand: "make test" } };
  const project = patchOverrides(
    { questions: { answerAt: 0.5 }, qa: { testCommand: "npm test", checks: true } },
    { questions: null, qa: { testCommand: null } },
  );
  const policy = parsePolicy(mergeOverrides(mesh, project));
  expect(policy.ok && [policy.value.questions.answerAt, policy.value.qa]).toEqual([
    0.9,
    expect.objectContaining({ testCommand: "make test", checks: true }),
  ]);
  const bare = parsePolicy(mergeOverrides(patchOverrides(mesh, { questions: { answerAt: null } }), {}));
  expect(bare.ok && bare.value.questions.answerAt).toBe(0.75);
});

test("what does not fit is kept for the check to refuse with its path", () => {
  for (const [patch, path] of [
    [{ columns: { nope: "x" } }, "columns.nope"],
    [{ nope: { deep: 1 } }, "nope"],
    [{ columns: "x" }, "columns"],
    [{ maxActiveRuns: {} }, "maxActiveRuns"],
  ] as const) {
    const parsed = parsePolicy(patchOverrides(current, patch));
    expect(parsed).toMatchObject({ ok: false, error: [{ path }] });
  }
});

test("quiet hours are times of day", () => {
  const quiet = (quietFrom: string, quietTo = "07:00") => parsePolicy({ notify: { quietFrom, quietTo, utcOffsetMinutes: 60 } });
  expect(quiet("22:30")).toMatchObject({ ok: true, value: { notify: { quietFrom: "22:30", topics: [] } } });
  for (const time of ["24:00", "7:00", "22:60", "", "22:30:00"])
    expect(quiet(time)).toMatchObject({ ok: false, error: [{ path: "notify.quietFrom" }] });
  expect(parsePolicy({ notify: { topics: [{ person: "ann", topic: "a/b" }] } })).toMatchObject({
    ok: false,
    error: [{ path: "notify.topics.0.topic" }],
  });
});

test("a stored setting that is no longer there is passed over, in whichever section; another unknown one is still refused", () => {
  const stored = { github: { writeSpacingMs: 0, pollShare: 0.5 }, session: { leaseMs: 60_000, takeoverAfterMs: 1_000 } } as never;
  expect(parsePolicy(stored)).toMatchObject({ ok: true, value: { github: { pollShare: 0.5 }, session: { takeoverAfterMs: 1_000 } } });
  expect(parsePolicy({ merge: "auto", github: { writeSpacing: 1 } })).toMatchObject({
    ok: false,
    error: [{ path: "github.writeSpacing" }],
  });
  expect(parsePolicy({ writeSpacingMs: 1 })).toMatchObject({ ok: false });
});
