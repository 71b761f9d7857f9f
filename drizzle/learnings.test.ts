import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createScriptedModel } from "../clients/model/scripted-model.ts";
import type { JournalEvent } from "../core/events.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { createRecall } from "../workers/agents/architect-memory.ts";
import { workBuiltIn } from "../workers/agents/work-built-in.ts";
import { openDatabase, type Database } from "./database.ts";
import { eventOf, pageOf, start, todo } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import { bestLearnings } from "./queries/best-learnings.ts";
import { learnings } from "./schema/learnings.ts";

let neon: Neon;
let db: Database;
const solo = "R_solo" as ProjectKey;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
});
afterAll(() => neon.close());
beforeEach(() => db.execute(sql`truncate learnings, mesh_six_events, projection_cursors, projection_refusals`));

function noted(seq: number, text: string, scope: "repository" | "mesh" = "repository", more: Partial<JournalEvent> = {}): JournalEvent {
  const source = { question: `${more.project ?? todo}.q${seq}`, by: "ann", via: "dashboard" };
  return eventOf(seq, "learning-noted", { issue: 3, run: 1, data: { text, scope, source, overruled: false }, ...more });
}
function learn(...texts: readonly (string | readonly [text: string, scope: "repository" | "mesh"])[]) {
  return projectPage(db, pageOf(texts.map((one, n) => (typeof one === "string" ? noted(n + 1, one) : noted(n + 1, ...one)))));
}
const best = async (text: string, project = todo) => (await bestLearnings(db, { project, text })).map((found) => found.text);

/** Fifty sentences of the same making about different things. */
const subjects = (
  "dates,times,colours,fonts,icons,buttons,menus,dialogs,cookies,sessions,passwords,logins,emails,invoices,receipts,prices,taxes,discounts,orders,carts," +
  "shipments,addresses,phones,maps,photos,videos,songs,podcasts,comments,likes,followers,teams,roles,permissions,audits,logs,metrics,alerts,backups," +
  "migrations,queues,caches,webhooks,tokens,certificates,domains,proxies,containers,clusters"
).split(",");

describe("the best that fit", () => {
  test("the relevant one of fifty comes first, for a short and for a long question", async () => {
    const relevant = "Exports for spreadsheets separate their columns by semicolons.";
    const others = subjects.map((subject) => `In this project ${subject} are shown to people in the order they were made.`);
    await learn(...others.slice(0, 20), relevant, ...others.slice(20));
    expect((await best("Which separator should the export for spreadsheets use?"))[0]).toBe(relevant);
    const long = `I was looking at the routes of the project. ${"Many people use the list every day. ".repeat(300)}`;
    expect((await best(`How are columns of the spreadsheet's export separated? ${long}`))[0]).toBe(relevant);
    expect(await best("What is shown to people in the project?")).toHaveLength(5);
  });

  test("the repository's own before the mesh's when equal; another repository's never", async () => {
    await learn(["Colours are blue.", "mesh"], "Colours are blue.");
    await projectPage(
      db,
      pageOf(
        [
          noted(1, "Colours are green.", "repository", { project: solo }),
          noted(2, "Colours are always named in English.", "mesh", { project: solo }),
        ],
        solo,
        "solo/notes" as ProjectName,
      ),
    );
    const found = await bestLearnings(db, { project: todo, text: "Which colour?" });
    expect(found.map(({ text, scope }) => [text, scope])).toEqual([
      ["Colours are blue.", "repository"],
      ["Colours are blue.", "mesh"],
      ["Colours are always named in English.", "mesh"],
    ]);
    expect(found[0]).toMatchObject({ id: expect.any(Number), at: start + 2_000 });
    expect(await best("Which colour?", "R_new" as ProjectKey)).toHaveLength(2);
  });

  test.each([
    ["nothing but stop words", "what is it to be or not"],
    ["empty", ""],
    ["only signs", "'''' \\ | & ! ( ) :* <->"],
  ])("%s finds nothing", async (_, text) => {
    await learn("Colours are blue.");
    expect(await best(text)).toEqual([]);
  });

  test.each([
    ["NUL", "Which\0 colour\0?"],
    ["half a pair", "Which colour? \uD83D"],
    ["quotes and operators", `colour' | 'x \\' & !(colour:*) -- "'; drop table learnings`],
    ["a path", "C:\\temp\\colour and /usr/'share'/colour"],
  ])("%s does no harm", async (_, text) => {
    await learn("The colour is blue.");
    expect(await best(`${text} colour`)).toEqual(["The colour is blue."]);
  });
});

describe("the projection", () => {
  test("keeps a learning once, with its source, and counts its uses once", async () => {
    const events = [noted(1, "Colours are blue.", "mesh"), noted(2, "Menus are short.\0")];
    await projectPage(db, pageOf(events));
    const [colours, menus] = await db.select().from(learnings).orderBy(learnings.createdAt);
    expect(colours).toMatchObject({ project: null, question: `${todo}.q1`, sourceProject: todo, sourceIssue: 3, by: "ann", usedCount: 0 });
    expect(menus).toMatchObject({ project: todo, text: "Menus are short.", createdAt: start + 2_000, lastUsedAt: null, overruled: false });
    const uses = [[colours?.id ?? 0, menus?.id ?? 0], [colours?.id ?? 0, 99], []].map((ids, n) =>
      eventOf(3 + n, "architect-consulted", { data: { capability: "answer-question", seen: [], learnings: ids } }),
    );
    await projectPage(db, pageOf([...uses, noted(6, "Another.", "mesh", { data: noted(1, "Another text.").data })]));
    expect((await projectPage(db, pageOf(uses))).applied).toBe(false);
    expect(await db.select().from(learnings).orderBy(learnings.createdAt)).toMatchObject([
      { text: "Colours are blue.", usedCount: 2, lastUsedAt: start + 4_000 },
      { text: "Menus are short.", usedCount: 1, lastUsedAt: start + 3_000 },
    ]);
  });

  test("a read model filled anew has the same ids", async () => {
    await learn("Colours are blue.", "Menus are short.");
    const before = await db
      .select({ id: learnings.id, text: learnings.text })
      .from(learnings)
      .where(eq(learnings.text, "Menus are short."));
    await db.execute(sql`truncate learnings, mesh_six_events, projection_cursors`);
    await learn("Colours are green.", "Menus are short.");
    const after = await db.select({ id: learnings.id, text: learnings.text }).from(learnings).where(eq(learnings.text, "Menus are short."));
    expect(after).toEqual(before);
    expect(before[0]?.id).toBeLessThan(2 ** 52);
  });

  test.each([
    ["learning-noted", { scope: "mesh" }],
    ["learning-noted", { text: "x", scope: "world", source: { question: "q", by: "ann" } }],
    ["architect-consulted", { learnings: ["1"] }],
  ] as const)("a malformed %s is put aside", async (type, data) => {
    const projected = await projectPage(db, pageOf([eventOf(1, type, { data }), noted(2, "Colours are blue.")]));
    expect(projected.refused).toMatchObject([{ seq: 1, type }]);
    expect(await best("colours")).toHaveLength(1);
  });
});

describe("the architect's memory", () => {
  const gateway = { baseUrl: "https://model.test", apiKey: "key", model: "m" };
  const payload = {
    schemaName: "architect_answer",
    about: "Which separator should the report's file use?",
    messages: [
      { role: "system", part: "instruction", content: "You are the architect." },
      { role: "user", part: "issue", content: "Issue acme/todo-app#9: Reports" },
      { role: "user", part: "questions", content: "Questions:\n\n1. Which separator should the report's file use?" },
    ],
  };
  const question = { project: todo, capability: "answer-question", payload, timeoutSeconds: 60 };

  test("a second question of the same kind, of another issue, is answered from what a person said to the first", async () => {
    const model = createScriptedModel();
    const knowing = {
      ...model,
      complete: (request: Parameters<typeof model.complete>[0]) => {
        const knows = request.messages.some(({ content }) => content.includes("separated by semicolons"));
        model.answer("architect_answer", {
          value: knows
            ? { confident: true, answers: ["Semicolon"], answer: null, confidence: 0.9, reason: "a person decided so" }
            : { confident: false, answers: [], answer: null, confidence: 0.1, reason: "unknown" },
        });
        return model.complete(request);
      },
    } as typeof model;
    const tools = { model: knowing, gateway, recall: createRecall(() => db) };
    const first = await workBuiltIn(question, tools);
    expect(first).toMatchObject({ outcome: { done: { confident: false } }, learnings: [] });
    await learn("Menus are short.", "Files for spreadsheets are separated by semicolons: the separator is never a comma.");
    const second = await workBuiltIn(question, tools);
    expect(second).toMatchObject({ outcome: { done: { confident: true, answers: ["Semicolon"] } } });
    const [known] = await bestLearnings(db, { project: todo, text: payload.about });
    expect(second.learnings).toEqual([known?.id]);
    expect(second.seen?.map(({ part }) => part)).toEqual(["instruction", "issue", "learnings", "questions"]);
    const learned = eventOf(3, "architect-consulted", { data: { learnings: second.learnings, seen: second.seen } });
    await projectPage(db, pageOf([learned]));
    expect(await db.select().from(learnings).where(eq(learnings.usedCount, 1))).toHaveLength(1);
  });

  test("with the database away, not migrated or silent it remembers nothing, soon", async () => {
    await learn("The separator is a semicolon.");
    const recall = createRecall(() => db);
    expect(await recall(todo, "Which separator?")).toHaveLength(1);
    neon.setDown(true);
    expect(await recall(todo, "Which separator?")).toEqual([]);
    neon.setDown(false);
    const silent = { execute: () => new Promise(() => {}) } as unknown as Database;
    const began = performance.now();
    expect(await createRecall(() => silent)(todo, "Which separator?")).toEqual([]);
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(
      await createRecall(() => {
        throw new Error("no settings");
      })(todo, "Which separator?"),
    ).toEqual([]);
    await db.execute(sql`alter table learnings rename to learnings_away`);
    expect(await recall(todo, "Which separator?")).toEqual([]);
    await db.execute(sql`alter table learnings_away rename to learnings`);
  });
});
