import { expect, test } from "vitest";
import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { ProjectView, RunView } from "../../core/project/views.ts";
import { questionOf, runOf, start } from "../../drizzle/journal.fixture.ts";
import { dayBegin, dayLines, needsPerson, renderPoints, runsByNeed, troubled } from "./overview.ts";

const now = start + 3_600_000;
const asked = (at: number) => ({ questions: [{ ...questionOf(), askedAt: at }] });
const issues = (runs: readonly RunView[]) => runs.map(({ issue, run }) => `${issue}.${run}`);
const of = (...runs: readonly RunView[]) => runsByNeed([{ runs }] as unknown as ProjectView[], now);

test.each([
  ["a question with a person", asked(start), true],
  ["a question with the architect", { questions: [{ ...questionOf(), status: "with-architect" }] }, false],
  ["what a service refused", { awaiting: "effect" }, true],
  ["a pause", { awaiting: "paused" }, true],
  ["a merge by a person", { awaiting: "merge", explain: "Waits for a person to merge pull request #9." }, true],
  ["a merge by the mesh", { awaiting: "merge", explain: "Pull request #9 is being merged." }, false],
  ["a limit that ends by itself", { awaiting: "quota" }, false],
] as const)("%s needs a person: %s", (_, more, needed) => {
  expect(needsPerson(runOf(more as Partial<RunView>))).toBe(needed);
});

test("what waits longest and what is furthest come first, and each active run is in one of the two", () => {
  const found = of(
    runOf({ issue: 1, phase: "PLANNING" }),
    runOf({ issue: 2, phase: "REVIEW" }),
    runOf({ issue: 3, ...asked(start + 20) }),
    runOf({ issue: 4, ...asked(start + 10) }),
    runOf({ issue: 5, awaiting: "effect" }),
  );
  expect(issues(found.waiting)).toEqual(["4.1", "3.1", "5.1"]);
  expect(issues(found.running)).toEqual(["2.1", "1.1"]);
});

test("failed are those of seven days whose issue has no later run, the latest first", () => {
  const failed = (issue: number, run: number, endedAt: number) => runOf({ issue, run, phase: "FAILED", endedAt });
  const found = of(
    failed(1, 1, now - 1_000),
    failed(2, 1, now - 8 * 86_400_000),
    failed(3, 1, now - 5_000),
    runOf({ issue: 3, run: 2 }),
    failed(4, 1, now - 500),
    runOf({ issue: 5, phase: "CANCELLED", endedAt: now }),
  );
  expect(issues(found.failed)).toEqual(["4.1", "1.1"]);
});

test("agents that are not well, the worst first, each with why", () => {
  const agent = (id: string, status: string, health: readonly object[] = []) =>
    ({ id, status, health, capabilities: [], refusal: null }) as unknown as AgentView;
  const docker = { name: "docker", ok: false };
  const found = troubled([
    agent("well", "online", [{ name: "docker", ok: true }]),
    agent("leaving", "draining"),
    agent("half", "online", [docker]),
    agent("gone", "offline", [docker]),
    agent("ill", "degraded", [docker, { name: "npm", ok: false }]),
  ]);
  expect(found.map(({ agent: { id }, why }) => [id, why])).toEqual([
    ["gone", "not heard of"],
    ["ill", "docker, npm do not answer well"],
    ["half", "docker does not answer well"],
    ["leaving", "gets no new work"],
  ]);
});

test("today's lines: the nearest to its limit first; without a limit and spend there is none", () => {
  const project = (key: string) => ({ key: key as ProjectKey, name: `acme/${key}` as ProjectName });
  const caps = new Map<ProjectKey, number | null>([
    ["a" as ProjectKey, 10],
    ["b" as ProjectKey, 2],
    ["c" as ProjectKey, null],
  ]);
  const lines = dayLines(
    ["a", "b", "c", "d", "e"].map(project),
    [
      { project: "a", usd: 4 },
      { project: "b", usd: 1 },
      { project: "c", usd: 3 },
      { project: "d", usd: 5 },
    ],
    caps,
  );
  expect(lines.map(({ name }) => name)).toEqual(["acme/b", "acme/a", "acme/d", "acme/c"]);
  expect(lines[0]).toEqual({ name: "acme/b", usd: 1, capUsd: 2 });
});

test("GitHub's points of the credential that has the fewest, and whose it is when there are several", () => {
  const one = { projects: ["acme/a", "acme/b"] as unknown as ProjectName[], left: 4_210, limit: 5_000, resetAt: now };
  expect(renderPoints([])).toBeUndefined();
  expect(renderPoints([one])).toEqual({ text: "4,210 of 5,000", low: false });
  expect(renderPoints([{ ...one, left: 499 }, one])).toEqual({ text: "499 of 5,000 (acme/a and 1 more)", low: true });
  expect(renderPoints([{ projects: one.projects.slice(0, 1), detail: "GitHub: refused" }, one])).toEqual({
    text: "not told (acme/a): GitHub: refused",
    low: true,
  });
});

test("a day begins at midnight of UTC", () => {
  expect(new Date(dayBegin(Date.parse("2026-11-23T23:59:59Z"))).toISOString()).toBe("2026-11-23T00:00:00.000Z");
});
