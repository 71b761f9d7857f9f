import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { neonConfig } from "@neondatabase/serverless";
import { afterAll, afterEach, expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { Deletion } from "../../workers/projects/delete-project.ts";
import { clock } from "../../platform/clock.ts";
import { reconcile } from "../../workers/scheduled/reconcile.ts";
import { problemOf } from "../../workers/test-mesh.ts";
import { orchestrator, pool, vault } from "../../durable-objects/remote.ts";
import { askPerson, colours, notificationOf, phone } from "../support/asking.ts";
import { createCursors } from "../support/cursor-database.ts";
import { createScenario, pushTo, until } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap, open } = phone(mesh);
const database = createCursors();
const away = neonConfig.fetchFunction;
neonConfig.fetchFunction = database.answer;

afterEach(() => clock.reset());
afterAll(() => {
  neonConfig.fetchFunction = away;
});

const credential = { variables: { ANTHROPIC_API_KEY: "sk-ant-of-a-deleted-project" } };

async function erase(name: string, history?: "keep" | "forget"): Promise<Deletion & { status: number }> {
  const response = await mesh.request(`/projects/${name}${history ? `?history=${history}` : ""}`, { method: "DELETE" });
  return { status: response.status, ...(await response.json<Deletion>()) };
}

/** Asks again until nothing is waited for. */
const erased = (name: string): Promise<void> =>
  until(async () => {
    await reconcile(mesh.env, mesh.clients, "now");
    const leaving = (await pool(env).departures()).map(({ profile }) => profile.name as string);
    if (leaving.includes(name)) throw new Error(`${name} is not gone`);
  });

const rowsOf = ({ stub }: Story) =>
  runInDurableObject(stub, (_, { storage }) =>
    Object.fromEntries(
      ["tasks", "runs", "outbox", "inputs", "agents_seen", "filtered", "journal", "meta"].map((table) => [
        table,
        storage.sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one()["n"],
      ]),
    ),
  );
const nothing = { tasks: 0, runs: 0, outbox: 0, inputs: 0, agents_seen: 0, filtered: 0, journal: 0, meta: 1 };
const journalOf = async (key: string) => (await env.ARCHIVE.list({ prefix: `journal/${key}/` })).objects;

test("deleting ends what runs and says so everywhere; secrets, webhooks and entry are gone, history stays, GitHub is left alone", async () => {
  const it = await story("acme/erased");
  const asked = await askPerson(mesh, it, "laptop-erased", colours);
  await mesh.send("POST", "/projects/acme/erased/credentials", credential);
  const writes = mesh.github.writes.length;
  const column = asked.issue.card?.column;

  expect(await erase("acme/erased")).toMatchObject({
    status: 202,
    project: "acme/erased",
    history: "keep",
    webhooks: [
      { kind: "repository", state: "removed" },
      { kind: "organization", state: "removed" },
    ],
    waitsFor: "what is still to be said",
  });
  expect(await it.run(asked.issue)).toMatchObject({ phase: "CANCELLED", endedBecause: "the project was deleted by operator" });
  expect((await mesh.request("/projects/acme/erased")).status).toBe(404);
  const page = await open(asked.page);
  expect([page.status, (await page.text()).includes("the project was deleted")]).toEqual([410, true]);
  expect((await vault(env, it.key).list()).length).toBe(0);
  const [token] = (await pool(env).tokens()).filter(({ agent }) => agent === "laptop-erased");
  expect(token?.projects).toEqual([]);
  expect(await problemOf(await mesh.send("POST", "/projects", { repository: "acme/erased" }))).toMatchObject({
    status: 409,
    reason: "being-deleted",
  });

  await erased("acme/erased");
  expect(notificationOf(mesh, asked.id).message).toContain("the project was deleted");
  expect(await rowsOf(it)).toEqual(nothing);
  expect(database.unlisted).toContain(it.key);
  expect((await journalOf(it.key)).length).toBeGreaterThan(0);
  // Comments settle what was asked; the card, the branch and the pull request stand as they did.
  expect(mesh.github.writes.slice(writes).map(({ operation }) => operation)).toEqual(["comment"]);
  expect([asked.issue.card?.column, asked.issue.state]).toEqual([column, "open"]);
  const [late, press] = [await open(asked.page), await tap(asked.taps[0])];
  expect([late.status, press.status]).toEqual([410, 410]);
  expect(it.runners[0]?.given.length).toBe(2);
  expect(await problemOf(await mesh.request("/projects/acme/erased", { method: "DELETE" }))).toMatchObject({ status: 404 });
});

test("registered again it begins a new life: runs are numbered on, read model and archive go on where they stood", async () => {
  const it = await story("acme/reborn");
  await it.runner("laptop-reborn");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  await erase("acme/reborn");
  await erased("acme/reborn");
  const cursor = database.cursors.get(it.key) ?? 0;
  expect(cursor).toBeGreaterThan(10);
  const archived = (await journalOf(it.key)).map(({ key }) => key);

  const again = await story("acme/reborn");
  expect(again.key).toBe(it.key);
  await again.runner("laptop-reborn-2");
  const other = await again.begins();
  expect(await again.run(other)).toMatchObject({ run: 2, branch: `mesh/${other.number}.2` });
  await again.reaches(other, { phase: "ACCEPTED" });
  await again.settled();
  expect((await again.owner.journalSince(0, 1)).events[0]?.seq).toBe(cursor + 1);
  await mesh.deliver("mesh-projections", { project: it.key });
  expect(database.cursors.get(it.key)).toBe((await again.owner.view()).seq);
  clock.shift(3_600_000);
  await again.reconcile();
  expect((await journalOf(it.key)).map(({ key }) => key)).toEqual([...archived, expect.any(String)]);
});

const feedRowsOf = (session: string) =>
  runInDurableObject(env.FEEDS.getByName(session), (_, { storage }) => ({
    parts: storage.sql.exec("SELECT COUNT(*) AS n FROM parts").one()["n"],
    facts: storage.kv.get("facts"),
  }));
const recordingsOf = async (key: string) => (await env.ARCHIVE.list({ prefix: `recordings/${key}/` })).objects;

/** Takes an issue to its end with a session that has written something; answers the session. */
async function written(it: Story, runnerName: string): Promise<string> {
  const runner = await it.runner(runnerName);
  runner.scripts.implement = async (work) => {
    const { sessionId } = work.session;
    work.say({ type: "snapshot", sessionId, kind: "start", screen: "$ begin", cols: 100, rows: 30 });
    runner.write(sessionId, "grüße\r\n");
    await pushTo(it.repository, work);
  };
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  return [...runner.streams.keys()][0] ?? "";
}

test.each(["as the read model knows them", "also those it has not seen"])(
  "forgotten, its sessions' streams, recordings and screens go, %s",
  async (which) => {
    const isKnown = which.startsWith("as");
    const it = await story(`acme/forgotten-streams-${isKnown}`);
    const session = await written(it, `laptop-streams-${isKnown}`);
    expect(await feedRowsOf(session)).toMatchObject({ parts: 1, facts: { recorded: 9 } });
    expect((await recordingsOf(it.key)).map(({ key }) => key.split("/").at(-2))).toEqual(["chunks", "snapshots"]);
    await mesh.deliver("mesh-projections", { project: it.key });
    // Lists tell how much it wrote.
    expect(database.sessions.get(session)).toMatchObject({ project: it.key, output_bytes: 9 });
    if (!isKnown) database.sessions.delete(session);
    await erase(it.name, "forget");
    await erased(it.name);
    expect(await recordingsOf(it.key)).toEqual([]);
    expect(await feedRowsOf(session)).toEqual({ parts: 0, facts: undefined });
  },
);

test("deleted with its history kept, recordings stay", async () => {
  const it = await story("acme/kept-streams");
  const session = await written(it, "laptop-kept-streams");
  await erase(it.name, "keep");
  await erased(it.name);
  expect((await recordingsOf(it.key)).length).toBe(2);
  expect(await feedRowsOf(session)).toMatchObject({ parts: 1 });
});

test("forgotten, its rows and objects go too, and its numbers of events begin anew; those of its runs do not", async () => {
  const it = await story("acme/forgotten");
  await it.runner("laptop-forgotten");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  await it.reconcile();
  await until(() => expect(database.cursors.get(it.key)).toBeGreaterThan(0));
  expect((await journalOf(it.key)).length).toBe(1);
  const first = await erase("acme/forgotten", "forget");
  expect(first).toMatchObject({ status: 202, history: "forget" });
  await erased("acme/forgotten");
  expect([database.cursors.has(it.key), await journalOf(it.key), await rowsOf(it)]).toEqual([false, [], nothing]);

  const again = await story("acme/forgotten");
  const other = await again.begins();
  expect(await again.run(other)).toMatchObject({ run: 2 });
  expect((await again.owner.journalSince(0, 1)).events[0]?.seq).toBe(1);
  await mesh.deliver("mesh-projections", { project: it.key });
  expect(database.cursors.get(it.key)).toBeGreaterThan(0);
});

test.each(["keep", "forget"] as const)(
  "with the database away a deletion says that it waits for it, and ends when it is back (%s)",
  async (history) => {
    const it = await story(`acme/waiting-${history}`);
    await it.runner(`laptop-waiting-${history}`);
    const issue = await it.begins();
    await it.reaches(issue, { phase: "ACCEPTED" });
    await it.settled();
    database.state.away = true;
    expect(await erase(it.name, history)).toMatchObject({ status: 202, history, waitsFor: "the database" });
    await it.reconcile();
    expect(await problemOf(await mesh.send("POST", "/projects", { repository: it.name }))).toMatchObject({ reason: "being-deleted" });
    database.state.away = false;
    await erased(it.name);
    expect(await rowsOf(it)).toEqual(nothing);
  },
);

test("a deletion that broke off anywhere is gone on with by the reconcile, and ends the same", async () => {
  const it = await story("acme/broken-off");
  await it.runner("laptop-broken-off");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  // The Worker died after the very first step.
  await pool(env).projectDeparts(it.repository.profile.name, "keep", "operator");
  // Then GitHub is away, then the database.
  const { remove } = mesh.clients.webhooks;
  const fails = new ClientError("GitHub", "away", { code: "unavailable", retryable: true });
  Object.assign(mesh.clients.webhooks, { remove: () => Promise.reject(fails) });
  expect((await reconcile(mesh.env, mesh.clients, "now")).failures).toMatchObject([
    { what: "deletion of acme/broken-off", reason: "unavailable" },
  ]);
  Object.assign(mesh.clients.webhooks, { remove });
  await it.settled();
  neonConfig.fetchFunction = away;
  expect((await reconcile(mesh.env, mesh.clients, "now")).leaving).toBe(1);
  neonConfig.fetchFunction = database.answer;
  // The orchestrator dies just when it was emptied.
  await it.owner.empty(false).catch(() => {});
  await it.evict();
  await erased("acme/broken-off");
  expect(await rowsOf(it)).toEqual(nothing);
  expect(await orchestrator(env, it.key).view()).toMatchObject({ name: null, runs: [] });
});

test("what comes for a deleted project later is taken and forgotten", async () => {
  const it = await story("acme/late");
  await it.runner("laptop-late");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  await erase("acme/late");
  await erased("acme/late");
  const report = { seq: 1, at: 1, body: { type: "task-done" as const, taskId: `${it.key}.t1-1-1`, attempt: 1 } };
  const late = {
    id: "late",
    at: 1,
    type: "reports-received",
    agent: "laptop-late" as never,
    journal: "journal-late",
    reports: [report],
  } as const;
  expect(await it.owner.apply(late)).toEqual({ status: "ignored", reason: "project-deleted" });
  expect(await rowsOf(it)).toEqual(nothing);
});
