import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JournalEvent, JournalPage } from "../../core/events.ts";
import { defaultPolicy } from "../../core/policy.ts";
import { offlineAfterMs } from "../../core/pool/agent-status.ts";
import type { Report } from "../../core/protocol/frames.ts";
import type { TaskView } from "../../core/project/views.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { defaultHeartbeatMs } from "../../runner/mesh-link.ts";
import { defaultContactLimitMs } from "../../runner/runner.ts";
import { doubles } from "./doubles.ts";
import { meshForTest, until } from "./mesh-fixture.ts";
import { startWire, type Wire } from "./start-wire.ts";

/** Every length of time of the story is this part of what it is by default. */
const scale = 1 / 20;
const scaled = {
  unreachableMs: offlineAfterMs * scale,
  lostMs: defaultPolicy.session.takeoverAfterMs * scale,
  backMs: 20 * minuteMs * scale,
  contactLimitMs: defaultContactLimitMs * scale,
  heartbeatMs: defaultHeartbeatMs * scale,
};
const flags = ["--contact-limit", String(scaled.contactLimitMs / secondMs), "--heartbeat", String(scaled.heartbeatMs / secondMs)];
const project = "acme/todo-app";
const issue = demonstration.filter(({ key }) => key === `${project}#1`);

let mesh: Awaited<ReturnType<typeof meshForTest>>;
const wires: Wire[] = [];
beforeAll(async () => {
  mesh = await meshForTest({ runner: false, settings: { AGENT_OFFLINE_AFTER_MS: String(scaled.unreachableMs) } });
  await mesh.client.patch("/settings", { session: { takeoverAfterMs: scaled.lostMs } });
});
afterAll(async () => {
  await mesh?.end();
  await Promise.all(wires.map((wire) => wire.close()));
});

async function wireTo(url: string): Promise<Wire> {
  const wire = await startWire(url);
  wires.push(wire);
  return wire;
}

/** Processes of agents that a runner has started: their home is in its folder. */
function agentsOf(runner: string): number[] {
  const home = `HOME=${join(mesh.dataDir, "runners", runner)}/`;
  return readdirSync("/proc")
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "latin1").includes(home);
      } catch {
        return false; // it has ended
      }
    })
    .map(Number);
}

async function events(): Promise<JournalEvent[]> {
  const found: JournalEvent[] = [];
  for (let after = 0, more = true; more;) {
    const page = await mesh.client.get<JournalPage>(`/projects/${project}/journal?after=${after}&limit=500`);
    found.push(...page.events);
    [after, more] = [page.upTo, page.more];
  }
  return found;
}

/** What the first runner said that the mesh passed over, by the report's type. */
async function staleOf(agent: string): Promise<unknown[]> {
  return (await events())
    .filter(({ type, agent: of, data }) => type === "input-ignored" && of === agent && data["reason"] === "stale")
    .map(({ data }) => data["report"]);
}

test("the times are those of the documentation, but for one factor", () => {
  expect(Object.values(scaled).map((ms) => ms / scale / minuteMs)).toEqual([2, 15, 20, 10, 0.5]);
});

test("a runner that never comes back: unreachable after 2 minutes, lost after 15, another one finishes; back after 20 it has stopped its agent by itself, and its results are stale", async () => {
  const [toMesh, toModel] = await Promise.all([wireTo(`${mesh.url}/api`), wireTo(mesh.model.url)]);
  const first = await mesh.startRunner("first", { url: toMesh.url, modelUrl: toModel.url, flags });
  await putIntoTodo(mesh, issue);
  const key = issue[0]?.key ?? "";
  const given = async () => {
    const { items } = await mesh.client.get<{ items: TaskView[] }>(
      `/tasks?project=${encodeURIComponent(project)}&capability=implementation`,
    );
    return items.find(({ attempts }) => attempts.some(({ agent, status }) => agent === "first" && status === "running"));
  };
  // Its model says nothing more from here on, so that the agent is at work until something stops it.
  const task = await until("the first runner implements", given);
  toModel.cut();
  await until("its agent runs", () => agentsOf("first").length > 0);
  const attempts = async () => (await mesh.client.get<TaskView>(`/tasks/${task.id}`)).attempts;
  toMesh.cut();
  const cutAt = Date.now();
  await mesh.startRunner("second", { flags });

  // 1. Unreachable after 2 minutes; it keeps its work.
  const unreachable = await until("the attempt is unreachable", async () => {
    const [attempt] = await attempts();
    return attempt?.unreachableSince === undefined ? null : { at: Date.now(), attempt, since: attempt.unreachableSince };
  });
  expect(unreachable.attempt).toMatchObject({ agent: "first", status: "running" });
  expect(unreachable.at - unreachable.since).toBeGreaterThanOrEqual(scaled.unreachableMs);
  expect(unreachable.since).toBeLessThanOrEqual(cutAt + scaled.heartbeatMs);
  expect(agentsOf("first").length).toBeGreaterThan(0);

  // 2. After 10 the first one's agent is gone, by itself: nothing can reach it, and the mesh still waits for it.
  await until("the first runner has stopped its agent", () => agentsOf("first").length === 0, scaled.lostMs);
  expect(Date.now() - cutAt).toBeGreaterThanOrEqual(scaled.contactLimitMs - scaled.heartbeatMs);
  expect(await attempts()).toMatchObject([{ agent: "first", status: "running" }]);

  // 3. Lost after 15, and only then given to another.
  const lost = await until("the attempt is lost", async () => {
    const [attempt] = await attempts();
    return attempt?.status === "lost" ? attempt : null;
  });
  expect((lost.endedAt ?? 0) - unreachable.since).toBeGreaterThanOrEqual(scaled.lostMs);
  const taken = await until("the second runner has the work", async () => {
    const run = await runOf(mesh, key);
    return run?.session?.agent === "second" || run?.endedAt != null ? run : null;
  });
  expect(taken.run).toBe(1);

  // 4. The other one finishes: one pull request, merged.
  const done = await until("the issue is done", async () => {
    const run = await runOf(mesh, key);
    return run?.endedAt == null ? null : run;
  });
  expect(done).toMatchObject({ phase: "ACCEPTED", run: 1 });
  const pulls = mesh.github.world.state.issues.flatMap(({ pull }) => (pull ? [pull] : []));
  expect(pulls).toMatchObject([{ mergedAt: expect.anything() }]);

  // 5. Back after 20: what it says is acknowledged, stale, and changes nothing.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, cutAt + scaled.backMs - Date.now())));
  expect([agentsOf("first"), await staleOf("first")]).toEqual([[], []]);
  toModel.mend();
  const before = await runOf(mesh, key);
  toMesh.mend();
  await until("its own failure came, too late", async () => (await staleOf("first")).includes("task-failed"));
  await first.stop();
  await sayDone(task.id);
  await until("its result came, too late", async () => (await staleOf("first")).includes("task-done"));
  expect(await runOf(mesh, key)).toEqual(before);
  expect(await attempts()).toMatchObject([{ agent: "first", status: "lost" }]);
  expect(mesh.github.world.state.issues.filter(({ pull }) => pull)).toHaveLength(1);
  expect(doubles(mesh)).toEqual([]);
});

/** Says with the first runner's token that its attempt is done, as if its agent had come to an end. */
async function sayDone(taskId: string): Promise<void> {
  const token = mesh.secrets.find(({ name }) => name === "token of first")?.value;
  const ref = { taskId, attempt: 1 };
  const result = { commits: 1, head: "0".repeat(40), text: "Done after all." };
  const reports: Report[] = [{ seq: 1, at: Date.now(), body: { ...ref, type: "task-done", result } }];
  const answer = await fetch(`${mesh.url}/api/agents/first/reports`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ journal: "first-once-more", reports }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, { ack: 1, gap: false }]);
}
