import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRow } from "../core/project/views.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase } from "./database.ts";
import { pageOf, questionOf, runChanged, runOf, start, todo, todoName } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import { readApi, type ReadApi } from "./read-api.ts";
import { issueRuns } from "./schema/runs.ts";

let neon: Neon;
let api: ReadApi;
const many = 10_000;
const minuteMs = 60_000;

interface Page {
  readonly items: readonly RunRow[];
  readonly cursor: string | null;
}

async function get(query: string): Promise<{ page: Page; bytes: number; ms: number }> {
  const before = performance.now();
  const response = await api(new Request(`https://mesh.test/runs?${query}`));
  const text = (await response?.text()) ?? "";
  expect(response?.status).toBe(200);
  return { page: JSON.parse(text) as Page, bytes: text.length, ms: performance.now() - before };
}

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  const db = openDatabase(neon);
  api = readApi(db);
  await projectPage(db, pageOf([runChanged(1, { endedAt: start, phase: "FAILED" })]));
  const view = runOf({ questions: [questionOf({ items: [{ text: "Which of them? ".repeat(100), options: [], multiple: false }] })] });
  for (let from = 2; from <= many; from += 500) {
    const issues = Array.from({ length: Math.min(500, many - from + 1) }, (_, place) => from + place);
    await db.insert(issueRuns).values(
      issues.map((issue) => ({
        ...{ project: todo, issue, run: 1, name: todoName, id: `${todoName}#${issue}.1`, title: `Issue ${issue}: 100% of_all`, view },
        ...{ phase: issue % 2 === 0 ? "ACCEPTED" : "FAILED", awaiting: "nothing", branch: "b", merged: false, openQuestions: 0, usd: 1 },
        ...{ inputTokens: 1, outputTokens: 1, startedAt: start + issue * minuteMs, phaseSince: start, endedAt: start + issue * minuteMs },
      })),
    );
  }
});
afterAll(() => neon.close());

test("ten thousand runs come as rows, page after page, each once; 200 of them are small and there within 300 ms", async () => {
  const seen: number[] = [];
  const took: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { page, bytes, ms } = await get(
      `project=${todoName}&active=0&fields=row&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    seen.push(...page.items.map(({ issue }) => issue));
    took.push(ms);
    expect(bytes).toBeLessThan(64 * 1_024);
    cursor = page.cursor;
  }
  expect(seen).toEqual(Array.from({ length: many }, (_, place) => many - place));
  expect(took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)]).toBeLessThan(300);
});

test("a row has what a line shows and nothing of the run's insides", async () => {
  const { page } = await get("fields=row&limit=1");
  expect(page.items[0]).toEqual({
    ...{ project: todo, name: todoName, id: `${todoName}#${many}.1`, issue: many, run: 1, title: `Issue ${many}: 100% of_all`, usd: 1 },
    ...{ phase: "ACCEPTED", startedAt: start + many * minuteMs, endedAt: start + many * minuteMs, endedBecause: null },
  });
});

test.each([
  ["title=ISSUE%2042:", [42]],
  ["title=fix%20the", [1]],
  ["title=100%25%20of_all&limit=2", [many, many - 1]],
  ["title=1%25of", []],
  ["title=of%25all", []],
  ["title=o_all", []],
  ["phase=failed&limit=2", [many - 1, many - 3]],
])("%s", async (query, issues) => {
  const { page } = await get(`fields=row&${query}`);
  expect(page.items.map(({ issue }) => issue)).toEqual(issues);
});
