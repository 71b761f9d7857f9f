import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment, CommandBody, SessionAssignment } from "../core/protocol/frames.ts";
import type { AgentChoice } from "./agent-choice.ts";
import { startRunner, type Runner } from "./runner.ts";
import { RunnerSetupError } from "./runner-setup.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";

/** The whole runner with other agents than Claude Code. */
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let runner: Runner | undefined;
beforeEach(async () => {
  git = await startGitServer({ username: "x-access-token", password: "git-secret-for-tests" }, { "README.md": "# Todo\n" });
  mesh = await startMeshDouble();
  dir = mkdtempSync(join(tmpdir(), "agents-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  await runner?.drain(0);
  runner = undefined;
  await mesh.stop();
  await git.stop();
  rmSync(dir, { recursive: true, force: true });
});

function start(agent: AgentChoice): Promise<Runner> {
  return startRunner({
    url: mesh.url,
    id: "laptop-1",
    token: mesh.token,
    slots: 1,
    dir,
    trust: ["acme/todo"],
    agent,
    log: () => undefined,
  });
}

async function begin(agent: AgentChoice): Promise<void> {
  const connected = mesh.connected();
  runner = await start(agent);
  await connected;
}

const ref = { taskId: "P.1.1.implement", attempt: 1 };

function assign(prompt: string): void {
  const payload: SessionAssignment = {
    ...{ runId: "acme/todo#1.1", sessionId: "P.1.1", step: "implement", project: "acme/todo", cloneUrl: git.cloneUrl, baseBranch: "main" },
    ...{ branch: "mesh/1.1", conversationId: null, prompt: `[mesh-six acme/todo#1.1 implement]\n${prompt}`, planOnly: false },
    ...{ testCommand: null, testTimeoutMs: 20_000, activeLimitMs: 60_000, budgetUsd: 5, allowWorkflowChanges: false },
    tools: { allow: [], ask: [], deny: [] },
  };
  const assignment: Assignment = { ...ref, capability: "implementation", payload, priority: 5, timeoutSeconds: null };
  mesh.send({ type: "assign", assignments: [assignment] });
}

const acpAgent: AgentChoice = {
  kind: "acp",
  command: `${process.execPath} ${join(import.meta.dirname, "..", "dev", "acp-agent", "agent.ts")}`,
};

test("a tool that is asked about waits for people's word; each decision is reported", async () => {
  await begin(acpAgent);
  expect(mesh.registered.at(-1)?.metadata).toMatchObject({ agent: "acp" });
  assign("act:network");
  const asked = await mesh.until("ask");
  expect(asked.questions[0]?.text).toContain("curl http://far.invalid/x");
  expect(await mesh.until("tool-decision")).toMatchObject({ decision: "asked", rule: "network", tool: expect.stringContaining("curl") });
  const body: CommandBody = { type: "answer", questionId: "q", askId: asked.askId, answers: ["Allow once"] };
  mesh.send({ type: "command", command: { commandId: "c1", ...ref, body } });
  expect(await mesh.until("command-received")).toMatchObject({ applied: true });
  expect(await mesh.until("tool-decision")).toMatchObject({ decision: "allowed", rule: "Allow once" });
  expect(await mesh.until("task-done")).toMatchObject({ result: { text: "went" } });
  expect((await mesh.until("usage")).usd).toBe(0.25);
});

test("a plain program commits, and its work is pushed", async () => {
  await begin({ kind: "command", command: "cat > prompt.txt && git add . && git commit -qm 'Add the prompt' && echo Done." });
  assign("Do it.");
  expect(await mesh.until("branch-pushed")).toMatchObject({ commits: 1, sha: git.git("rev-parse", "mesh/1.1") });
  expect(await mesh.until("task-done")).toMatchObject({ result: { text: "Done.", commits: 1 } });
  expect(git.git("show", "mesh/1.1:prompt.txt")).toContain("Do it.");
});

test("without its agent a runner does not start, and says why", async () => {
  const started = start({ kind: "acp", command: "no-such-agent --acp" });
  await expect(started).rejects.toThrow(RunnerSetupError);
  await expect(started).rejects.toThrow("no-such-agent was not found on this machine");
});
