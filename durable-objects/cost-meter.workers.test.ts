import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { AgentId } from "../core/ids.ts";
import { clock } from "../platform/clock.ts";
import { CostMeter } from "./cost-meter.ts";
import { liveFeed, mailbox, pool } from "./remote.ts";
import { TestAgent } from "./test-agent.ts";

afterEach(() => clock.reset());

test("activity is counted by wake-ups, each with the 10 s that it lingers; socket messages count 20 to 1", () => {
  const rows = { written: 3, read: 5 };
  const meter = new CostMeter(rows);
  meter.request(100_000);
  meter.socketMessage(104_000);
  expect(meter.costs()).toEqual({ requests: 2, rowsWritten: 3, alarmsSet: 0, rowsRead: 5, queueMessages: 0, activeMs: 14_000 });
  for (let n = 0; n < 20; n += 1) meter.socketMessage(200_000);
  meter.alarmSet();
  meter.queueMessages += 2;
  expect(meter.costs()).toEqual({ requests: 3, rowsWritten: 4, alarmsSet: 1, rowsRead: 5, queueMessages: 2, activeMs: 24_000 });
});

test("what was kept goes on in the next life", () => {
  const meter = new CostMeter({ written: 3, read: 5 });
  meter.request(100_000);
  for (let n = 0; n < 19; n += 1) meter.socketMessage(101_000);
  const kept = JSON.parse(JSON.stringify(meter.keep()));
  expect(meter.unkept).toBe(0);
  const next = new CostMeter({ written: 1, read: 1 });
  next.restore(kept);
  next.request(300_000);
  next.socketMessage(300_000);
  expect(next.costs()).toEqual({ requests: 3, rowsWritten: 4, alarmsSet: 0, rowsRead: 6, queueMessages: 0, activeMs: 21_000 });
});

test("an object counts its calls, sockets and rows, and keeps them through its end", async () => {
  const agent = "metered" as AgentId;
  const socket = await TestAgent.connect(agent);
  await mailbox(env, agent).setSlots(3);
  const before = await mailbox(env, agent).costs();
  // connect, setSlots, costs, and one for the hello
  expect(before.requests).toBe(4);
  expect(before.rowsWritten).toBeGreaterThanOrEqual(2);
  expect(before.activeMs).toBeGreaterThanOrEqual(10_000);
  await evictDurableObject(env.MAILBOXES.getByName(agent));
  const after = await mailbox(env, agent).costs();
  expect(after.requests).toBe(before.requests + 1);
  expect(after.rowsWritten).toBe(before.rowsWritten + 1);
  expect(after.activeMs).toBeGreaterThanOrEqual(before.activeMs);
  socket.close();
});

test("a busy object writes its meter once in 10 s, or for a hundred calls", async () => {
  const { rowsWritten } = await liveFeed(env).costs();
  await vi.waitFor(async () => expect((await liveFeed(env).costs()).rowsWritten).toBe(rowsWritten + 1), { timeout: 3_000 });
  for (let n = 0; n < 30; n += 1) await liveFeed(env).publish([]);
  expect((await liveFeed(env).costs()).rowsWritten).toBe(rowsWritten + 1);
  for (let n = 0; n < 100; n += 1) await liveFeed(env).publish([]);
  expect((await liveFeed(env).costs()).rowsWritten).toBe(rowsWritten + 2);
});

test("the pool keeps what Workers have counted along", async () => {
  await pool(env).countWorker({ workerRequests: 2, sqlStatements: 1 });
  await pool(env).countWorker({ workerRequests: 300 });
  await evictDurableObject(env.POOL.getByName("pool"));
  expect((await pool(env).costs()).worker).toEqual({ workerRequests: 302, sqlStatements: 1 });
});
