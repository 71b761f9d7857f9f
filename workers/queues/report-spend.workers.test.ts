import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { EffectId } from "../../core/ids.ts";
import { dayOf } from "../../core/lifecycle/day-budget.ts";
import { orchestrator, settings } from "../../durable-objects/remote.ts";
import { composition } from "../clients.ts";
import { createTestMesh } from "../test-mesh.ts";

const mesh = createTestMesh();

// The deployed Worker runs in this isolate: its queues' consumers speak to the same clients in memory.
composition.createClients = () => mesh.clients;

const patience = { timeout: 20_000, interval: 50 };
const stateOf = async (name: string, issue: number) =>
  (await mesh.request(`/runs/acme/${name}/${issue}/explain`)).json<{ awaiting: string; explain: string }>();
const day = async () => (await (await mesh.request("/ops/state")).json<{ day: object | null }>()).day;
const setCap = (usd: number | null) => mesh.send("PATCH", "/settings", { budget: { meshPerDayUsd: usd } });

test("two projects reach the mesh's cap together: both wait, people are told once, and a higher cap lets them go on", async () => {
  const names = ["one", "two"] as const;
  const projects = await Promise.all(names.map((name) => mesh.addProject(`acme/${name}`)));
  expect(await day()).toBeNull();
  expect((await setCap(1)).status).toBe(200);
  mesh.model.answer("tech_consultation", { value: { guidance: "Go." }, usd: 0.6 });
  const issues: number[] = [];
  for (const project of projects) issues.push(project.addIssue({ column: "Todo", title: "Spend" }).number);
  await mesh.send("POST", "/ops/reconcile");

  await vi.waitFor(async () => {
    for (const [n, name] of names.entries()) expect(await stateOf(name, issues[n] ?? 0)).toMatchObject({ awaiting: "mesh-day" });
  }, patience);
  expect((await stateOf("one", issues[0] ?? 0)).explain).toMatch(/have spent \$1\.20 today, of \$1\.00/);
  expect(await day()).toMatchObject({ usd: 1.2, capUsd: 1, reached: true });
  await vi.waitFor(async () => {
    for (const { profile } of projects) expect((await orchestrator(env, profile.key).view()).outbox).toBe(0);
  }, patience);
  const told = () => mesh.ntfy.published.filter(({ title }) => title === "The mesh waits for tomorrow");
  expect(told()).toHaveLength(1);

  // A message that comes again, and a report that does: nothing is counted or told twice.
  const [first] = projects;
  const today = dayOf(Date.now());
  const effect = `${first?.profile.key}.spend-${today}-600000` as EffectId;
  await mesh.deliver("mesh-effects", { project: first?.profile.key, effect });
  const report = { project: first?.profile.key as never, life: 0, day: today, usd: 0.6 };
  await settings(env).noteSpend(report);
  await settings(env).noteSpend({ ...report, usd: 0.2 });
  expect(await day()).toMatchObject({ usd: 1.2 });
  expect(told()).toHaveLength(1);

  await setCap(5);
  for (const [n, name] of names.entries()) expect(await stateOf(name, issues[n] ?? 0)).toMatchObject({ awaiting: "slot" });
  expect(await day()).toMatchObject({ usd: 1.2, capUsd: 5, reached: false });

  await setCap(1.1);
  for (const [n, name] of names.entries()) expect(await stateOf(name, issues[n] ?? 0)).toMatchObject({ awaiting: "mesh-day" });

  // A project that comes on a spent day waits as well, and nothing is told again at a reconcile.
  const third = await mesh.addProject("acme/three");
  const { told: known } = await orchestrator(env, third.profile.key).outlook();
  expect(known?.spent).toEqual({ day: today, usd: 1.2 });
  await setCap(null);
  for (const [n, name] of names.entries()) expect(await stateOf(name, issues[n] ?? 0)).toMatchObject({ awaiting: "slot" });
  expect(await day()).toBeNull();
});

test("a project that was not told that the day is spent learns it by the reconcile", async () => {
  const late = await mesh.addProject("acme/late");
  const owner = orchestrator(env, late.profile.key);
  await setCap(2);
  // The sum is reached by a report whose consumer dies before it tells anyone.
  const today = dayOf(Date.now());
  const noted = await settings(env).noteSpend({ project: "R_dead" as never, life: 0, day: today, usd: 2 });
  expect(noted).toMatchObject({ announce: true, untoldCapUsd: 2, spent: { day: today } });
  expect((await owner.outlook()).told?.spent).toBeNull();
  await mesh.send("POST", "/ops/reconcile");
  expect((await owner.outlook()).told?.spent).toMatchObject({ day: today });
  // Delivered again, the report says again that it is to be told.
  expect(await settings(env).noteSpend({ project: "R_dead" as never, life: 0, day: today, usd: 2 })).toMatchObject({ untoldCapUsd: 2 });
  await settings(env).noteDayTold(today, 2);
  expect(await settings(env).noteSpend({ project: "R_dead" as never, life: 0, day: today, usd: 3 })).toMatchObject({ untoldCapUsd: null });
});
