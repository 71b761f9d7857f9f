import { asc, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectKey } from "../core/ids.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { alignReadModel } from "./align-read-model.ts";
import { openDatabase, type Database } from "./database.ts";
import { eventOf, pageOf, todoName } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { cursorOf, projectPage } from "./project-page.ts";
import { meshSixEvents } from "./schema/events.ts";

let neon: Neon;
let db: Database;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
});
afterAll(() => neon.close());

const events = (project: ProjectKey, from: number, to: number) =>
  pageOf(
    Array.from({ length: to - from + 1 }, (_, index) => eventOf(from + index, "guidance-given", { project })),
    project,
  );
const seqs = async (project: ProjectKey) =>
  (
    await db
      .select({ seq: meshSixEvents.seq })
      .from(meshSixEvents)
      .where(eq(meshSixEvents.project, project))
      .orderBy(asc(meshSixEvents.seq))
  ).map(({ seq }) => seq);

test("a read model that is ahead goes back to the journal, and takes what comes in the place of what it had", async () => {
  const project = "R_ahead" as ProjectKey;
  await projectPage(db, events(project, 1, 9));
  for (let times = 0; times < 2; times += 1) await alignReadModel(db, project, { name: todoName, first: 3, last: 6 });
  expect([await cursorOf(db, project), await seqs(project)]).toEqual([6, [1, 2, 3, 4, 5, 6]]);
  expect((await projectPage(db, events(project, 7, 8))).applied).toBe(true);
  expect(await seqs(project)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("one that is behind waits for what the journal still has, and not for what it has no more", async () => {
  const project = "R_behind" as ProjectKey;
  await projectPage(db, events(project, 1, 4));
  await alignReadModel(db, project, { name: todoName, first: 3, last: 6 });
  expect(await cursorOf(db, project)).toBe(4);
  await alignReadModel(db, project, { name: todoName, first: 6, last: 8 });
  expect(await cursorOf(db, project)).toBe(5);
  expect((await projectPage(db, events(project, 6, 8))).applied).toBe(true);
});

test("an empty one begins with the journal", async () => {
  const [some, none] = ["R_some" as ProjectKey, "R_none" as ProjectKey];
  await alignReadModel(db, some, { name: todoName, first: 40, last: 50 });
  await alignReadModel(db, none, { name: null, first: 8, last: 7 });
  expect([await cursorOf(db, some), await cursorOf(db, none)]).toEqual([39, 7]);
  expect((await projectPage(db, events(some, 40, 50))).applied).toBe(true);
});
