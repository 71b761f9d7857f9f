import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { evictDurableObject } from "cloudflare:test";
import { orchestrator, settings } from "../../durable-objects/remote.ts";
import { clock } from "../../platform/clock.ts";
import { createGate, createScenario } from "../support/scenario.ts";

const { mesh, story } = createScenario();

afterEach(async () => {
  clock.reset();
  await mesh.send("POST", "/ops/start");
});

const state = async () => (await mesh.request("/ops/state")).json<{ stopped: { by: string; at: number; reason: string } | null }>();

test("a stopped mesh lets running steps end and begins none; started, every run goes on in the same conversation", async () => {
  const it = await story("acme/halted");
  const [planned, gate] = [createGate(), createGate()];
  const runner = await it.runner("laptop-halted", {});
  const { plan } = runner.scripts;
  runner.scripts.plan = async (work) => {
    await plan(work);
    planned.open();
    await gate.opened;
  };
  const issue = await it.begins();
  await planned.opened;

  const stopped = await mesh.send("POST", "/ops/stop", { reason: "the bill" });
  expect([stopped.status, await stopped.json()]).toMatchObject([200, { stopped: { by: "operator", reason: "the bill" }, untold: [] }]);
  const first = (await state()).stopped;
  expect(await (await mesh.send("POST", "/ops/stop", { reason: "again" })).json()).toMatchObject({ stopped: first });
  expect(await it.reaches(issue, { phase: "PLANNING", awaiting: "stopped" })).toBeDefined();
  expect(await it.explain(issue)).toMatch(/^The mesh was stopped by operator since \d{4}-\d\d-\d\d \d\d:\d\d UTC: the bill\.$/);

  // What comes in is recorded: the running step ends, a card begins a run that waits, a comment is kept.
  gate.open();
  await it.recorded("plan-proposed");
  const other = await it.begins();
  expect(await it.run(other)).toMatchObject({ phase: "INTAKE", awaiting: "stopped" });
  await it.settled();
  await it.evict();
  await evictDurableObject(env.SETTINGS.getByName("settings"));
  await it.reconcile();
  await it.pass(120_000);
  expect(await state()).toEqual({ stopped: first, day: null, leaving: [], restoring: null });
  expect(runner.given).toHaveLength(1);
  expect(await it.run(other)).toMatchObject({ phase: "INTAKE", awaiting: "stopped" });

  const conversation = (await it.run(issue)).session?.conversationId;
  expect(await (await mesh.send("POST", "/ops/start")).json()).toEqual({ stopped: null, untold: [] });
  expect(await (await mesh.send("POST", "/ops/start")).json()).toEqual({ stopped: null, untold: [] });
  const run = await it.reaches(issue, { phase: "ACCEPTED" }, 15_000);
  expect(run.session?.conversationId).toBe(conversation);
  await it.reaches(other, { phase: "ACCEPTED" }, 15_000);
  expect((await it.events("mesh-stopped")).length).toBe(1);
});

test("a run that was paused before stays paused; a merge that came due waits for the start", async () => {
  const it = await story("acme/kept");
  const [testing, gate] = [createGate(), createGate()];
  const runner = await it.runner("laptop-kept");
  const check = runner.scripts.test;
  runner.scripts.test = async (work) => {
    testing.open();
    await gate.opened;
    await check(work);
  };
  const [merging, paused] = [await it.begins(), await it.begins()];
  await it.reaches(merging, { phase: "QA", awaiting: "session" });
  await mesh.send("POST", `/runs/acme/kept/${paused.number}/pause`);
  await mesh.send("POST", "/ops/stop");
  gate.open();
  await it.recorded("tests-finished");
  await mesh.send("POST", "/ops/start");
  await it.reaches(merging, { phase: "ACCEPTED" }, 15_000);
  expect(await it.run(paused)).toMatchObject({ awaiting: "paused" });
});

test("a project that was not told learns it by the reconcile, before a card may begin anything; one registered meanwhile stands still, too", async () => {
  const it = await story("acme/untold");
  await it.runner("laptop-untold");
  // The word got lost on its way: only the settings have it.
  await settings(env).stop("operator", "");
  const issue = it.repository.addIssue({ column: "Todo" });
  await it.reconcile();
  expect(await it.run(issue)).toMatchObject({ phase: "INTAKE", awaiting: "stopped" });
  const late = await story("acme/late");
  const begun = await late.begins();
  expect(await late.run(begun)).toMatchObject({ phase: "INTAKE", awaiting: "stopped" });
  await settings(env).start();
  await it.reconcile();
  await it.reaches(issue, { phase: "ACCEPTED" }, 15_000);
});

test("an older word that comes late changes nothing; plain tasks go on", async () => {
  const it = await story("acme/order");
  const stop = await settings(env).stop("operator", "");
  const start = await settings(env).start();
  const owner = orchestrator(env, it.key);
  expect(await owner.apply({ id: "late-1", at: 1, type: "mesh-state-changed", state: start })).toEqual({ status: "applied" });
  expect(await owner.apply({ id: "late-2", at: 2, type: "mesh-state-changed", state: stop })).toEqual({
    status: "ignored",
    reason: "stale",
  });
  await mesh.send("POST", "/ops/stop");
  const issue = await it.begins();
  expect(await it.run(issue)).toMatchObject({ awaiting: "stopped" });
  const { token } = await (await mesh.send("POST", "/agents", { id: "plain" })).json<{ token: string }>();
  const registration = JSON.stringify({ capabilities: [{ name: "plain-work" }] });
  await mesh.request("/agents/plain/register", { method: "POST", token, body: registration });
  await mesh.request("/agents/plain/tasks", { token });
  await mesh.send("POST", "/tasks", { capability: "plain-work" });
  const { frames } = await (await mesh.request("/agents/plain/tasks?wait=20", { token })).json<{ frames: { type: string }[] }>();
  expect(frames.map(({ type }) => type)).toEqual(["assign"]);
});
