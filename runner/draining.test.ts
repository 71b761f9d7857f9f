import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { SessionAssignment } from "../core/protocol/frames.ts";
import { startRunner } from "./runner.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";
import { shellDriver } from "./testing/shell-driver.ts";

/** A runner that is told to leave, as a process of its own with a real agent. */
const agent = `acp:${process.execPath} ${join(import.meta.dirname, "..", "dev", "acp-agent", "agent.ts")}`;
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let child: ChildProcess | undefined;
let silent: Server | undefined;

beforeAll(async () => {
  git = await startGitServer({ username: "x-access-token", password: "git-secret-for-tests" }, { "README.md": "# Todo\n" });
});
afterAll(() => git.stop());
beforeEach(async () => {
  mesh = await startMeshDouble();
  dir = mkdtempSync(join(tmpdir(), "draining-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  if (child?.exitCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  child = undefined;
  silent?.close();
  silent = undefined;
  await mesh.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function startProcess(): Promise<ChildProcess> {
  const connected = mesh.connected();
  const flags = ["--url", mesh.url, "--id", "laptop-1", "--dir", dir, "--trust", "acme/todo", "--agent", agent];
  child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...flags], {
    env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: mesh.token },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await connected;
  return child;
}

function assign(step: "implement" | "answer", act: string, more: Partial<SessionAssignment> = {}): void {
  const payload: SessionAssignment = {
    ...{ runId: "acme/todo#1.1", sessionId: "P.1.1", step, project: "acme/todo", cloneUrl: git.cloneUrl, baseBranch: "main" },
    ...{ branch: "mesh/1.1", conversationId: null, prompt: `[mesh-six acme/todo#1.1 ${step}]\n${act}`, planOnly: false },
    ...{ testCommand: null, testTimeoutMs: 20_000, activeLimitMs: 60_000, budgetUsd: 5, allowWorkflowChanges: false, ...more },
  };
  const ref = { taskId: `P.1.1.${step}`, attempt: 1 };
  mesh.send({ type: "assign", assignments: [{ ...ref, capability: "implementation", payload, priority: 5, timeoutSeconds: null }] });
}

test("told to leave while its session asks, it keeps worktree and conversation, leaves at once, and the next one goes on with both", async () => {
  const leaving = await startProcess();
  assign("implement", "act:ask");
  const { conversationId } = await mesh.until("session-started");
  const { askId } = await mesh.until("ask");
  const begun = Date.now();
  leaving.kill("SIGTERM");
  expect(await mesh.until("checkpoint")).toMatchObject({ because: "park", pendingQuestion: "Which colour?" });
  expect(await mesh.until("stopped")).toMatchObject({ reason: "the runner was shut down" });
  expect(await once(leaving, "exit")).toEqual([0, null]);
  expect(Date.now() - begun).toBeLessThan(15_000);
  expect(existsSync(join(dir, "runner.pid"))).toBe(false);

  await startProcess();
  expect(mesh.hellos.at(-1)?.working).toEqual([]);
  // What the mesh begins when the answer is there.
  assign("answer", `act:recall\nThe answer to ${askId} is: Blue.`, { conversationId });
  expect(await mesh.until("task-done")).toMatchObject({ taskId: "P.1.1.answer", result: { text: "Heard before: act:finish" } });
  expect((await mesh.until("session-started")).conversationId).toBe(conversationId);
  expect(mesh.reports.filter(({ body }) => body.type === "ask")).toHaveLength(1);
}, 60_000);

test("what comes while it leaves is declined, and what runs comes to its stopping point", async () => {
  const leaving = await startProcess();
  assign("implement", "act:short");
  await mesh.until("session-started");
  await mesh.until("progress");
  leaving.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 200));
  assign("answer", "act:finish", { branch: "mesh/2.1" });
  expect(await mesh.until("task-declined")).toMatchObject({ taskId: "P.1.1.answer", reason: "this runner is shutting down" });
  expect(await mesh.until("stopped")).toMatchObject({ taskId: "P.1.1.implement" });
  expect(await once(leaving, "exit")).toEqual([0, null]);
  expect(existsSync(join(dir, "worktrees/acme--todo/1.1/tree/slept.txt"))).toBe(true);
}, 60_000);

test("a step that would not end does not hold it: it leaves in time, and the next start takes the step up", async () => {
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent?.listen(0, "127.0.0.1", resolve));
  const nowhere = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/acme/todo.git`;
  const options = {
    ...{ url: mesh.url, id: "laptop-1", token: mesh.token, slots: 1, dir, trust: ["acme/todo"], log: () => undefined },
    driver: shellDriver(() => "true"),
  };
  mesh.credential = { ...mesh.credential, cloneUrl: nowhere };
  const asked = new Promise<void>((resolve) => silent?.once("connection", () => resolve()));
  const connected = mesh.connected();
  const runner = await startRunner(options);
  await connected;
  assign("implement", "Do it.", { cloneUrl: nowhere });
  await asked;
  const begun = Date.now();
  await runner.drain(100, 200);
  expect(Date.now() - begun).toBeLessThan(5_000);
  expect(await runner.ended).toMatchObject({
    reason: "drained",
    exitCode: 0,
    message: expect.stringMatching(/^left for the next start.*: P\.1\.1\.implement 1$/),
  });
  expect(mesh.reports.map(({ body }) => body.type).filter((type) => type !== "snapshot")).toEqual(["task-accepted"]);
  const again = mesh.connected();
  const next = await startRunner(options);
  await again;
  expect(mesh.hellos.at(-1)?.working).toEqual([{ taskId: "P.1.1.implement", attempt: 1 }]);
  await next.drain(0, 0);
}, 30_000);
