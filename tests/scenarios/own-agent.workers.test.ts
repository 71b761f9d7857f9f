import { afterEach, expect, test } from "vitest";
import type { TaskView } from "../../core/project/views.ts";
import type { MeshFrame, Report } from "../../core/protocol/frames.ts";
import { memoryJournal } from "../../runner/client/agent-journal.ts";
import type { AgentJournal } from "../../runner/client/agent-journal.ts";
import { startAgent, TaskFailure } from "../../runner/client/agent-client.ts";
import type { Agent, AgentOptions } from "../../runner/client/agent-client.ts";
import { createTestMesh } from "../../workers/test-mesh.ts";
import { MeshNetwork } from "../support/mesh-socket.ts";
import { createGate, until } from "../support/scenario.ts";

const mesh = createTestMesh();
const started: Agent[] = [];
afterEach(() => {
  for (const agent of started.splice(0)) agent.close();
});

async function tokenFor(id: string, grant: object = {}): Promise<string> {
  const response = await mesh.send("POST", "/agents", { id, ...grant });
  return (await response.json<{ token: string }>()).token;
}

/** An agent of the client with its network; its capability has its name. */
async function agentOf(id: string, work: AgentOptions["work"], more: Partial<AgentOptions> = {}) {
  const network = new MeshNetwork(mesh.request);
  const token = more.token ?? (await tokenFor(id, { capabilities: [id] }));
  const { fetch, connect } = network;
  const agent = startAgent({
    ...{ url: "https://mesh.test", id, token, work, fetch, connect, backoffMs: { first: 5, most: 20 } },
    registration: { capabilities: [{ name: id }] },
    ...more,
  });
  started.push(agent);
  return { agent, network, token };
}

async function submit(capability: string, payload: unknown = null, more: object = {}): Promise<string> {
  const response = await mesh.send("POST", "/tasks", { capability, payload, ...more });
  const { tasks } = await response.json<{ tasks: { id: string }[] }>();
  return tasks[0]?.id ?? "";
}

const taskOf = async (id: string) => (await mesh.request(`/tasks/${id}`)).json<TaskView>();

function ended(id: string): Promise<TaskView> {
  return until(async () => {
    const task = await taskOf(id);
    expect(task.endedAt).not.toBeNull();
    return task;
  });
}

/** Keeps what was reported, beside doing what a journal does. */
function watchedJournal(inner: AgentJournal = memoryJournal()) {
  const reported: Report[] = [];
  const append = async (report: Report) => {
    await inner.append(report);
    reported.push(report);
  };
  return { reported, journal: { ...inner, append } };
}

test("an agent of the client takes a task by a socket without headers, and its result is the mesh's", async () => {
  const { agent, network } = await agentOf("greeter", async ({ payload, progress }) => {
    await progress("thinking");
    return { greeting: `Hello, ${(payload as { name: string }).name}` };
  });
  const task = await ended(await submit("greeter", { name: "Ada" }));
  expect(task).toMatchObject({
    status: "completed",
    result: { greeting: "Hello, Ada" },
    attempts: [{ agent: "greeter", status: "completed" }],
  });
  await agent.drain();
  expect([network.selected, await agent.ended]).toEqual([["mesh-agent.v1"], { reason: "closed", message: "the agent was closed" }]);
});

test("a cut in the middle loses nothing and repeats nothing", async () => {
  const gate = createGate();
  let works = 0;
  const { journal, reported } = watchedJournal();
  const work = async () => {
    works += 1;
    await gate.opened;
    return "done";
  };
  const { agent, network } = await agentOf("steady", work, { journal });
  const id = await submit("steady");
  await until(async () => expect((await taskOf(id)).status).toBe("running"));
  network.heard = (text) => (JSON.parse(text) as MeshFrame).type !== "ack";
  gate.open();
  await ended(id);
  expect(agent.working).toBe(0);
  network.cut();
  network.heard = () => true;
  await agent.drain();
  expect([works, network.selected.length, reported.map(({ seq, body }) => [seq, body.type])]).toEqual([
    1,
    2,
    [
      [1, "task-accepted"],
      [2, "task-done"],
    ],
  ]);
  expect((await taskOf(id)).attempts).toHaveLength(1);
  expect((await journal.open()).lastAck).toBe(2);
});

test("where no socket comes up it goes on by plain HTTP", async () => {
  const states: string[] = [];
  const { network, agent } = await agentOf("fallback", async () => "by http", { onState: (state) => states.push(state) });
  network.withoutSockets = true;
  expect(await ended(await submit("fallback"))).toMatchObject({ status: "completed", result: "by http" });
  expect(states.filter((state) => state === "offline").length).toBeGreaterThanOrEqual(3);
  await agent.drain();
  const only = await agentOf("poller", async () => "polled", { transport: "http" });
  expect(await ended(await submit("poller"))).toMatchObject({ result: "polled" });
  expect(only.network.selected).toEqual([]);
});

test("reports that a process did not deliver are delivered by the next, from a journal that lasts", async () => {
  const journal = memoryJournal("journal-that-lasts");
  const first = await agentOf("lasting", async () => "kept", { journal });
  const lost = new Promise<void>((resolve) => {
    first.network.heard = (text) => {
      const frame = JSON.parse(text) as MeshFrame;
      if (frame.type === "assign") setTimeout(() => first.network.cut());
      return frame.type !== "ack";
    };
    void until(async () => expect((await journal.open()).reports).toHaveLength(2)).then(resolve);
  });
  const id = await submit("lasting");
  await lost;
  first.agent.close();
  const second = await agentOf("lasting", async () => "again", { journal, token: first.token });
  expect(await ended(id)).toMatchObject({ result: "kept", attempts: [{ status: "completed" }] });
  await until(async () => expect(await journal.open()).toMatchObject({ lastAck: 2, reports: [] }));
  expect(await ended(await submit("lasting"))).toMatchObject({ result: "again" });
  await second.agent.drain();
});

test("failures say their kind, and a stop aborts the work", async () => {
  const { agent } = await agentOf("picky", async ({ payload, signal }) => {
    if (payload === "wait") return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    throw payload === "quota" ? new TaskFailure("configuration", "no key") : new Error("broken");
  });
  expect((await ended(await submit("picky", "quota", { maxAttempts: 1 }))).error).toMatchObject({
    kind: "configuration",
    message: "no key",
  });
  expect((await ended(await submit("picky", "x", { maxAttempts: 1 }))).error).toMatchObject({ kind: "work", message: "broken" });
  const id = await submit("picky", "wait");
  await until(() => expect(agent.working).toBe(1));
  await mesh.request(`/tasks/${id}`, { method: "DELETE" });
  await until(() => expect(agent.working).toBe(0));
  expect((await taskOf(id)).status).toBe("cancelled");
});

test("it ends, and says why, when its token is refused or ends, or another takes its place", async () => {
  const unknown = await agentOf("unknown", async () => null, { token: `mesh_agent_${"x".repeat(43)}` });
  expect(await unknown.agent.ended).toMatchObject({ reason: "unauthorized", message: expect.stringContaining("401") });
  const greedy = await agentOf("greedy", async () => null, { registration: { capabilities: [{ name: "learn" }] } });
  expect(await greedy.agent.ended).toMatchObject({ reason: "rejected", message: expect.stringContaining("learn") });
  const { agent, token } = await agentOf("twice", async () => null);
  await until(() => expect(agent.online).toBe(true));
  const other = await agentOf("twice", async () => null, { token });
  expect(await agent.ended).toMatchObject({ reason: "replaced" });
  await until(() => expect(other.agent.online).toBe(true));
  await mesh.request("/agents/twice/token", { method: "DELETE" });
  expect(await other.agent.ended).toMatchObject({ reason: "unauthorized" });
});

test("a page of any origin may use the routes of agents, and no other", async () => {
  const asked = { method: "OPTIONS", token: null, headers: { origin: "https://a.example", "access-control-request-method": "POST" } };
  const preflight = await mesh.request("/agents/greeter/reports", asked);
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
  expect((await mesh.request("/agents/greeter/drain", asked)).headers.get("access-control-allow-origin")).toBeNull();
});

test("a token among the subprotocols opens the agent's own socket and nothing else", async () => {
  const [token, other] = [await tokenFor("own"), await tokenFor("others")];
  const upgrade = (path: string, offered: string) =>
    mesh.request(path, { token: null, headers: { upgrade: "websocket", "sec-websocket-protocol": offered } });
  expect((await upgrade("/agents/own/connect", `mesh-agent.v1, mesh-agent.token.${other}`)).status).toBe(403);
  expect((await upgrade("/agents/own/connect", "mesh-agent.v1")).status).toBe(401);
  expect((await upgrade("/live", `mesh-agent.v1, mesh-agent.token.${token}`)).status).toBe(401);
  const plain = { token: null, headers: { "sec-websocket-protocol": `mesh-agent.token.${token}` } };
  expect((await mesh.request("/agents/own/tasks", plain)).status).toBe(401);
  const taken = await upgrade("/agents/own/connect", `mesh-agent.v1, mesh-agent.token.${token}`);
  expect([taken.status, taken.headers.get("sec-websocket-protocol")]).toEqual([101, "mesh-agent.v1"]);
  taken.webSocket?.accept();
  taken.webSocket?.close(1000, "");
});
