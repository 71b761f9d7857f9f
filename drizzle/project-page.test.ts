import { asc, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AgentId, ProjectKey, TaskId } from "../core/ids.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { agent, eventOf, pageOf, profileOf, questionOf, runChanged, start, taskOf, todo, todoName } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { cursorOf, JournalGap, projectPage } from "./project-page.ts";
import { listSessions, sessionFilter } from "./queries/list-sessions.ts";
import { findTask } from "./queries/list-tasks.ts";
import { meshSixEvents } from "./schema/events.ts";
import { onboardingRuns } from "./schema/onboardings.ts";
import { projectionRefusals, repoRegistry } from "./schema/projects.ts";
import { implementationSessions, issueRuns, sessionCheckpoints, sessionQuestions } from "./schema/runs.ts";
import { agentTaskHistory } from "./schema/tasks.ts";

let neon: Neon;
let db: Database;
const seqs = async (project: string = todo) =>
  (await db.select({ project: meshSixEvents.project, seq: meshSixEvents.seq }).from(meshSixEvents).orderBy(asc(meshSixEvents.seq)))
    .filter((row) => row.project === project)
    .map(({ seq }) => seq);

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
});
afterAll(() => neon.close());
beforeEach(async () => {
  await db.execute(sql`truncate repo_registry, orchestrator_tasks, task_attempts, agent_task_history, issue_runs, mesh_six_events, implementation_sessions,
    session_questions, session_checkpoints, onboarding_runs, projection_cursors, projection_refusals`);
});

test("rows and cursor go together, in few statements", async () => {
  const question = questionOf();
  neon.resetCounts();
  const projected = await projectPage(
    db,
    pageOf([
      eventOf(1, "project-configured", { data: { profile: profileOf() } }),
      runChanged(2),
      eventOf(3, "checkpoint-taken", { issue: 1, run: 1, agent, data: { diffStat: "1 file" } }),
      runChanged(4, { phase: "IMPLEMENTATION", questions: [question], pullRequest: { number: 9, url: "u", merged: false, commits: 2 } }),
    ]),
  );
  expect(projected).toEqual({ upTo: 4, applied: true, refused: [] });
  expect(neon.counts).toMatchObject({ requests: 1, statements: 7, batches: 1 });
  expect(await cursorOf(db, todo)).toBe(4);
  expect(await seqs()).toEqual([1, 2, 3, 4]);
  expect(await db.select().from(issueRuns)).toMatchObject([
    { project: todo, issue: 1, run: 1, phase: "IMPLEMENTATION", pullRequest: 9, openQuestions: 1, view: { questions: [question] } },
  ]);
  expect(await db.select().from(implementationSessions)).toMatchObject([
    {
      id: `${todo}.s1`,
      project: todo,
      name: todoName,
      issue: 1,
      run: 1,
      conversationId: null,
      agent,
      state: "asking",
      seenAt: start + 4_000,
    },
  ]);
  expect(await db.select().from(sessionQuestions)).toMatchObject([
    { id: question.id, status: "with-human", askedAt: start, answeredAt: null },
  ]);
  expect(await db.select().from(sessionCheckpoints)).toMatchObject([{ seq: 3, issue: 1, agent, data: { diffStat: "1 file" } }]);
  expect(await db.select().from(repoRegistry)).toMatchObject([
    { project: todo, name: todoName, boardNumber: 1, observedBy: "webhook", configuredAt: start + 1_000 },
  ]);
});

test("how much a session has written is asked along, and stays when it is not known", async () => {
  const listed = async () => (await listSessions(db, sessionFilter.parse({}))).items.map(({ id, outputBytes }) => [id, outputBytes]);
  await projectPage(db, pageOf([runChanged(1), runChanged(2, { issue: 2 })]), async (session) =>
    session.endsWith(".s1") ? 5_000_000_000 : null,
  );
  expect(await listed()).toEqual([
    [`${todo}.s2`, null],
    [`${todo}.s1`, 5_000_000_000],
  ]);
  await projectPage(db, pageOf([runChanged(3), runChanged(4, { issue: 2 })]), async (session) => (session.endsWith(".s2") ? 7 : null));
  expect(await listed()).toEqual([
    [`${todo}.s2`, 7],
    [`${todo}.s1`, 5_000_000_000],
  ]);
});

test("a task's life over three pages", async () => {
  const task = taskOf().id;
  const lost = { kind: "lost" as const, message: "the runner went away" };
  await projectPage(
    db,
    pageOf([
      eventOf(1, "task-submitted", { task, data: { view: taskOf() } }),
      eventOf(2, "task-dispatched", { task, agent, data: { capability: "code", attempt: 1, score: 0.5 } }),
    ]),
  );
  expect(await findTask(db, task)).toMatchObject({
    status: "dispatched",
    attempts: [{ number: 1, agent, score: 0.5, status: "dispatched", dispatchedAt: start + 2_000 }],
  });
  await projectPage(
    db,
    pageOf([
      eventOf(3, "task-started", { task, agent, data: { capability: "code", attempt: 1 } }),
      eventOf(4, "attempt-ended", { task, agent, data: { capability: "code", attempt: 1, status: "lost", error: lost } }),
    ]),
  );
  expect(await findTask(db, task)).toMatchObject({
    status: "pending",
    attempts: [{ status: "lost", startedAt: start + 3_000, endedAt: start + 4_000, error: lost }],
  });
  const other = "runner.two" as AgentId;
  await projectPage(
    db,
    pageOf([
      eventOf(5, "task-dispatched", { task, agent: other, data: { capability: "code", attempt: 2, score: 1 } }),
      eventOf(6, "task-started", { task, agent: other, data: { capability: "code", attempt: 2 } }),
      eventOf(7, "attempt-ended", { task, agent: other, data: { capability: "code", attempt: 2, status: "completed" } }),
      eventOf(8, "task-ended", { task, agent: other, data: { capability: "code", status: "completed" } }),
    ]),
  );
  expect(await findTask(db, task)).toEqual(
    taskOf({
      status: "completed",
      endedAt: start + 8_000,
      attempts: [
        {
          number: 1,
          agent,
          score: 0.5,
          status: "lost",
          dispatchedAt: start + 2_000,
          startedAt: start + 3_000,
          endedAt: start + 4_000,
          error: lost,
        },
        {
          number: 2,
          agent: other,
          score: 1,
          status: "completed",
          dispatchedAt: start + 5_000,
          startedAt: start + 6_000,
          endedAt: start + 7_000,
          error: null,
        },
      ],
    }),
  );
  expect((await db.select().from(agentTaskHistory).orderBy(asc(agentTaskHistory.attempt))).map(({ agent: who, ok }) => [who, ok])).toEqual([
    [agent, false],
    [other, true],
  ]);
});

test("two consumers with the same page: one writes, the other hears where the cursor stands", async () => {
  const page = pageOf([eventOf(1, "run-started"), eventOf(2, "run-ended")]);
  const outcomes = await Promise.all([projectPage(db, page), projectPage(db, page)]);
  expect(outcomes.map(({ applied }) => applied).toSorted()).toEqual([false, true]);
  expect(outcomes.map(({ upTo }) => upTo)).toEqual([2, 2]);
  expect(await seqs()).toEqual([1, 2]);
});

test("a page that was projected before, or overlaps, changes nothing", async () => {
  await projectPage(db, pageOf([eventOf(1, "run-started"), eventOf(2, "run-ended")]));
  for (const events of [
    [eventOf(1, "run-started"), eventOf(2, "run-ended")],
    [eventOf(2, "run-ended"), eventOf(3, "run-started")],
  ]) {
    expect(await projectPage(db, pageOf(events))).toEqual({ upTo: 2, applied: false, refused: [] });
  }
  expect(await seqs()).toEqual([1, 2]);
});

test("a page after a gap is refused aloud", async () => {
  await projectPage(db, pageOf([eventOf(1, "run-started"), eventOf(2, "run-ended")]));
  await expect(projectPage(db, pageOf([eventOf(5, "run-ended")]))).rejects.toThrow(new JournalGap(todo, 2, 5));
  expect(await seqs()).toEqual([1, 2]);
  expect(await cursorOf(db, todo)).toBe(2);
});

test("projects have cursors of their own, and a page without events writes nothing", async () => {
  const solo = "R_solo" as ProjectKey;
  await projectPage(db, pageOf([eventOf(1, "run-started")]));
  await projectPage(db, pageOf([eventOf(1, "run-started", { project: solo })], solo, null));
  neon.resetCounts();
  expect(await projectPage(db, { ...pageOf([]), upTo: 1 })).toEqual({ upTo: 1, applied: true, refused: [] });
  expect(neon.counts.requests).toBe(0);
  expect([await cursorOf(db, todo), await cursorOf(db, solo), await cursorOf(db, "R_new")]).toEqual([1, 1, 0]);
});

test("events Postgres or the mapping refuses are put aside, the rest goes on", async () => {
  const tooBig = runChanged(3, { issue: 2, cycles: { planning: 0, qa: 0, review: 0 }, startedAt: start, title: null as never });
  const events = [
    runChanged(1),
    eventOf(2, "run-changed", { data: { view: { issue: 5 } } }),
    tooBig,
    eventOf(4, "run-ended", { issue: 1 }),
    eventOf(5, "question-asked", { issue: 99_999_999_999 }),
    runChanged(6, { phase: "QA" }),
  ];
  const { upTo, applied, refused } = await projectPage(db, pageOf(events));
  expect({ upTo, applied }).toEqual({ upTo: 6, applied: true });
  expect(refused.map(({ seq, reason }) => [seq, /^\w+/.exec(reason)?.[0]])).toEqual([
    [2, "malformed"],
    [3, "23502"],
    [5, "22003"],
  ]);
  expect(await seqs()).toEqual([1, 4, 6]);
  expect(await db.select().from(issueRuns)).toMatchObject([{ issue: 1, phase: "QA" }]);
  const kept = await db.select().from(projectionRefusals).orderBy(asc(projectionRefusals.seq));
  expect(kept.map(({ seq }) => seq)).toEqual([2, 3, 5]);
  expect(JSON.parse(kept[1]?.event ?? "")).toEqual(tooBig);
});

test("NUL characters and broken pairs do not stop an event", async () => {
  await projectPage(db, pageOf([runChanged(1, { title: "a\0b \ud83d" }), eventOf(2, "guidance-given", { data: { "k\0": "v\0" } })]));
  expect(await db.select({ title: issueRuns.title }).from(issueRuns)).toEqual([{ title: "ab \uFFFD" }]);
  expect(await db.select({ data: meshSixEvents.data }).from(meshSixEvents).orderBy(asc(meshSixEvents.seq))).toMatchObject([
    {},
    { data: { k: "v" } },
  ]);
});

test("with the database away it throws, and afterwards the same page goes in", async () => {
  const page = pageOf([eventOf(1, "run-started")]);
  neon.setDown(true);
  await expect(projectPage(db, page)).rejects.toThrow(/503/);
  neon.setDown(false);
  expect(await projectPage(db, page)).toEqual({ upTo: 1, applied: true, refused: [] });
});

test("a page of 2,000 task events is one request", async () => {
  const events = Array.from({ length: 500 }, (_, place) => {
    const task = `${todo}.t${place}` as TaskId;
    const facts = { task, agent };
    return [
      eventOf(place * 4 + 1, "task-submitted", { task, data: { view: taskOf({ id: task }) } }),
      eventOf(place * 4 + 2, "task-dispatched", { ...facts, data: { capability: "code", attempt: 1, score: 1 } }),
      eventOf(place * 4 + 3, "attempt-ended", { ...facts, data: { capability: "code", attempt: 1, status: "completed" } }),
      eventOf(place * 4 + 4, "task-ended", { ...facts, data: { capability: "code", status: "completed" } }),
    ];
  }).flat();
  neon.resetCounts();
  expect(await projectPage(db, pageOf(events))).toMatchObject({ upTo: 2_000, applied: true });
  expect(neon.counts).toMatchObject({ requests: 1, statements: 5 });
  expect(await findTask(db, `${todo}.t499`)).toMatchObject({ status: "completed", attempts: [{ status: "completed" }] });
});

test("an onboarding is one row, as it was last seen", async () => {
  const view = {
    id: "o1",
    repository: "acme/todo-app",
    status: "running",
    phase: "initialisation",
    activity: "board",
    completed: [{ activity: "validate", summary: "It's all there", at: start }],
    error: null,
    login: null,
    attempt: 1,
    explain: "Now making the board.",
    createdAt: start,
    updatedAt: start + 1_000,
  };
  const login = { mode: "device", deviceUrl: "https://auth.openai.com/codex/device", userCode: "ABCD-1234" };
  const completed = [...view.completed, { activity: "board", summary: "made", at: start + 1_000 }];
  const mesh = "mesh" as ProjectKey;
  const page = pageOf([
    { ...eventOf(1, "onboarding-changed", { data: { view } }), project: mesh },
    { ...eventOf(2, "onboarding-changed", { data: { view: { ...view, status: "waiting_auth", login, completed } } }), project: mesh },
    { ...eventOf(3, "onboarding-changed", { data: { view: { ...view, repository: 1 } } }), project: mesh },
  ]);
  const projected = await projectPage(db, { ...page, project: mesh });
  expect(projected).toMatchObject({ upTo: 3, refused: [{ seq: 3, reason: expect.stringContaining("malformed onboarding view") }] });
  expect(await db.select().from(onboardingRuns)).toMatchObject([
    {
      id: "o1",
      repoOwner: "acme",
      repoName: "todo-app",
      status: "waiting_auth",
      currentPhase: "initialisation",
      currentActivity: "board",
      completedActivities: ["validate", "board"],
      errorMessage: null,
      oauthDeviceUrl: login.deviceUrl,
      oauthUserCode: login.userCode,
      createdAt: start,
      view: { completed },
    },
  ]);
  expect(
    await db
      .select({ data: meshSixEvents.data })
      .from(meshSixEvents)
      .where(sql`seq = 1`),
  ).toEqual([
    {
      data: {
        id: "o1",
        repository: "acme/todo-app",
        status: "running",
        activity: "board",
        attempt: 1,
        reason: null,
        explain: "Now making the board.",
      },
    },
  ]);
});
