import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Assignment } from "../core/protocol/frames.ts";
import type { TrialWork } from "../core/protocol/runner-work.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { startRunner, type Runner } from "./runner.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";

const gitSecret = "git-secret-for-tests";
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let runner: Runner | undefined;
let child: ChildProcess | undefined;
let tasks = 0;

beforeAll(async () => {
  git = await startGitServer({ username: "x-access-token", password: gitSecret }, { "README.md": "# Todo\n" });
  git.commit("node", {
    "package.json": JSON.stringify({ name: "todo", version: "1.0.0", scripts: { test: "node --test" } }),
    "package-lock.json": JSON.stringify({
      name: "todo",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: { "": { name: "todo", version: "1.0.0" } },
    }),
    "todo.test.js": 'require("node:test")("adds", () => {});\n',
  });
});
afterAll(() => git.stop());
beforeEach(async () => {
  mesh = await startMeshDouble();
  mesh.credential = { ...mesh.credential, cloneUrl: git.cloneUrl };
  // In sight of the commands, which a shared folder is not.
  dir = mkdtempSync(join(process.getuid?.() === 0 ? "/var/lib" : tmpdir(), "own-work-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  await runner?.drain(0);
  runner = undefined;
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  child = undefined;
  await mesh.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(more: Partial<RunnerOptions> = {}): Promise<Runner> {
  const connected = mesh.connected();
  runner = await startRunner({
    url: mesh.url,
    id: "laptop-1",
    token: mesh.token,
    slots: 1,
    dir,
    trust: ["acme/todo"],
    log: () => undefined,
    ...more,
  });
  await connected;
  return runner;
}

/** The runner as its own process, so that it can be killed. */
async function startProcess(): Promise<ChildProcess> {
  const connected = mesh.connected();
  const args = [join(import.meta.dirname, "main.ts"), "--url", mesh.url, "--id", "laptop-1", "--dir", dir, "--trust", "acme/todo"];
  child = spawn(process.execPath, args, { env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: mesh.token }, stdio: "ignore" });
  await connected;
  return child;
}

function assign(capability: string, payload: unknown): { taskId: string; attempt: number } {
  const ref = { taskId: `P.t${(tasks += 1)}`, attempt: 1 };
  mesh.send({
    type: "assign",
    assignments: [{ ...ref, capability, payload: payload as Assignment["payload"], priority: 5, timeoutSeconds: 60, ownSlots: 1 }],
  });
  return ref;
}

function tryOut(more: Partial<TrialWork> = {}) {
  const work = {
    type: "trial",
    project: "acme/todo",
    cloneUrl: git.cloneUrl,
    branch: "main",
    installCommand: null,
    testCommand: "true",
    timeoutMs: 20_000,
  };
  return assign("environment", { ...work, ...more });
}

const resultOf = async ({ taskId }: { taskId: string }) => (await mesh.until("task-done", (body) => body.taskId === taskId)).result;
const failureOf = ({ taskId }: { taskId: string }) => mesh.until("task-failed", (body) => body.taskId === taskId);
const leftovers = () => {
  const folder = join(dir, "worktrees", "acme--todo");
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe("registration", () => {
  test("trials and logins have slots of their own, beside those of sessions", async () => {
    await start();
    const [{ capabilities = [], slots } = {}] = mesh.registered;
    expect([slots, capabilities.map(({ name, slots: own }) => [name, own])]).toEqual([
      1,
      [
        ["planning", undefined],
        ["implementation", undefined],
        ["qa", undefined],
        ["environment", 1],
        ["agent-login", 2],
        ["mesh.probe", 1],
      ],
    ]);
  });
});

describe("a trial", () => {
  test("clones with a credential that reads, installs what is locked, runs the tests, and leaves nothing behind", async () => {
    await start();
    const trial = tryOut({ branch: "node", testCommand: null });
    expect(await resultOf(trial)).toMatchObject({
      ok: true,
      step: "test",
      exitCode: 0,
      timedOut: false,
      installCommand: "npm ci",
      testCommand: "npm test",
      head: git.git("rev-parse", "node"),
      tail: expect.stringContaining("pass 1"),
    });
    expect(mesh.credentialsAsked).toEqual([{ ...trial, purpose: "read" }]);
    expect(leftovers()).toEqual([]);
  });

  test("is given what the mesh keeps for the project, and prints none of it", async () => {
    mesh.variables = { PROJECT_SECRET: "project-secret-of-the-tests" };
    await start();
    const trial = tryOut({ testCommand: 'echo "marker=$PROJECT_SECRET"; test -n "$PROJECT_SECRET"' });
    expect(await resultOf(trial)).toMatchObject({ ok: true, tail: expect.stringContaining("marker=***") });
    expect(JSON.stringify(mesh.reports)).not.toContain("project-secret-of-the-tests");
  });

  test("what fails is a result that says where, with the end of the output and none of the secrets", async () => {
    await start({ agentEnv: { ANTHROPIC_API_KEY: "sk-ant-secret-of-the-agent" } });
    const failing = await resultOf(tryOut({ installCommand: "echo wrong >&2; exit 3", testCommand: "echo never" }));
    expect(failing).toMatchObject({ ok: false, step: "install", exitCode: 3, installCommand: "echo wrong >&2; exit 3", tail: "wrong\n" });
    const printed = (await resultOf(tryOut({ testCommand: "env; pwd; cat /proc/self/environ; exit 1" }))) as { tail: string };
    expect(printed).toMatchObject({ ok: false, step: "test", exitCode: 1 });
    expect(printed.tail).toContain("ANTHROPIC_API_KEY=***");
    expect(printed.tail).toContain("/tree");
    for (const secret of ["sk-ant-secret-of-the-agent", gitSecret, mesh.token]) expect(JSON.stringify(mesh.reports)).not.toContain(secret);
    expect(await resultOf(tryOut({ branch: "nowhere" }))).toMatchObject({
      ok: false,
      step: "clone",
      tail: expect.stringContaining("no branch nowhere"),
    });
    expect(await resultOf(tryOut({ testCommand: null }))).toMatchObject({ ok: true, step: "clone", installCommand: null });
  });

  test("has one time limit, and leaves nothing running", async () => {
    await start();
    const begun = Date.now();
    const trial = tryOut({ installCommand: "true", testCommand: "sleep 300 & sleep 300", timeoutMs: 6_000 });
    expect(await resultOf(trial)).toMatchObject({ ok: false, step: "test", exitCode: null, timedOut: true });
    expect(Date.now() - begun).toBeLessThan(60_000);
    expect(leftovers()).toEqual([]);
  });

  test("is done while all sessions' slots are taken; a second one at the same time is declined", async () => {
    await start();
    const marker = join(dir, "go-on");
    const first = tryOut({ testCommand: `until test -e ${marker}; do sleep 0.05; done` });
    await mesh.until("task-accepted", ({ taskId }) => taskId === first.taskId);
    const second = tryOut();
    expect(await mesh.until("task-declined")).toMatchObject({ ...second, reason: "no free slot" });
    expect(await resultOf(assign("agent-login", { type: "device-status" }))).toMatchObject({ state: "none" });
    writeFileSync(marker, "");
    expect(await resultOf(first)).toMatchObject({ ok: true });
  });

  test("sends the credential nowhere but to the project's repository", async () => {
    await start();
    const other = await startGitServer({ username: "x-access-token", password: gitSecret }, { "README.md": "x" });
    expect(await failureOf(tryOut({ cloneUrl: other.cloneUrl }))).toMatchObject({ kind: "configuration" });
    await other.stop();
    expect(await failureOf(assign("environment", { type: "trial" }))).toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("cloneUrl"),
    });
    expect(await failureOf(tryOut({ project: "../etc" }))).toMatchObject({ kind: "configuration" });
  });

  test("a runner killed in the middle does it again, and reports once", async () => {
    await startProcess();
    const goOn = join(dir, "go-on");
    const trial = tryOut({ testCommand: `touch $TMPDIR/begun; test -e ${goOn} || sleep 300` });
    const hasBegun = () => readdirSync(join(dir, "worktrees"), { recursive: true }).some((path) => String(path).endsWith("/begun"));
    await expect.poll(() => existsSync(join(dir, "worktrees")) && hasBegun(), { timeout: 20_000 }).toBe(true);
    child?.kill("SIGKILL");
    writeFileSync(goOn, "");
    await startProcess();
    expect(mesh.hellos.at(-1)?.working).toEqual([trial]);
    expect(await resultOf(trial)).toMatchObject({ ok: true });
    expect(mesh.reports.filter(({ body }) => body.taskId === trial.taskId).map(({ body }) => body.type)).toEqual([
      "task-accepted",
      "task-done",
    ]);
    expect(leftovers()).toEqual([]);
  });

  test("a runner shut down gives it back, and so does a task taken back", async () => {
    const it = await start();
    const trial = tryOut({ testCommand: "sleep 300" });
    await mesh.until("task-accepted");
    await it.drain(0);
    expect(await failureOf(trial)).toMatchObject({ kind: "infrastructure", message: "the runner was shut down" });
    await start();
    const revoked = tryOut({ testCommand: "sleep 300" });
    await mesh.until("task-accepted", ({ taskId }) => taskId === revoked.taskId);
    mesh.send({ type: "command", command: { commandId: "stop", ...revoked, body: { type: "stop", mode: "now", reason: "taken back" } } });
    expect(await failureOf(revoked)).toMatchObject({ kind: "infrastructure", message: "taken back" });
  });
});

describe("a probe", () => {
  test("comes back with its value, one at a time, and makes nothing on the disk", async () => {
    await start();
    const before = readdirSync(dir, { recursive: true }).toSorted();
    const held = assign("mesh.probe", { value: "held", holdMs: 300_000 });
    await mesh.until("task-accepted", ({ taskId }) => taskId === held.taskId);
    const second = assign("mesh.probe", { value: "second", holdMs: 0 });
    expect(await mesh.until("task-declined")).toMatchObject({ ...second, reason: "no free slot" });
    mesh.send({ type: "drain" });
    mesh.send({ type: "command", command: { commandId: "stop", ...held, body: { type: "stop", mode: "now", reason: "enough" } } });
    expect(await failureOf(held)).toMatchObject({ kind: "infrastructure", message: "enough" });
    // A drain is the mesh's own business: what it gives out all the same is taken.
    expect(await resultOf(assign("mesh.probe", { value: "third", holdMs: 0 }))).toEqual({ value: "third" });
    expect(await failureOf(assign("mesh.probe", { value: 7 }))).toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("holdMs"),
    });
    expect(readdirSync(dir, { recursive: true }).toSorted()).toEqual(before);
    expect([mesh.credentialsAsked, mesh.bundlesOpened]).toEqual([[], 0]);
  });
});

describe("the agent's login", () => {
  test("is asked of the agent's own program, with what the agent will have: a key counts, and a file's as soon as it is there", async () => {
    await start();
    const status = () => resultOf(assign("agent-login", { type: "status" }));
    const out = (await status()) as { command: string };
    expect(out).toMatchObject({ loggedIn: false, method: null });
    expect(out.command).toMatch(/^claude setup-token && .*CLAUDE_CODE_OAUTH_TOKEN=.*agent\.env/);
    writeFileSync(join(dir, "agent.env"), "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat-of-the-test\n", { mode: 0o600 });
    expect(await status()).toMatchObject({ loggedIn: true, method: "oauth_token" });
    await runner?.drain(0);
    await start({ agentEnv: { ANTHROPIC_API_KEY: "sk-ant-key-of-the-test" } });
    expect(await status()).toMatchObject({ loggedIn: true });
    expect(JSON.stringify(mesh.reports)).not.toMatch(/of-the-test/);
  });

  test("is asked of an agent of the protocol by beginning a conversation; its key goes into the agents' environment", async () => {
    const command = `${process.execPath} ${join(import.meta.dirname, "../dev/acp-agent/agent.ts")} --login`;
    await start({ agent: { kind: "acp", command } });
    const status = () => resultOf(assign("agent-login", { type: "status" }));
    expect(await status()).toMatchObject({
      loggedIn: false,
      method: null,
      command: expect.stringMatching(/^read -rsp 'Token: ' TOKEN && .*ACP_AGENT_KEY=\$TOKEN" >> '.*agent\.env'/),
    });
    writeFileSync(join(dir, "agent.env"), "ACP_AGENT_KEY=key-of-the-test\n", { mode: 0o600 });
    expect(await status()).toMatchObject({ loggedIn: true, method: "acp-agent 1.0.0" });
    expect(JSON.stringify(mesh.reports)).not.toMatch(/of-the-test/);
    expect(await failureOf(assign("agent-login", { type: "device-start" }))).toMatchObject({
      message: expect.stringContaining("no device flow"),
    });
  });

  test("a program that does not tell is named, and Claude Code has no device flow", async () => {
    await start({
      login: { name: "claude", status: ["sh", "-c", "echo not json; exit 2"], read: () => undefined, command: "x", device: null },
    });
    expect(await failureOf(assign("agent-login", { type: "status" }))).toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("exit code 2"),
    });
    expect(await failureOf(assign("agent-login", { type: "device-start" }))).toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("no device flow"),
    });
  });
});
