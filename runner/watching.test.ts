import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Assignment, ReportBody, SessionAssignment } from "../core/protocol/frames.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";
import { startScriptedModel } from "./testing/scripted-model.ts";

/** The real runner as a process of its own, the real Claude Code, real commands in a terminal; only the model's words are scripted. */
type Script = Parameters<typeof startScriptedModel>[0];
let script: Script = () => "Nothing to do.";
let model: Awaited<ReturnType<typeof startScriptedModel>>;
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let child: ChildProcess | undefined;
const session = "P.s1-1";
const secret = "a-secret-of-the-agents-environment";
const gitPassword = "git-secret-for-tests";

beforeAll(async () => {
  model = await startScriptedModel((request) => script(request));
  const test = `#!/bin/sh
test -t 1 && echo "in a terminal of $(stty size 2>/dev/null || echo no size)"
printf '\\033]0;owned\\007\\033[2J\\033[31mred\\033[0m ä\\n'
echo "leak $LEAKED"
echo TAP version 13; echo 'ok 1 - adds'; echo 1..1
`;
  git = await startGitServer({ username: "x-access-token", password: gitPassword }, { "README.md": "# Todo\n", "test.sh": test });
});
afterAll(async () => {
  await model.stop();
  await git.stop();
});
beforeEach(async () => {
  mesh = await startMeshDouble();
  dir = mkdtempSync(join(tmpdir(), "runner-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  await kill();
  await mesh.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const connected = mesh.connected();
  const variables = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "any", CLAUDE_CODE_MAX_RETRIES: "0", LEAKED: secret };
  const env = Object.entries(variables).flatMap(([key, value]) => ["--agent-env", `${key}=${value}`]);
  child = spawn(
    process.execPath,
    [join(import.meta.dirname, "main.ts"), "--url", mesh.url, "--id", "laptop-1", "--dir", dir, "--trust", "acme/todo", ...env],
    { env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: mesh.token }, stdio: ["ignore", "ignore", "ignore"] },
  );
  await connected;
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

function assign(step: SessionAssignment["step"]): { taskId: string; attempt: number } {
  const ref = { taskId: `P.t1-1-${step}`, attempt: 1 };
  const payload: SessionAssignment = {
    runId: "acme/todo#1.1",
    sessionId: session,
    step,
    project: "acme/todo",
    cloneUrl: git.cloneUrl,
    baseBranch: "main",
    branch: "mesh/1.1",
    conversationId: null,
    prompt: `[mesh-six acme/todo#1.1 ${step}]\nDo it.`,
    planOnly: false,
    testCommand: "sh ./test.sh",
    testTimeoutMs: 20_000,
    activeLimitMs: 60_000,
    budgetUsd: 5,
    allowWorkflowChanges: false,
  };
  const assignment: Assignment = { ...ref, capability: "implementation", payload, priority: 5, timeoutSeconds: null };
  mesh.send({ type: "assign", assignments: [assignment] });
  return ref;
}

const shown = () => mesh.output.get(session)?.toString() ?? "";
const snapshots = () =>
  mesh.reports.flatMap(({ body }) => (body.type === "snapshot" ? [body] : [])) satisfies Extract<ReportBody, { type: "snapshot" }>[];
const bash = (command: string) => ({ tool: "Bash", input: { command } });

test("a test command runs in a terminal and is shown as it writes, without its secrets or what a terminal would obey", async () => {
  await start();
  assign("test");
  const { results } = await mesh.until("test-results");
  expect(results).toMatchObject({ exitCode: 0, format: "tap", counts: { passed: 1 } });
  expect(results.tail).toContain("red ä\nleak ***\n");
  await vi.waitFor(() => expect(snapshots().map(({ kind }) => kind)).toEqual(["start", "end"]), { timeout: 10_000 });
  await vi.waitFor(() => expect(shown()).toContain("ok 1 - adds"), { timeout: 10_000 });
  expect(shown()).toContain("in a terminal of 30 100\r\n\u001B[31mred\u001B[0m ä\r\nleak ***\r\n");
  expect(JSON.stringify([shown(), mesh.reports])).not.toContain(secret);
  expect(snapshots().at(-1)?.screen).toContain("red");
});

test("a runner killed while it streams goes on where the mesh is: no byte missing, none doubled", async () => {
  const turns = ["echo turn-one", "echo $LEAKED; sleep 0.5; echo turn-two", "sleep 3; echo turn-three"];
  let turn = 0;
  script = () => {
    const command = turns[turn++];
    return command === undefined ? "All done." : bash(command);
  };
  await start();
  assign("implement");
  await vi.waitFor(() => expect(shown()).toContain("turn-one"), { timeout: 20_000 });
  // What is written from here on does not arrive until the runner has been killed and started again.
  mesh.keepOutput = false;
  await vi.waitFor(() => expect(turn).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
  await kill();
  expect(readdirSync(join(dir, "output"))).toHaveLength(1);
  mesh.keepOutput = true;
  await start();
  await mesh.until("task-done");
  await vi.waitFor(() => expect(snapshots().at(-1)?.kind).toBe("end"), { timeout: 10_000 });
  await vi.waitFor(() => expect(shown()).toContain("✓ finished"), { timeout: 10_000 });
  expect(mesh.outputFaults).toEqual({ repeats: 0, gaps: 0 });
  expect(shown()).toContain("implement (after a restart)");
  expect(shown().split("── acme/todo #1.1 implement")).toHaveLength(3);
  expect(shown()).toContain("turn-two");
  expect(JSON.stringify([shown(), mesh.reports])).not.toContain(secret);
});
