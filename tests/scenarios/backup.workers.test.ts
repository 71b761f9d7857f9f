import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { neonConfig } from "@neondatabase/serverless";
import { afterAll, afterEach, expect, test } from "vitest";
import { clock } from "../../platform/clock.ts";
import { minuteMs } from "../../core/time.ts";
import { orchestrator, pool, settings, vault } from "../../durable-objects/remote.ts";
import { forgetGrants } from "../../workers/http/auth.ts";
import { forgetRegistry } from "../../workers/registry.ts";
import { reconcile } from "../../workers/scheduled/reconcile.ts";
import { problemOf } from "../../workers/test-mesh.ts";
import { askPerson, colours, phone } from "../support/asking.ts";
import { createCursors } from "../support/cursor-database.ts";
import { createScenario } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap } = phone(mesh);
const database = createCursors();
const away = neonConfig.fetchFunction;
neonConfig.fetchFunction = database.answer;

afterEach(() => clock.reset());
afterAll(() => {
  neonConfig.fetchFunction = away;
});

const secret = "sk-ant-kept-in-a-backup-0123456789";

interface Carried {
  readonly name: string;
  readonly objects: readonly { readonly object: string; readonly bytes: ArrayBuffer }[];
}

const json = async (path: string) => (await mesh.request(path)).json<Record<string, unknown>>();

/** Everything of a backup, as it would be carried to another account. */
async function download(name: string): Promise<Carried> {
  const { items } = await (await mesh.request(`/ops/backups/${name}/objects`)).json<{ items: { object: string }[] }>();
  const objects = await Promise.all(
    items.map(async ({ object }) => ({ object, bytes: await (await mesh.request(`/ops/backups/${name}/${object}`)).arrayBuffer() })),
  );
  return { name, objects };
}

const put = (name: string, object: string, bytes: ArrayBuffer) =>
  mesh.request(`/ops/backups/${name}/${object}`, { method: "PUT", body: bytes, headers: { "content-length": String(bytes.byteLength) } });

async function upload({ name, objects }: Carried): Promise<void> {
  for (const { object, bytes } of objects) expect((await put(name, object, bytes)).status).toBe(204);
}

async function emptied(): Promise<void> {
  await reset();
  forgetRegistry(mesh.env);
  forgetGrants();
  await reconcile(mesh.env, mesh.clients, "now");
}

test("backup → empty mesh → restore: the same projects, runs, settings and credentials; a parked question is answered and its run goes on", async () => {
  const it = await story("acme/kept-safe");
  const asked = await askPerson(mesh, it, "laptop-kept", colours);
  await it.pass(11 * minuteMs);
  await it.settled();
  expect(await asked.question()).toMatchObject({ status: "with-human", parked: true });
  const runner = it.runners[0];
  const conversation = (await it.run(asked.issue)).session?.conversationId;
  expect((await mesh.send("POST", "/projects/acme/kept-safe/credentials", { variables: { ANTHROPIC_API_KEY: secret } })).status).toBe(201);
  await mesh.send("PATCH", "/settings", { retryBudget: 7 });
  await runner?.settled();
  runner?.cut();
  const views = async () => ({
    projects: (await json("/projects"))["items"],
    run: await it.owner.run(asked.issue.number),
    settings: (await json("/settings"))["overrides"],
    health: await json("/projects/acme/kept-safe/credentials/health"),
    tokens: ((await json("/agents/tokens"))["items"] as { agent: string }[]).map(({ agent }) => agent),
    events: (await it.owner.journalSince(0, 10_000)).events.length,
  });
  const before = await views();

  const made = await (await mesh.send("POST", "/ops/backup")).json<{ name: string; objects: number; bytes: number }>();
  expect(made).toMatchObject({ objects: 8 });
  expect(((await json("/ops/backups"))["items"] as object[])[0]).toMatchObject({ projects: 1, agents: 1, ...made });
  expect(await problemOf(await mesh.send("POST", "/ops/restore", { name: made.name }))).toMatchObject({ status: 409, reason: "not-empty" });
  const carried = await download(made.name);
  const text = carried.objects.map(({ bytes }) => new TextDecoder().decode(bytes)).join("\n");
  for (const plain of [secret, runner && "token" in runner ? String(runner.token) : "no token"]) expect(text).not.toContain(plain);

  await emptied();
  expect([(await json("/projects"))["items"], await it.owner.run(asked.issue.number)]).toEqual([[], null]);
  expect(await problemOf(await mesh.send("POST", "/ops/restore", { name: made.name }))).toMatchObject({ status: 404 });
  await upload(carried);
  const restored = await mesh.send("POST", "/ops/restore", { name: made.name });
  expect([restored.status, await restored.json()]).toMatchObject([200, { name: made.name, projects: 1, agents: 1 }]);
  const after = await views();
  expect({ ...after, events: 0 }).toEqual({ ...before, events: 0 });
  expect(after.events).toBeGreaterThanOrEqual(before.events);
  // Its reminder still rings.
  expect(await runInDurableObject(it.stub, (_, { storage }) => storage.getAlarm())).not.toBeNull();
  expect(await vault(env, it.key).health()).toMatchObject({ hasValidCredential: true });

  // The runner comes back with its old token and takes the same conversation up.
  await runner?.connect();
  expect((await tap(asked.taps[1])).status).toBe(200);
  const run = await it.reaches(asked.issue, { phase: "ACCEPTED" }, 15_000);
  expect([run.session?.conversationId, run.run]).toEqual([conversation, 1]);
  // Runs begun after the backup have left their numbers at GitHub: new ones use none of them.
  expect((await it.run(await it.begins())).run).toBeGreaterThan(1_000);
  await it.settled();
});

test("a restore that broke off goes on where it was; a damaged backup is refused before anything is taken", async () => {
  await emptied();
  const it = await story("acme/broken-restore");
  await it.runner("laptop-broken-restore");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  const { name } = await (await mesh.send("POST", "/ops/backup")).json<{ name: string }>();
  const carried = await download(name);

  await emptied();
  const [first, ...others] = carried.objects;
  if (first === undefined) throw new Error("nothing was carried");
  for (const { object, bytes } of others.slice(0, -1)) await put(name, object, bytes);
  const manifest = others.at(-1);
  if (manifest === undefined) throw new Error("no manifest");
  const early = await put(name, manifest.object, manifest.bytes);
  expect(await problemOf(early)).toMatchObject({ status: 409, reason: "objects-missing", paths: [first.object] });
  const changed = new Uint8Array(first.bytes.slice(0));
  changed[changed.length - 2] = (changed[changed.length - 2] ?? 0) ^ 1;
  await put(name, first.object, changed.buffer);
  expect((await put(name, manifest.object, manifest.bytes)).status).toBe(204);
  expect(await problemOf(await put(name, first.object, first.bytes))).toMatchObject({ status: 409, reason: "backup-is-whole" });
  expect(await problemOf(await mesh.send("POST", "/ops/restore", { name }))).toMatchObject({ status: 422, reason: "damaged" });
  expect([await pool(env).isEmpty(), await settings(env).restoring()]).toEqual([true, null]);
  expect((await mesh.request(`/ops/backups/${name}`, { method: "DELETE" })).status).toBe(204);

  await upload(carried);
  // The database is away when the first orchestrator is to be brought back.
  neonConfig.fetchFunction = away;
  expect((await mesh.send("POST", "/ops/restore", { name })).status).toBe(500);
  neonConfig.fetchFunction = database.answer;
  expect(await json("/ops/state")).toMatchObject({ restoring: name });
  expect((await mesh.send("POST", "/ops/restore", { name })).status).toBe(200);
  expect(await json("/ops/state")).toMatchObject({ restoring: null });
  expect(await it.run(issue)).toMatchObject({ phase: "ACCEPTED" });
  expect((await orchestrator(env, it.key).profile())?.name).toBe("acme/broken-restore");
});
