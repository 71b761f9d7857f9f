import { expect, test } from "vitest";
import type { Costs } from "../../durable-objects/project-orchestrator-costs.ts";
import { pool } from "../../durable-objects/remote.ts";
import { countWorker } from "../../platform/worker-counts.ts";
import { createTestMesh } from "../test-mesh.ts";

const mesh = createTestMesh();

interface Report {
  readonly projects: readonly (Costs & { readonly project: string })[];
  readonly objects: Record<"pool" | "live" | "settings", Costs> & {
    readonly vaults: readonly (Costs & { project: string })[];
    readonly mailboxes: readonly (Costs & { agent: string })[];
    readonly feeds: readonly (Costs & { project: string })[];
  };
  readonly worker: Record<string, number>;
  readonly total: Record<string, number>;
}

async function costs(): Promise<Report> {
  const response = await mesh.request("/ops/costs");
  expect(response.status).toBe(200);
  return response.json<Report>();
}

test("costs are told of every project and object and of the Worker, and add up", async () => {
  const repository = await mesh.addProject("acme/counted");
  const { token } = await (await mesh.send("POST", "/agents", { id: "counted" })).json<{ token: string }>();
  await mesh.request("/agents/counted/register", { method: "POST", token, body: JSON.stringify({ capabilities: [{ name: "work" }] }) });
  repository.addIssue({ column: "Todo" });
  await mesh.send("POST", "/ops/reconcile");
  const { projects, objects, worker, total } = await costs();
  expect(projects.map(({ project }) => project)).toEqual(["mesh", "acme/counted"]);
  expect(objects.vaults.map(({ project }) => project)).toEqual(["mesh", "acme/counted"]);
  expect(objects.mailboxes.map(({ agent }) => agent)).toEqual(["counted"]);
  const every = [...projects, ...objects.vaults, ...objects.mailboxes, objects.pool, objects.live, objects.settings];
  expect(objects.feeds.map(({ project, requests }) => [project, requests])).toEqual([
    ["mesh", 0],
    ["acme/counted", 0],
  ]);
  for (const name of ["requests", "rowsWritten", "rowsRead", "activeMs"] as const) {
    expect(total[name]).toBe(every.reduce((sum, each) => sum + each[name], 0));
  }
  for (const each of every) expect(each.requests).toBeGreaterThanOrEqual(1);
  expect(projects[1]?.rowsWritten).toBeGreaterThan(3);
  expect(worker.workerRequests).toBeGreaterThanOrEqual(5);
  expect(total.queueMessages).toBeGreaterThan(0);
  expect(total.queueOperations).toBe((total.queueMessages ?? 0) * 3 + (worker.queueRedeliveries ?? 0));
  expect(total.gbSeconds).toBeCloseTo(((total.activeMs ?? 0) / 1_000) * 0.128);
});

test("what an isolate counts is told to the pool at most every 5 s, and when the costs are asked for", async () => {
  const told = async () => (await pool(mesh.env).costs()).worker.workerRequests ?? 0;
  await costs();
  const before = await told();
  for (let n = 0; n < 5; n += 1) await mesh.request("/healthz", { token: null });
  expect(await told()).toBe(before);
  countWorker("sqlStatements", 7);
  const { worker } = await costs();
  // Some that were told to go along: this request, the real queues'.
  expect(worker.workerRequests).toBeGreaterThanOrEqual(before + 6);
  expect(worker.sqlStatements).toBeGreaterThanOrEqual(7);
});
