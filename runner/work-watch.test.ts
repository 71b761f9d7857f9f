import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { CommandBody, SessionAssignment } from "../core/protocol/frames.ts";
import { startRunner, type Runner } from "./runner.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";

/** Real agents and commands; a session counts as stalled after a second instead of ten minutes. */
const shortMs = 1_000;
/** Where signs must come in time: a busy machine tells them late, and what is quiet is so for longer. */
const patientMs = 3_000;
const ref = { taskId: "P.1.1.implement", attempt: 1 };
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let runner: Runner | undefined;

beforeAll(async () => {
  git = await startGitServer({ username: "x-access-token", password: "git-secret-for-tests" }, { "README.md": "# Todo\n" });
});
afterAll(() => git.stop());
beforeEach(async () => {
  mesh = await startMeshDouble();
  dir = mkdtempSync(join(tmpdir(), "work-watch-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  await runner?.drain(0);
  runner = undefined;
  await mesh.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function begin(prompt: string, stallAfterMs = shortMs) {
  const agent = `${process.execPath} ${join(import.meta.dirname, "..", "dev", "acp-agent", "agent.ts")}`;
  const connected = mesh.connected();
  runner = await startRunner({
    ...{ url: mesh.url, id: "laptop-1", token: mesh.token, slots: 1, dir, trust: ["acme/todo"], log: () => undefined },
    agent: { kind: "acp", command: agent },
  });
  await connected;
  const payload: SessionAssignment = {
    ...{ runId: "acme/todo#1.1", sessionId: "P.1.1", step: "implement", project: "acme/todo", cloneUrl: git.cloneUrl, baseBranch: "main" },
    ...{ branch: "mesh/1.1", conversationId: null, prompt: `[mesh-six acme/todo#1.1 implement]\n${prompt}`, planOnly: false },
    ...{ testCommand: null, testTimeoutMs: 20_000, activeLimitMs: 60_000, budgetUsd: 5, allowWorkflowChanges: false, stallAfterMs },
  };
  mesh.send({
    type: "assign",
    assignments: [{ ...ref, capability: "implementation", payload, priority: 5, timeoutSeconds: null }],
  });
  await mesh.until("session-started");
}

function tell(body: CommandBody): void {
  mesh.send({ type: "command", command: { commandId: body.type, ...ref, body } });
}

/** When the mesh heard of work, as far as it was told. */
const signs = () => mesh.reports.filter(({ body }) => body.type === "progress").map(({ at }) => at);

test.each(["quiet", "quiet-untold", "quiet-writing"])(
  "%s: whoever works without a word is heard of before it counts as stalled",
  async (act) => {
    await begin(`act:${act}`, patientMs);
    const begun = Date.now();
    await mesh.until("task-done");
    const ended = Date.now();
    expect(ended - begun).toBeGreaterThan(3_500);
    const gaps = [begun, ...signs(), ended].map((at, index, all) => at - (all[index - 1] ?? at));
    expect(Math.max(...gaps)).toBeLessThan(patientMs);
  },
);

test.each(["no-answer", "hung-tool", "hung-server"])(
  "%s: a hung agent gives no sign, is nudged, and ended when the mesh gives it up",
  async (act) => {
    await begin(`act:${act}`);
    await pause(700); // for what it has still to say
    const before = signs().length;
    await pause(3 * shortMs);
    expect(signs().length).toBe(before);
    tell({ type: "nudge" });
    expect(await mesh.until("command-received")).toMatchObject({ commandId: "nudge", applied: true });
    await pause(shortMs);
    expect(signs().length).toBe(before);
    tell({ type: "stop", mode: "now", reason: "silent" });
    expect(await mesh.until("stopped")).toMatchObject({ reason: "silent" });
  },
);

test("a nudge that was decided before the connection came back disturbs no agent at work: the mesh hears of that instead", async () => {
  await begin("act:quiet");
  await mesh.until("progress");
  tell({ type: "nudge" });
  expect(await mesh.until("command-received")).toMatchObject({ commandId: "nudge", applied: true });
  expect(await mesh.until("task-done")).toMatchObject({ result: { text: "tested" } });
});
