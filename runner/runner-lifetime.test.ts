import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { closeCodes, type SessionAssignment } from "../core/protocol/frames.ts";
import { lockFolder } from "./folder-lock.ts";
import { placeOf, type RunPlace } from "./run-place.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { startRunner, type Runner } from "./runner.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";
import { shellDriver } from "./testing/shell-driver.ts";

/** How a runner ends, is left alone, and lives beside others. */
let git: GitServer;
let mesh: MeshDouble;
let folder: string;
let script = "true";
const runners: Runner[] = [];

beforeAll(async () => {
  git = await startGitServer({ username: "x-access-token", password: "git-secret-for-tests" }, { "README.md": "# Todo\n" });
});
afterAll(() => git.stop());
beforeEach(async () => {
  mesh = await startMeshDouble();
  folder = mkdtempSync(join(tmpdir(), "lifetime-"));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.drain(0)));
  await mesh.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(more: Partial<RunnerOptions> = {}, on = mesh): Promise<Runner> {
  const connected = on.connected();
  const runner = await startRunner({
    ...{ url: on.url, id: "laptop-1", token: on.token, slots: 1, dir: join(folder, "one"), trust: ["acme/todo"], log: () => undefined },
    driver: shellDriver(() => script),
    ...more,
  });
  runners.push(runner);
  await connected;
  return runner;
}

function assign(attempt: number, on = mesh, dir = join(folder, "one")): RunPlace {
  const payload: SessionAssignment = {
    ...{ runId: "acme/todo#7.1", sessionId: "P.7.1", step: "implement", project: "acme/todo", cloneUrl: git.cloneUrl, baseBranch: "main" },
    ...{ branch: "mesh/7.1", conversationId: null, prompt: "Do it.", planOnly: false, testCommand: null, testTimeoutMs: 20_000 },
    ...{ activeLimitMs: 60_000, budgetUsd: 5, allowWorkflowChanges: false },
  };
  on.send({
    type: "assign",
    assignments: [{ taskId: "P.7.1.implement", attempt, capability: "implementation", payload, priority: 5, timeoutSeconds: null }],
  });
  const place = placeOf(dir, payload);
  if (place === undefined) throw new Error("no place");
  return place;
}

/** Processes in a run's worktree. */
function processesIn(place: RunPlace): number {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "latin1").includes(`HOME=${place.home}\0`);
    } catch {
      return false; // it has ended
    }
  }).length;
}

test("left alone, a runner stops its agent by itself and keeps the worktree; what it says of that comes when the mesh is back", async () => {
  await start({ contactLimitMs: 3_000 });
  script = "echo kept > kept.txt; touch $TMPDIR/begun; sleep 300";
  const place = assign(1);
  await expect.poll(() => existsSync(join(place.tmp, "begun")), { timeout: 10_000 }).toBe(true);
  expect(processesIn(place)).toBeGreaterThan(0);
  mesh.refuseWith = 503;
  mesh.dropConnection();
  await expect.poll(() => processesIn(place), { timeout: 10_000 }).toBe(0);
  expect(mesh.reports.filter(({ body }) => body.type === "task-failed")).toEqual([]);
  mesh.refuseWith = undefined;
  expect(await mesh.until("task-failed")).toMatchObject({
    attempt: 1,
    kind: "infrastructure",
    message: expect.stringMatching(/no contact with the mesh/),
  });
  script = "cat kept.txt && git add kept.txt && git commit -qm kept";
  assign(2);
  expect((await mesh.until("task-done")).result).toMatchObject({ commits: 1 });
}, 40_000);

test("two runners of one machine, in folders of their own, do the same run as different users", async () => {
  const other = await startMeshDouble();
  try {
    await Promise.all([start(), start({ dir: join(folder, "two"), id: "laptop-2" }, other)]);
    script = "id -u";
    const places = [assign(1), assign(1, other, join(folder, "two"))];
    const said = await Promise.all(
      [mesh, other].map(async (one) => ((await one.until("task-done")).result as { text: string }).text.trim()),
    );
    if (process.getuid?.() === 0) expect(said).toEqual(places.map(({ uid }) => String(uid)));
    expect(new Set(places.map(({ uid }) => uid)).size).toBe(2);
  } finally {
    await runners.pop()?.drain(0);
    await other.stop();
  }
});

test("of many that begin in one folder at the same moment one has it, whatever a dead one left there", async () => {
  const dir = join(folder, "many");
  mkdirSync(dir);
  for (const left of [undefined, "999999999 1", ""]) {
    if (left !== undefined) writeFileSync(join(dir, "runner.pid"), left);
    const program = `import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, "folder-lock.ts"))};
      const lock = lockFolder(${JSON.stringify(dir)}); process.stdout.write(lock.ok ? "mine" : lock.error); process.stdin.resume();`;
    const started = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    const said = await Promise.all(
      started.map((child) => new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))))),
    );
    expect(said.filter((text) => text === "mine")).toHaveLength(1);
    for (const text of said) if (text !== "mine") expect(text).toMatch(/^a runner \(process \d+\) already works in .*--dir of its own$/);
    await Promise.all(started.map((child) => new Promise((resolve) => child.once("exit", resolve) && child.kill("SIGKILL"))));
  }
  expect(lockFolder(dir)).toMatchObject({ ok: true });
  expect(readdirSync(dir)).toEqual(["runner.pid"]);
}, 30_000);

test.each([
  [
    closeCodes.unknownVersion,
    "unsupported-version",
    /speaks version 1 of the agent protocol.*this mesh speaks another one: update the runner/,
  ],
  [closeCodes.replaced, "replaced", /another runner connected as laptop-1; each runner needs an id of its own/],
] as const)("closed with %i, a runner stops its agent and ends with words for a person", async (code, reason, words) => {
  const runner = await start();
  script = "touch $TMPDIR/begun; sleep 300";
  const place = assign(1);
  await expect.poll(() => existsSync(join(place.tmp, "begun")), { timeout: 10_000 }).toBe(true);
  mesh.closeWith(code);
  expect(await runner.ended).toMatchObject({ reason, exitCode: 78, message: expect.stringMatching(words) });
  expect(processesIn(place)).toBe(0);
});

test("of another version, the program says so in clear words, ends with 78 and does not come back", async () => {
  const reason = "this mesh speaks version 3 of the agent protocol, not 1: update the agent";
  mesh.refuseHelloWith = { code: closeCodes.unknownVersion, reason };
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--url", mesh.url, "--id", "laptop-1", "--dir", folder], {
    env: { PATH: process.env["PATH"], HOME: folder, MESH_AGENT_TOKEN: mesh.token },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data) => (said += String(data)));
  const ended = await new Promise((resolve) => child.once("close", (...how) => resolve(how)));
  expect([ended, mesh.hellos.length]).toEqual([[78, null], 1]);
  expect(said.trim().split("\n").at(-1)).toMatch(/^mesh-runner: this runner \(\S+\) speaks version 1 of the agent protocol, and the mesh/);
  expect(said).toContain(reason);
});
