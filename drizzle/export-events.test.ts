import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { agent, eventOf, pageOf, start, todo } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import { exportEvents, exportFilter, exportLimits } from "./queries/export-events.ts";
import { readApi, type ReadApi } from "./read-api.ts";

let neon: Neon;
let db: Database;
let api: ReadApi;
let statements = 0;
const events = 25;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase({ ...neon, onStatement: () => (statements += 1) });
  api = readApi(db);
  const told = (seq: number) =>
    seq % 5 === 0
      ? eventOf(seq, "tool-decided", { agent, data: { summary: 'two\nlines and a "quote"' } })
      : eventOf(seq, "session-nudged", { issue: seq });
  await projectPage(db, pageOf(Array.from({ length: events }, (_, place) => told(place + 1))));
});
afterAll(() => neon.close());
beforeEach(() => {
  statements = 0;
});

/** Every line of a text of JSON lines, the end of the last one checked. */
function parsed(text: string): { seq: number; cursor?: string }[] {
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { seq: number; cursor?: string });
}
async function exported(query: string): Promise<number[]> {
  const response = await api(new Request(`https://mesh.test/events.jsonl${query}`));
  expect(response?.status).toBe(200);
  return parsed((await response?.text()) ?? "").map(({ seq }) => seq);
}
const down = (from: number) => Array.from({ length: from }, (_, place) => from - place);

test("a file of JSON lines, newest first, one event a line whatever is in it", async () => {
  const response = await api(new Request("https://mesh.test/events.jsonl"));
  expect(Object.fromEntries(response?.headers ?? [])).toEqual({
    "cache-control": "no-store",
    "content-disposition": 'attachment; filename="events.jsonl"',
    "content-type": "application/jsonl; charset=utf-8",
  });
  const lines = parsed((await response?.text()) ?? "");
  expect(lines.map(({ seq }) => seq)).toEqual(down(events));
  expect(lines[0]).toMatchObject({ project: todo, type: "tool-decided", agent, data: { summary: 'two\nlines and a "quote"' } });
  expect(statements).toBe(1);
});

test.each([
  ["?type=tool-decided", [25, 20, 15, 10, 5]],
  [`?agent=${agent}&until=${start + 15_000}`, [10, 5]],
  [`?project=${todo}&issue=7`, [7]],
  ["?without=session-nudged&trace=1.1", [25, 20, 15, 10, 5]],
  [`?cursor=${start + 4_000}~${todo}~4`, [3, 2, 1]],
  ["?task=none", []],
])("%s", async (query, expected) => {
  expect(await exported(query)).toEqual(expected);
});

test.each(["?limit=5", "?since=yesterday", "?cursor=x", "?colour=blue", "?issue=7"])(
  "%s is refused before anything is sent",
  async (query) => {
    const response = await api(new Request(`https://mesh.test/events.jsonl${query}`));
    expect(response?.status).toBe(400);
    expect(await response?.json()).toMatchObject({ reason: "bad-query" });
  },
);

test("page by page: one statement each, and what does not go in is told by a last line that goes on", async () => {
  const limits = { perStatement: 4, inAll: 10 };
  const seen: number[] = [];
  const cuts: number[] = [];
  let cursor: string | undefined;
  do {
    const filter = exportFilter.parse(cursor === undefined ? {} : { cursor });
    const lines = parsed(await new Response(await exportEvents(db, filter, limits)).text());
    const last = lines.at(-1);
    cursor = last?.cursor;
    const shown = cursor === undefined ? lines : lines.slice(0, -1);
    seen.push(...shown.map(({ seq }) => seq));
    cuts.push(shown.length);
  } while (cursor !== undefined);
  expect(seen).toEqual(down(events));
  expect(cuts).toEqual([10, 10, 5]);
  expect(statements).toBe(3 + 3 + 2);
});

test("a reader that stands still or goes holds back the database", async () => {
  const reader = (await exportEvents(db, exportFilter.parse({}), { perStatement: 2, inAll: 100 })).getReader();
  expect(statements).toBe(1);
  await reader.read();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(statements).toBe(2);
  await reader.cancel();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(statements).toBe(2);
});

test("a database that goes away meanwhile breaks the stream off: a part is not taken for all", async () => {
  const gone = openDatabase({
    ...neon,
    onStatement: () => {
      statements += 1;
      if (statements === 2) throw new Error("away");
    },
  });
  const stream = await exportEvents(gone, exportFilter.parse({}), { perStatement: 10, inAll: 100 });
  await expect(new Response(stream).text()).rejects.toThrow();
});

test("an answer needs no more requests than a Pages function may make on any plan", () => {
  expect(exportLimits.inAll / exportLimits.perStatement).toBeLessThanOrEqual(49);
});
