import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TaskView } from "../../core/project/views.ts";
import { deviceStartResult, loginStatusResult, trialResult } from "../../core/protocol/runner-work.ts";
import { commandLine, descendants } from "../../dev/mesh/processes.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;
let dir: string;

beforeAll(async () => {
  // Not in the folder of temporary files: what a runner starts has one of its own there.
  dir = mkdtempSync(join(process.getuid?.() === 0 ? "/var/lib" : tmpdir(), "mesh-six-login-"));
  chmodSync(dir, 0o755);
  const codex = `#!/bin/sh
printf 'Open\\n  \\033[94mhttps://auth.openai.com/codex/device\\033[0m\\nand enter\\n  Q7RT-4KXWZ\\n'
until test -e ${join(dir, "entered")}; do sleep 0.1; done
`;
  writeFileSync(join(dir, "codex"), codex);
  chmodSync(join(dir, "codex"), 0o755);
  mesh = await meshForTest({ runner: false, litellm: true });
  await mesh.startRunner("local-1", { deviceLogin: `openai=${join(dir, "codex")} login --device-auth` });
});
afterAll(async () => {
  await mesh?.end();
  rmSync(dir, { recursive: true, force: true });
});

async function submit(task: object): Promise<string> {
  const { tasks } = await mesh.client.post<{ tasks: { id: string }[] }>("/tasks", { ...task, agent: "local-1", project: "acme/todo-app" });
  const [first] = tasks;
  if (!first) throw new Error("no task");
  return first.id;
}

const taskOf = (id: string) => mesh.client.get<TaskView>(`/tasks/${id}`);

function ended(id: string): Promise<TaskView> {
  return until(`${id} ends`, async () => {
    const task = await taskOf(id);
    return task.endedAt === null ? null : task;
  });
}

const ask = async (type: string) => (await ended(await submit({ capability: "agent-login", payload: { type } }))).result;

async function trialOf(more: object): Promise<object> {
  const { profile } = await mesh.client.get<{ profile: { cloneUrl: string } }>("/projects/acme/todo-app");
  const work = {
    type: "trial",
    project: "acme/todo-app",
    cloneUrl: profile.cloneUrl,
    branch: "main",
    installCommand: null,
    testCommand: null,
  };
  return { capability: "environment", payload: { ...work, timeoutMs: 120_000, ...more } };
}

test("a runner says that its agent is logged in with the key it was given", async () => {
  await until("the runner is there", async () => {
    const { items } = await mesh.client.get<{ items: { id: string; status: string; connected: boolean }[] }>("/agents");
    return items.some(({ id, connected }) => id === "local-1" && connected);
  });
  const status = loginStatusResult.parse(await ask("status"));
  expect(status).toMatchObject({ loggedIn: true, method: "api_key" });
  await expect(mesh.client.post("/tasks", { capability: "agent-login", payload: { type: "status" }, agent: "nobody" })).rejects.toThrow(
    /400.*unknown-agent/,
  );
});

test("a trial clones the project from GitHub, finds how it is tested, and tests it; killed in the middle it is done again", async () => {
  const trial = trialResult.parse((await ended(await submit(await trialOf({})))).result);
  expect(trial).toMatchObject({ ok: true, step: "test", exitCode: 0, testCommand: "npm test" });
  const command = `test -e ${join(dir, "again")} || sleep 305; npm test`;
  const id = await submit(await trialOf({ testCommand: command }));
  const [runner] = mesh.runners;
  if (!runner) throw new Error("no runner");
  await until("its command runs", () => descendants(runner.process.pid, "sleep").some((pid) => commandLine(pid).includes("305")));
  writeFileSync(join(dir, "again"), "");
  process.kill(runner.process.pid, "SIGKILL");
  await runner.process.ended;
  const again = await mesh.startRunner();
  const done = await ended(id);
  expect(trialResult.parse(done.result)).toMatchObject({ ok: true, testCommand: command });
  expect(done.attempts).toHaveLength(1);
  await again.stop();
});

test("a task for one runner waits for it and says so; a device flow is begun from the mesh and ends with the login", async () => {
  const waiting = await submit({ capability: "agent-login", payload: { type: "device-start" } });
  await until("it says what it waits for", async () => /local-1/.test((await taskOf(waiting)).explain ?? ""));
  await mesh.startRunner("local-1", { deviceLogin: `openai=${join(dir, "codex")} login --device-auth` });
  const begun = deviceStartResult.parse((await ended(waiting)).result);
  expect(begun).toMatchObject({ url: "https://auth.openai.com/codex/device", code: "Q7RT-4KXWZ" });
  expect(await ask("device-start")).toMatchObject({ url: begun.url, code: begun.code });
  expect(await ask("device-status")).toMatchObject({ state: "waiting" });
  writeFileSync(join(dir, "entered"), "");
  await until("it is done", async () => ((await ask("device-status")) as { state: string }).state === "done");
});

test("what a project spent is read back from the model gateway", async () => {
  expect(await mesh.client.get("/projects/acme/todo-app/budget")).toEqual({ kind: "litellm", budget: null });
});
