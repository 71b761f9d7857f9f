import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { node, runMesh } from "../../cli/testing/run-mesh.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { TaskView } from "../../core/project/views.ts";
import { meshForTest, root, until } from "./mesh-fixture.ts";
import { phoneBrowser } from "./phone.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;
const children: ChildProcess[] = [];
beforeAll(async () => {
  mesh = await meshForTest({ runner: false });
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await mesh?.end();
});

const address = () => `${mesh.url}/api`;

async function tokenFor(id: string): Promise<string> {
  return (await mesh.client.post<{ token: string }>("/agents", { id, capabilities: ["greet"] })).token;
}

/** Starts an example under an id of its own, and waits until it has said what it says when it is in contact. */
async function example(command: string, file: string, id: string, ready: string) {
  const env = { PATH: process.env["PATH"], MESH_URL: address(), MESH_AGENT_TOKEN: await tokenFor(id), AGENT_ID: id };
  const child = spawn(command, [join(root, "docs/examples", file)], { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await until(`${file} is in contact`, () => said.includes(ready), 30_000).catch((error: Error) => {
    throw new Error(`${error.message}: ${said}`);
  });
  return { child, ended, said: () => said, token: env.MESH_AGENT_TOKEN };
}

async function result(agent: string, payload: unknown): Promise<TaskView> {
  const { tasks } = await mesh.client.post<{ tasks: { id: string }[] }>("/tasks", { capability: "greet", payload, agent, maxAttempts: 1 });
  return until(`${agent} ends its task`, async () => {
    const task = await mesh.client.get<TaskView>(`/tasks/${tasks[0]?.id}`);
    return task.endedAt === null ? null : task;
  });
}

test.concurrent("the example of 40 lines takes tasks, passes the test of agents, and drains", async () => {
  expect(readFileSync(join(root, "docs/examples/agent.ts"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  const { child, ended, said, token } = await example(node, "agent.ts", "greeter", "online");
  expect(await result("greeter", { name: "Ada" })).toMatchObject({ status: "completed", result: { greeting: "Hello, Ada" } });
  expect(await result("greeter", 7)).toMatchObject({ status: "failed", error: { kind: "refused" } });
  const tested = await runMesh(["agents", "test", "greeter"], {
    env: { MESH_URL: address(), MESH_TOKEN: mesh.operatorToken, NO_COLOR: "1" },
  });
  expect([tested.stdout, tested.stderr, tested.code]).toEqual([expect.stringContaining("greeter passed."), "", 0]);
  expect(tested.stdout.match(/^pass /gm)).toHaveLength(11);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(said()).not.toContain(token);
});

test.concurrent("the example by curl does the same by long-poll; it offers no probe, and the test says so", async () => {
  const { child, ended } = await example("sh", "agent.sh", "curl-greeter", "registered");
  expect(await result("curl-greeter", { name: "Grace" })).toMatchObject({ status: "completed", result: { greeting: "Hello, Grace" } });
  expect(await result("curl-greeter", { nobody: 1 })).toMatchObject({ status: "failed", error: { kind: "refused" } });
  const env = { MESH_URL: address(), MESH_TOKEN: mesh.operatorToken };
  const tested = await runMesh(["agents", "test", "curl-greeter", "--json"], { env });
  expect([tested.code, JSON.parse(tested.stdout)]).toMatchObject([1, { passed: false, checks: [{ result: "failed" }] }]);
  // At once: a shell hears a milder signal only when its curl has come back.
  child.kill("SIGKILL");
  await ended;
});

test.concurrent("a runner passes it too, which touches no repository and asks no model; then it takes work as before", async () => {
  await mesh.startRunner("probed");
  await until("the runner is in contact", async () => (await mesh.client.get<AgentView>("/agents/probed")).status === "online");
  const tested = await runMesh(["agents", "test", "probed"], {
    env: { MESH_URL: address(), MESH_TOKEN: mesh.operatorToken, NO_COLOR: "1" },
  });
  expect([tested.stdout, tested.stderr, tested.code]).toEqual([expect.stringContaining("probed passed."), "", 0]);
  expect(tested.stdout.match(/^pass /gm)).toHaveLength(11);
  const dir = join(mesh.dataDir, "runners/probed");
  expect(["worktrees", "repositories", "login"].filter((name) => existsSync(join(dir, name)))).toEqual([]);
  expect(mesh.model.calls).toEqual([]);
  const payload = { type: "device-status" };
  const { tasks } = await mesh.client.post<{ tasks: { id: string }[] }>("/tasks", { capability: "agent-login", payload, agent: "probed" });
  const task = await until("it does a task", async () => {
    const view = await mesh.client.get<TaskView>(`/tasks/${tasks[0]?.id}`);
    return view.endedAt === null ? null : view;
  });
  expect(task).toMatchObject({ status: "completed", attempts: [{ number: 1 }], result: { state: "none" } });
});

test.concurrent("the client runs in a browser, in a page of another origin", async () => {
  const entry = join(root, "runner/client/agent-client.ts");
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "client",
    platform: "neutral",
  });
  const token = await tokenFor("page-greeter");
  const browser = await phoneBrowser();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
    await page.evaluate(`globalThis.agent = client.startAgent({
      url: ${JSON.stringify(address())}, id: "page-greeter", token: ${JSON.stringify(token)},
      registration: { capabilities: [{ name: "greet" }] },
      work: async ({ payload }) => ({ greeting: "Hello from a page, " + payload.name }),
    })`);
    await until("the page is in contact", () => page.evaluate<boolean>("agent.online"));
    expect(await result("page-greeter", { name: "Ada" })).toMatchObject({
      status: "completed",
      result: { greeting: "Hello from a page, Ada" },
    });
    expect(await page.evaluate("agent.drain().then(() => agent.ended)")).toMatchObject({ reason: "closed" });
  } finally {
    await browser.close();
  }
});

test.concurrent("bytes that are no UTF-8 are refused on the wire: the socket is closed, the body is a problem", async () => {
  const token = await tokenFor("garbler");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const socket = new WebSocket(`${address().replace("http", "ws")}/agents/garbler/connect`, { headers });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  socket.send(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), { binary: false });
  expect([1002, 1006, 1007, 4400]).toContain(await closed);
  const answer = await fetch(`${address()}/agents/garbler/reports`, { method: "POST", headers, body: new Uint8Array([0x7b, 0xff, 0x7d]) });
  expect([answer.status, await answer.json()]).toMatchObject([400, { reason: "not-json" }]);
});
