import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentId, ProjectKey, ProjectName, TaskId } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { dayMs } from "../core/time.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase } from "./database.ts";
import { agent, eventOf, pageOf, profileOf, runChanged, runOf, start, taskOf, todo, todoName } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import { readApi, type ReadApi } from "./read-api.ts";
import { issueRuns } from "./schema/runs.ts";
import { agentTaskHistory } from "./schema/tasks.ts";

let neon: Neon;
let api: ReadApi;
const solo = "R_solo" as ProjectKey;
const soloName = "solo/notes" as ProjectName;

interface History {
  readonly items: readonly { readonly attempt: number; readonly ok: boolean; readonly status: string }[];
  readonly cursor: string | null;
}

interface Body {
  readonly items: readonly {
    readonly seq: number;
    readonly project: string;
    readonly id: string;
    readonly issue: number;
    readonly run: number;
  }[];
  readonly cursor: string | null;
}

async function get(path: string): Promise<{ status: number; body: Body }> {
  const response = await api(new Request(`https://mesh.test${path}`));
  return { status: response?.status ?? 0, body: (await response?.json()) as Body };
}
async function seqs(path: string): Promise<number[]> {
  return (await get(path)).body.items.map(({ seq }) => seq);
}

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  const db = openDatabase(neon);
  api = readApi(db);
  const task = taskOf().id;
  const why = { weight: 1, success: 1, recent: 1, preferred: 1, results: 0, others: 2, better: 0 };
  await projectPage(
    db,
    pageOf([
      eventOf(1, "project-configured", { trace: "in-1", data: { profile: profileOf() } }),
      runChanged(2, { usd: 1, inputTokens: 10 }),
      eventOf(3, "task-submitted", { task, data: { view: taskOf() } }),
      eventOf(4, "task-dispatched", { task, agent, data: { capability: "code", attempt: 1, score: 1, why } }),
      eventOf(5, "task-submitted", {
        task: `${todo}.t2` as TaskId,
        data: { view: taskOf({ id: `${todo}.t2` as TaskId, capability: "test" }) },
      }),
      { ...runChanged(6, { usd: 2.5, inputTokens: 30, phase: "ACCEPTED", endedAt: start + dayMs }), at: start + dayMs },
      { ...runChanged(7, { run: 2, usd: 0.5, startedAt: start + dayMs }), at: start + dayMs },
    ]),
  );
  const ended = (attempt: number, status: string) => ({
    ...{ agent: "historian", task: `${todo}.t9`, attempt, project: todo, capability: "code", status },
    ...{ ok: status === "completed", endedAt: start + attempt },
  });
  await db.insert(agentTaskHistory).values([ended(1, "failed"), ended(2, "timed-out"), ended(3, "completed")]);
  const view = runOf({ project: solo, name: soloName, issue: 3, usd: 4 });
  await projectPage(
    db,
    pageOf([{ ...eventOf(1, "run-changed", { trace: "3.1", issue: 3, run: 1, data: { view } }), project: solo }], solo, soloName),
  );
});
afterAll(() => neon.close());

describe("events", () => {
  test.each([
    [`project=${todo}`, [7, 6, 5, 4, 3, 2, 1]],
    ["project=Acme/Todo-App", [7, 6, 5, 4, 3, 2, 1]],
    ["project=solo/notes", [1]],
    ["project=no/where", []],
    [`task=${todo}.t1`, [4, 3]],
    [`agent=${agent}`, [4]],
    ["type=task-submitted", [5, 3]],
    [`project=${todo}&without=run-changed,task-submitted`, [4, 1]],
    ["trace=3.1", [1]],
    [`project=${todo}&trace=in-1`, [1]],
    [`project=${todo}&since=${start + 4_000}&until=${start + dayMs}`, [5, 4]],
    [`project=${todo}&since=2026-11-24T12:00:00Z`, [7, 6]],
    [`project=${todo}&issue=1&type=run-changed`, [7, 6, 2]],
  ])("%s", async (query, expected) => {
    expect(await seqs(`/events?${query}`)).toEqual(expected);
  });

  test("pages by cursor through everything once", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await get(`/events?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ project, seq }) => `${project} ${seq}`));
      cursor = body.cursor;
    } while (cursor !== null);
    expect(seen).toEqual([...[7, 6, 5, 4, 3, 2].map((seq) => `${todo} ${seq}`), `${todo} 1`, `${solo} 1`]);
  });

  test("of one issue", async () => {
    expect(await seqs("/runs/solo/notes/3/events")).toEqual([1]);
  });
});

describe("consultations of one issue", () => {
  const quiz = "R_quiz" as ProjectKey;
  const seen = [{ part: "issue", sha256: "ab".repeat(32), characters: 12 }];
  const told = [
    ["architect-consulted", { capability: "tech-consultation", seen, learnings: [1] }],
    ["question-asked", { question: "q1", items: [{ text: "Blue?", options: [], multiple: false }] }],
    ["effect-requested", { effect: "e1", kind: "ask-human" }],
    ["question-sent-to-human", { question: "q1", guess: null }],
    ["question-answered", { question: "q1", answers: ["Blue"], by: "ann", via: "dashboard", overruled: false }],
    ["learning-noted", { text: "Colours are blue.", scope: "mesh", source: { question: "q1", by: "ann" }, overruled: false }],
    ["question-answered-late", { question: "q1", answers: ["Red"], by: "bob", via: "comment" }],
  ] as const;
  beforeAll(async () => {
    const events = told.map(([type, data], n) => ({ ...eventOf(n + 1, type, { issue: 5, run: 1, data }), project: quiz }));
    const other = { ...eventOf(8, "question-asked", { issue: 6, run: 1 }), project: quiz };
    await projectPage(openDatabase(neon), pageOf([...events, other], quiz, "acme/quiz" as ProjectName));
  });

  test("in the order they happened, texts of questions and answers included, of prompts only hashes", async () => {
    const { body } = await get("/runs/Acme/quiz/5/consultations");
    expect(body.items).toMatchObject(told.filter(([type]) => type !== "effect-requested").map(([type, data]) => ({ type, run: 1, data })));
    expect(body.cursor).toBeNull();
    expect((await get("/runs/acme/quiz/7/consultations")).body.items).toEqual([]);
  });

  test("pages through all once", async () => {
    const seqsOf = (items: Body["items"]) => items.map(({ seq }) => seq);
    const first = (await get("/runs/acme/quiz/5/consultations?limit=4")).body;
    const rest = (await get(`/runs/acme/quiz/5/consultations?limit=4&cursor=${first.cursor}`)).body;
    expect([seqsOf(first.items), seqsOf(rest.items), rest.cursor]).toEqual([[1, 2, 4, 5], [6, 7], null]);
    expect(await get("/runs/acme/quiz/5/consultations?cursor=1~x~y")).toMatchObject({ status: 400, body: { reason: "bad-query" } });
  });
});

describe("runs", () => {
  test("newest start first, with the views as they were last", async () => {
    const { body } = await get("/runs");
    expect(body.items.map(({ id }) => id)).toEqual([`${todoName}#1.2`, `${soloName}#3.1`, `${todoName}#1.1`]);
    expect(body.items[2]).toEqual(runOf({ usd: 2.5, inputTokens: 30, phase: "ACCEPTED", endedAt: start + dayMs }));
  });

  test.each([
    ["active=0", ["1.1"]],
    ["active=1&project=acme/todo-app", ["1.2"]],
    ["phase=accepted", ["1.1"]],
    [`project=${soloName}&issue=3`, ["3.1"]],
    ["limit=1", ["1.2"]],
  ])("%s", async (query, expected) => {
    const { body } = await get(`/runs?${query}`);
    expect(body.items.map(({ issue, run }) => `${issue}.${run}`)).toEqual(expected);
  });

  test("history and one", async () => {
    expect((await get("/runs/acme/todo-app/1/history")).body.items.map(({ run }) => run)).toEqual([2, 1]);
    expect((await get("/read-model/runs/acme/todo-app/1/2")).body).toEqual(runOf({ run: 2, usd: 0.5, startedAt: start + dayMs }));
    expect(await get("/read-model/runs/acme/todo-app/1/3")).toMatchObject({ status: 404, body: { reason: "not-found" } });
  });
});

describe("tasks", () => {
  test.each([
    ["", [`${todo}.t2`, `${todo}.t1`]],
    ["?status=dispatched", [`${todo}.t1`]],
    ["?capability=test&project=acme/todo-app", [`${todo}.t2`]],
    [`?agent=${agent}`, [`${todo}.t1`]],
    ["?agent=nobody", []],
    [`?since=${start}&until=${start + dayMs}`, [`${todo}.t2`, `${todo}.t1`]],
    [`?since=${start + dayMs}`, []],
    [`?until=${start}`, []],
  ])("list %s", async (query, expected) => {
    expect((await get(`/tasks${query}`)).body.items.map(({ id }) => id)).toEqual(expected);
  });

  test("one, with its attempts", async () => {
    expect((await get(`/read-model/tasks/${todo}.t1`)).body).toMatchObject({
      status: "dispatched",
      attempts: [{ agent: agent satisfies AgentId, number: 1, why: { weight: 1, others: 2 } }],
    });
  });

  test("what an agent's attempts came to, newest first, by cursor", async () => {
    const history = async (query: string) => (await get(`/agents/historian/history${query}`)).body as unknown as History;
    const all = await history("");
    expect(all.items.map(({ attempt, ok, status }) => [attempt, ok, status])).toEqual([
      [3, true, "completed"],
      [2, false, "timed-out"],
      [1, false, "failed"],
    ]);
    const first = await history("?limit=2");
    expect((await history(`?limit=2&cursor=${encodeURIComponent(first.cursor ?? "")}`)).items).toEqual(all.items.slice(2));
    expect((await history("?ok=1")).items).toEqual(all.items.slice(0, 1));
    expect((await history("?ok=0&capability=code&project=acme/todo-app")).items).toHaveLength(2);
    expect((await history("?capability=test")).items).toEqual([]);
    expect((await get("/agents/nobody/history")).body).toEqual({ items: [], cursor: null });
  });
});

test("sessions, and which are open", async () => {
  const { body } = await get(`/sessions?project=${todoName}`);
  expect(body.items).toMatchObject([
    { id: `${todo}.s1`, project: todo, issue: 1, run: 2, state: "working", usd: 0.5, outputBytes: null, cols: 100, rows: 30 },
  ]);
  expect((await get("/sessions?open=0")).body.items).toEqual([]);
  expect((await get(`/sessions?agent=${agent}&limit=1`)).body.items).toHaveLength(1);
  expect((await get(`/read-model/sessions/${todo}.s1`)).body).toMatchObject({ id: `${todo}.s1` });
  expect((await get(`/read-model/sessions/${todo}.s99`)).status).toBe(404);
  expect((await get(`/sessions/${todo}.s1-2/checkpoints`)).body).toEqual({ items: [], cursor: null });
  expect((await get("/sessions?open=yes")).status).toBe(400);
});

test("projects and freshness", async () => {
  expect((await get("/read-model/projects")).body.items).toMatchObject([{ project: todo, name: todoName, defaultBranch: "main" }]);
  const { body } = await get("/read-model");
  expect(body).toMatchObject({
    asOf: expect.closeTo(Date.now(), -5),
    projects: [
      { name: "acme/quiz", seq: 8 },
      { name: todoName, seq: 7, lastEventAt: start + dayMs },
      { name: soloName, seq: 1 },
    ],
    refusals: { count: 0, newest: [] },
  });
});

test.each([
  "/events?limit=0",
  "/events?limit=201",
  "/events?since=yesterday",
  "/events?colour=red",
  "/events?cursor=1%27",
  "/events?cursor=1~x~y",
  "/tasks?status=odd",
  "/tasks?since=yesterday",
  "/agents/historian/history?ok=maybe",
  "/runs?issue=0",
])("%s is refused", async (path) => {
  expect(await get(path)).toMatchObject({ status: 400, body: { reason: "bad-query", status: 400 } });
});

test("what is not a read of its own is left to others", async () => {
  expect(await api(new Request("https://mesh.test/projects"))).toBeNull();
  expect(await api(new Request("https://mesh.test/events", { method: "POST" }))).toBeNull();
});

test("with the database away it says so", async () => {
  neon.setDown(true);
  expect(await get("/events")).toMatchObject({ status: 503, body: { reason: "read-model-unreachable" } });
  expect(await get("/read-model")).toMatchObject({ status: 503, body: { reason: "read-model-unreachable" } });
  neon.setDown(false);
});

test("every statement that is sent is counted, those of a batch too", async () => {
  let sent = 0;
  const db = openDatabase({ ...neon, onStatement: () => (sent += 1) });
  await db.execute(sql`select 1`);
  await db.batch([db.execute(sql`select 1`), db.execute(sql`select 2`)]);
  await db.select().from(issueRuns).limit(1);
  expect(sent).toBe(4);
});

test("a renamed project is found by its new name and its old one, until another takes that", async () => {
  const [key, before, after] = ["R_moved" as ProjectKey, "acme/before" as ProjectName, "acme/after" as ProjectName];
  const db = openDatabase(neon);
  const page = (of: ProjectKey, seq: number, profile: ProjectProfile) =>
    projectPage(db, pageOf([{ ...eventOf(seq, "project-configured", { data: { profile } }), project: of }], of, profile.name));
  const found = async (name: string) => (await get(`/events?project=${name}`)).body.items.map((event) => event.project);
  await page(key, 1, { ...profileOf(), key, name: before });
  await page(key, 2, { ...profileOf(), key, name: after, formerNames: [{ name: before, until: start }] });
  expect([await found(after), await found("Acme/Before")]).toEqual([
    [key, key],
    [key, key],
  ]);
  const other = "R_taker" as ProjectKey;
  await page(other, 1, { ...profileOf(), key: other, name: before });
  expect([await found(after), await found(before)]).toEqual([[key, key], [other]]);
});
