import { PgDialect } from "drizzle-orm/pg-core";
import type { SQL } from "drizzle-orm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { InMemoryRepository } from "../../clients/github/in-memory-github.ts";
import type { AgentId, ProjectKey } from "../../core/ids.ts";
import type { Database } from "../../drizzle/database.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { clock } from "../../platform/clock.ts";
import { createTestMesh } from "../test-mesh.ts";
import { reconcile } from "./reconcile.ts";
import { forgetRest, rememberRest, restMemory } from "./rest-memory.ts";

const mesh = createTestMesh();
let repository: InMemoryRepository;
let project: ProjectKey;
let number = 0;

afterEach(() => clock.reset());

beforeEach(async () => {
  number += 1;
  repository = await mesh.addProject(`solo/notes-${"abcdefghijklmnopqrstuvwxyz"[number]}`);
  project = repository.profile.key;
});

async function reconciled(which: "due" | "now" = "now") {
  const report = await reconcile(mesh.env, mesh.clients, which);
  const mine = report.projects.find((each) => each.project === repository.profile.name);
  if (!mine) throw new Error("not reconciled");
  return { ...report, mine };
}

test("a card in Todo that no webhook told of starts a run; what has not changed is not read again", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo" });
  repository.addIssue({ column: "Done" });
  expect((await reconciled("due")).mine).toMatchObject({ board: "read", cards: 1, applied: 1, failures: [] });
  expect(await orchestrator(mesh.env, project).run(issue)).toMatchObject({ phase: "INTAKE" });
  expect((await reconciled("due")).mine).toMatchObject({ board: "not-due", cards: 0 });
  expect((await reconciled("now")).mine).toMatchObject({ board: "read", applied: 0 });
});

test("one card that cannot be read stops no other, and is read the next time", async () => {
  const [one, two] = [repository.addIssue({ column: "Todo" }), repository.addIssue({ column: "Todo" })];
  mesh.github.failNext("observeCard", new ClientError("GitHub", "poison", { code: "unexpected-answer", retryable: false }));
  const { mine } = await reconciled();
  expect(mine.failures).toMatchObject([{ what: `card ${one.number}`, reason: "unexpected-answer" }]);
  expect(await orchestrator(mesh.env, project).run(one.number)).toBeNull();
  expect(await orchestrator(mesh.env, project).run(two.number)).not.toBeNull();
  await reconciled();
  expect(await orchestrator(mesh.env, project).run(one.number)).not.toBeNull();
});

test("a board that cannot be read is reported, and other projects go on", async () => {
  const other = await mesh.addProject(`${repository.profile.name}-x`);
  const { number: issue } = other.addIssue({ column: "Todo" });
  repository.addIssue({ column: "Todo" });
  mesh.github.failNext("observeBoard", new ClientError("GitHub", "away", { code: "unavailable", retryable: true }));
  const report = await reconcile(mesh.env, mesh.clients, "now");
  const states = report.projects.map((each) => each.board);
  expect(states.filter((state) => state === "failed")).toHaveLength(1);
  expect(states.filter((state) => state === "read")).toHaveLength(states.length - 1);
  await reconciled();
  expect(await orchestrator(mesh.env, other.profile.key).run(issue)).not.toBeNull();
});

test("a card that was taken off the board while its run was active ends the run", async () => {
  const issue = repository.addIssue({ column: "Todo" });
  await reconciled();
  issue.card = null;
  await reconciled();
  expect(await orchestrator(mesh.env, project).run(issue.number)).toMatchObject({ phase: "CANCELLED" });
});

test("the built-in agents are there afterwards, and agents' dependencies were asked", async () => {
  const token = await (await mesh.send("POST", "/agents", { id: "healthy" })).json<{ token: string }>();
  const registration = {
    capabilities: [{ name: "probed", requirements: ["api"] }],
    healthChecks: [{ name: "api", url: "https://api.test/health" }],
  };
  await mesh.request("/agents/healthy/register", { method: "POST", token: token.token, body: JSON.stringify(registration) });
  mesh.httpCheck.answer("https://api.test/health", { healthy: false, detail: "answered 500" });
  expect((await reconciled()).healthChecks).toBe(1);
  const agents = await pool(mesh.env).agents();
  expect(agents.map(({ id }) => id)).toEqual(expect.arrayContaining(["built-in.architect", "built-in.general"]));
  const [candidate] = await pool(mesh.env).candidates(project, ["probed"]);
  expect(candidate).toMatchObject({ agent: "healthy" as AgentId, capabilities: [{ name: "probed", healthy: false }] });
});

test("/ops/reconcile does the same, and readings of the board are counted", async () => {
  const report = await (await mesh.send("POST", "/ops/reconcile")).json<{ projects: object[] }>();
  expect(report.projects.length).toBeGreaterThan(0);
  const board = await (
    await mesh.request(`/projects/${repository.profile.name}/board`)
  ).json<{ polledAt: number; points: { used: number } }>();
  expect(board.polledAt).toBeGreaterThan(0);
  expect(board.points.used).toBe(1);
});

test("with the database away everything else is done, and it is said", async () => {
  const { failures, mine } = await reconciled();
  const away = { reason: "read-model-unreachable", message: "the database does not answer" };
  expect(failures).toEqual(
    expect.arrayContaining([
      { what: "projections", ...away },
      { what: "partitions", ...away },
    ]),
  );
  expect(failures).toHaveLength(2);
  expect(mine.board).toBe("read");
});

test("an App without a webhook is no failure, and is asked again after an hour", async () => {
  const asked = vi.fn<typeof mesh.github.failedDeliveries>(async () => []);
  asked.mockRejectedValueOnce(new ClientError("GitHub", "not found", { code: "not-found", retryable: false }));
  const failedDeliveries: typeof mesh.github.failedDeliveries = async (hook, since) => (hook.kind === "app" ? asked(hook, since) : []);
  const clients = { ...mesh.clients, hasApp: true, github: { ...mesh.github, failedDeliveries } };
  const round = async () => (await reconcile(mesh.env, clients, "now")).failures.map(({ what }) => what);
  expect(await round()).not.toContain("app-deliveries");
  expect(await round()).not.toContain("app-deliveries");
  expect(asked.mock.calls).toEqual([[{ kind: "app" }, expect.any(Number)]]);
  clock.shift(3_600_001);
  await round();
  expect(asked).toHaveBeenCalledTimes(2);
  asked.mockRejectedValueOnce(new ClientError("GitHub", "away", { code: "unavailable", retryable: true }));
  expect(await round()).toContain("app-deliveries");
});

test("failed deliveries of an organisation's hook are repeated, once for all its projects", async () => {
  const hook = await mesh.clients.webhooks.organizationHook(repository.profile);
  const failed = { id: "77", guid: "g", event: "projects_v2_item", deliveredAt: 1, statusCode: 502 };
  const repeated: unknown[] = [];
  const github: typeof mesh.github = {
    ...mesh.github,
    failedDeliveries: async ({ kind }) => (kind === "organization" ? [failed] : []),
    redeliver: async (of, id) => void repeated.push([of.kind, "organization" in of && of.organization, "hook" in of && of.hook, id]),
  };
  expect((await reconcile(mesh.env, { ...mesh.clients, github }, "now")).redelivered).toBe(1);
  expect(repeated).toEqual([["organization", "acme", hook, "77"]]);
});

/** A database that answers: how far the read model is. */
function withDatabase(cursor: string) {
  const asked: string[] = [];
  const db = {
    execute: async (query: SQL) => {
      asked.push(new PgDialect().sqlToQuery(query).sql.includes("ensure_event_partitions") ? "partitions" : "cursor");
      return { rows: [{ seq: cursor, made: 0 }] };
    },
  } as unknown as Database;
  return { asked, clients: { ...mesh.clients, openDatabase: () => db } };
}

test("a read model that lags is poked, at each look until it has caught up", async () => {
  const pokes = () =>
    mesh.queued.filter(({ queue, body }) => queue === "mesh-projections" && (body as { project: string }).project === project);
  for (const expected of [1, 2]) {
    expect((await reconcile(mesh.env, withDatabase("0").clients, "due")).poked).toBeGreaterThan(0);
    expect(pokes()).toHaveLength(expected);
  }
  for (let looks = 0; looks < 2; looks += 1) await reconcile(mesh.env, withDatabase("1000000").clients, "due");
  expect(pokes()).toHaveLength(2);
});

test("an idle mesh rests: no object is woken, no row written, no statement sent, until something is due or has changed", async () => {
  const { asked, clients } = withDatabase("1000000");
  const due = () => reconcile(mesh.env, clients, "due");
  repository.addIssue({ column: "Done" });
  // Runs that other tests have begun are no part of an idle mesh.
  for (const { key, name } of await pool(mesh.env).projects()) {
    if (key === project) continue;
    const { by, at } = { by: "test", at: Date.now() };
    await orchestrator(mesh.env, key).apply({ id: `closed.${key}`, at, type: "project-closed", by });
    await pool(mesh.env).projectDeparts(name, "keep", by);
    await pool(mesh.env).departed(key, false);
  }
  await forgetRest(mesh.env);
  expect((await due()).projects).toMatchObject([{ board: "read", failures: [] }]);
  expect(asked.filter((what) => what === "partitions")).toHaveLength(1);
  const costs = () => orchestrator(mesh.env, project).costs();
  const [before, statements] = [await costs(), asked.length];
  for (let minutes = 1; minutes < 5; minutes += 1) {
    clock.shift(60_000 - 1_000);
    expect((await due()).projects).toEqual([]);
  }
  expect((await costs()).requests).toBe(before.requests + 1);
  clock.shift(60_000);
  expect((await due()).projects).toMatchObject([{ board: "read", applied: 0 }]);
  const after = await costs();
  expect(after.requests).toBeGreaterThan(before.requests + 2);
  expect(after.rowsWritten - after.alarmsSet).toBe(before.rowsWritten - before.alarmsSet);
  expect(asked).toHaveLength(statements);
  expect((await mesh.send("PATCH", "/settings", { retryBudget: 4 })).status).toBe(200);
  expect((await due()).projects).toHaveLength(1);
  const made = () => asked.filter((what) => what === "partitions").length;
  const earlier = made();
  clock.shift(3_600_000);
  await due();
  expect(made()).toBe(earlier);
  clock.shift(24 * 3_600_000);
  await due();
  expect(made()).toBe(earlier + 1);
});

test("the journal is archived as JSON lines that begin where the archive ended", async () => {
  await reconciled();
  const { objects } = await mesh.env.ARCHIVE.list({ prefix: `journal/${project}/` });
  expect(objects.map(({ key }) => key)).toEqual([`journal/${project}/0000000000000000.jsonl`]);
  const text = await (await mesh.env.ARCHIVE.get(objects[0]?.key ?? ""))?.text();
  const entries = (text ?? "")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { inputs: { type: string }[] });
  expect(entries[0]?.inputs.map(({ type }) => type)).toEqual(["project-configured"]);
});

test("what changes while a reconcile is under way is looked at by the next", async () => {
  await reconciled("now");
  const { as, ...known } = await restMemory(mesh.env);
  await forgetRest(mesh.env);
  await rememberRest(mesh.env, { ...known, until: Number.MAX_SAFE_INTEGER }, as);
  expect((await restMemory(mesh.env)).until).toBe(0);
  const again = await restMemory(mesh.env);
  await rememberRest(mesh.env, { ...known, until: 7 }, again.as);
  expect((await restMemory(mesh.env)).until).toBe(7);
});
