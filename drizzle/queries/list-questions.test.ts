import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectKey, ProjectName, QuestionId } from "../../core/ids.ts";
import type { QuestionView, RunView } from "../../core/project/views.ts";
import { startNeon, type Neon } from "../../dev/neon/start-neon.ts";
import { openDatabase } from "../database.ts";
import { pageOf, questionOf, runChanged, start, todo, todoName } from "../journal.fixture.ts";
import { migrate } from "../migrate.ts";
import { projectPage } from "../project-page.ts";
import { readApi, type ReadApi } from "../read-api.ts";

let neon: Neon;
let api: ReadApi;
const solo = "R_solo" as ProjectKey;
const soloName = "solo/notes" as ProjectName;
const answer = { answers: ["Green"], by: "phone", via: "notification", at: start + 5_000 } as const;
const asked = (id: string, more: Partial<QuestionView>) => questionOf({ id: id as QuestionId, ...more });
const answered = asked(`${todo}.q1-1-1`, {
  status: "answered",
  answer: { ...answer, overruled: true },
  late: [answer],
  appliedAt: start + 6_000,
});
const withdrawn = asked(`${todo}.q1-1-2`, { status: "withdrawn", askedAt: start + 1_000 });
const open = asked(`${todo}.q1-1-3`, { askedAt: start + 2_000 });
const elsewhere = asked(`${solo}.q3-1-1`, { status: "answered", answer, askedAt: start });

interface Body {
  readonly items: readonly { readonly id: string }[];
  readonly cursor: string | null;
}
async function get(query: string): Promise<Body> {
  const response = await api(new Request(`https://mesh.test/questions/history${query}`));
  expect(response?.status).toBe(200);
  return (await response?.json()) as Body;
}
const ids = async (query: string) => (await get(query)).items.map(({ id }) => id);

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  const db = openDatabase(neon);
  api = readApi(db);
  await projectPage(db, pageOf([runChanged(1, { questions: [answered, withdrawn, open] })]));
  const run: Partial<RunView> = { project: solo, name: soloName, issue: 3, questions: [elsewhere] };
  await projectPage(db, pageOf([{ ...runChanged(1, run), project: solo }], solo, soloName));
});
afterAll(() => neon.close());

test("what is over, newest first, each with its issue; open ones are left out", async () => {
  const { items, cursor } = await get("");
  expect(cursor).toBeNull();
  expect(items.map(({ id }) => id)).toEqual([withdrawn.id, answered.id, elsewhere.id]);
  expect(items[1]).toEqual({
    ...answered,
    run: `${todoName}#1.1`,
    project: todoName,
    issue: 1,
    title: "Fix the list",
    url: `https://github.com/${todoName}/issues/1`,
  });
});

test.each([
  [`?project=${soloName}`, [elsewhere.id]],
  [`?project=${todo}`, [withdrawn.id, answered.id]],
  [`?id=${open.id}`, [open.id]],
  ["?id=R_todo.q9-9-9", []],
])("%s", async (query, expected) => {
  expect(await ids(query)).toEqual(expected);
});

test("pages by cursor through everything once, also through the same moment", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Body = await get(`?limit=1${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(seen).toEqual([withdrawn.id, answered.id, elsewhere.id]);
});

test("an unknown filter is refused", async () => {
  expect((await api(new Request("https://mesh.test/questions/history?colour=red")))?.status).toBe(400);
});
