import { afterEach, expect, test } from "vitest";
import { testAgent } from "../../cli/agent-test/test-agent.ts";
import type { CheckResult } from "../../cli/agent-test/test-agent.ts";
import type { AgentFrame, MeshFrame, Report } from "../../core/protocol/frames.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { ProbeAction, ProbeEntry } from "../../core/protocol/probe-work.ts";
import { startAgent } from "../../runner/client/agent-client.ts";
import type { Agent, AgentOptions } from "../../runner/client/agent-client.ts";
import type { SocketLike } from "../../runner/client/agent-link.ts";
import { createTestMesh, problemOf } from "../../workers/test-mesh.ts";
import { MeshNetwork } from "../support/mesh-socket.ts";
import { until } from "../support/scenario.ts";

const mesh = createTestMesh();
const started: Agent[] = [];
afterEach(() => {
  for (const agent of started.splice(0)) agent.close();
});

/** What stands between a good client and the mesh, to make a bad one of it: null loses a frame. */
interface Fault {
  readonly said?: (frame: AgentFrame) => AgentFrame | null;
  readonly heard?: (frame: MeshFrame, socket: SocketLike) => MeshFrame | null;
}

let agents = 0;
async function agentWith(
  { said = (frame) => frame, heard = (frame) => frame }: Fault = {},
  more: Partial<AgentOptions> = {},
): Promise<string> {
  agents += 1;
  const id = `tested-${agents}`;
  const { token } = await (await mesh.send("POST", "/agents", { id, capabilities: ["greet"] })).json<{ token: string }>();
  const network = new MeshNetwork(mesh.request);
  const connect = (url: string, protocols: string[]): SocketLike => {
    const inner = network.connect(url, protocols);
    return {
      get readyState() {
        return inner.readyState;
      },
      send(text) {
        const frame = said(JSON.parse(text) as AgentFrame);
        if (frame !== null) inner.send(frame.type === "heartbeat" ? text : JSON.stringify(frame));
      },
      close: (code, reason) => inner.close(code, reason),
      addEventListener: (type, listener) =>
        inner.addEventListener(type, (event) => {
          if (type !== "message") return listener(event);
          const frame = heard(JSON.parse(String(event.data)) as MeshFrame, inner);
          if (frame !== null) listener({ data: JSON.stringify(frame) });
        }),
    };
  };
  const agent = startAgent({
    ...{ url: "https://mesh.test", id, token, connect, fetch: network.fetch, work: async () => null, heartbeatMs: 100 },
    ...{ backoffMs: { first: 5, most: 20 }, registration: { capabilities: [{ name: "greet" }] } },
    ...more,
  });
  started.push(agent);
  await until(() => expect(agent.online).toBe(true));
  return id;
}

const ample = { replyMs: 5_000, reconnectMs: 5_000, lifeMs: 5_000 };
const little = { replyMs: 500, reconnectMs: 700, lifeMs: 700 };

async function tested(id: string, patience = ample): Promise<CheckResult[]> {
  const api = {
    agent: async () => (await mesh.request(`/agents/${id}`)).json<AgentView & { mailbox: unknown }>(),
    act: async (action: ProbeAction) => expect((await mesh.send("POST", `/agents/${id}/probe`, action)).status).toBe(200),
    entries: async (after: number, waitS: number) =>
      (await (await mesh.request(`/agents/${id}/probe?after=${after}&wait=${waitS}`)).json<{ items: ProbeEntry[] }>()).items,
  };
  return testAgent({ ...api, act: async (action) => void (await api.act(action)) }, patience, () => {});
}

const failed = (results: readonly CheckResult[]) =>
  results.filter(({ result }) => result === "failed").map(({ check, why }) => `${check}: ${why}`);

test("the client passes, by socket and by plain HTTP", async () => {
  const bySocket = await tested(await agentWith());
  expect([failed(bySocket), bySocket.filter(({ result }) => result === "passed").length]).toEqual([[], 11]);
  const byHttp = await tested(await agentWith({}, { transport: "http" }));
  expect(failed(byHttp)).toEqual([]);
  expect(byHttp.filter(({ result }) => result === "skipped").map(({ check }) => check)).toEqual([
    "says after a cut what it works on, and goes on with it",
  ]);
});

const reports = (change: (all: Report[]) => Report[]) => (frame: AgentFrame) =>
  frame.type === "reports" ? { ...frame, reports: change(frame.reports) } : frame;
const without = (type: Report["body"]["type"]) => (frame: AgentFrame) => {
  if (frame.type !== "reports") return frame;
  // The numbers go on without a hole: another harmless report takes its place.
  const kept = frame.reports.map((each) =>
    each.body.type === type ? { ...each, body: { type: "progress" as const, taskId: each.body.taskId, attempt: each.body.attempt } } : each,
  );
  return { ...frame, reports: kept };
};

const bad: readonly (readonly [string, () => Fault, RegExp])[] = [
  ["accepts nothing", () => ({ said: without("task-accepted") }), /accepts a task.*no task-accepted/],
  [
    "answers with something else",
    () => ({
      said: reports((all) => all.map((one) => (one.body.type === "task-done" ? { ...one, body: { ...one.body, result: 7 } } : one))),
    }),
    /accepts a task.*the result is 7/,
  ],
  [
    "leaves a hole in its numbers",
    () => ({ said: reports((all) => all.map((one) => ({ ...one, seq: one.seq * 2 - 1 }))) }),
    /4400.*missing/,
  ],
  [
    "forgets what was not acknowledged",
    () => {
      let sent = 0;
      return {
        said: (frame) => {
          if (frame.type !== "reports") return frame;
          const fresh = frame.reports.filter(({ seq }) => seq > sent);
          sent = Math.max(sent, ...frame.reports.map(({ seq }) => seq));
          return fresh.length === 0 ? null : { ...frame, reports: fresh };
        },
      };
    },
    /repeats after a cut.*(no report|4400)/,
  ],
  [
    "works twice",
    () => ({ heard: (frame) => (frame.type === "assign" ? { ...frame, assignments: frame.assignments } : frame), said: twice() }),
    /2 times task-accepted/,
  ],
  ["takes more than it has slots for", () => ({ heard: widened }), /declines what is beyond/],
  [
    "does not listen to stop",
    () => ({ heard: (frame) => (frame.type === "command" ? null : frame) }),
    /confirms a stop.*no command-received/,
  ],
  [
    "says it works on nothing",
    () => ({ said: (frame) => (frame.type === "hello" ? { ...frame, working: [] } : frame) }),
    /says after a cut.*does not name the attempt/,
  ],
  ["gives no sign of life", () => ({ said: (frame) => (frame.type === "heartbeat" ? null : frame) }), /signs of life.*none within/],
  [
    "leaves at a frame it does not know",
    () => ({
      heard: (frame, socket) => {
        if (!["welcome", "assign", "command", "ack", "heartbeat-ack", "drain"].includes(frame.type)) socket.close(4400, "what?");
        return frame;
      },
    }),
    /frames and fields it does not know/,
  ],
];

/** Says that it accepts again whenever it says that it is done. */
function twice() {
  let added = 0;
  return reports((all) =>
    all.flatMap((one) => {
      const moved = { ...one, seq: one.seq + added };
      if (one.body.type !== "task-done") return [moved];
      added += 1;
      const { taskId, attempt } = one.body;
      return [
        { ...moved, body: { type: "task-accepted" as const, taskId, attempt } },
        { ...moved, seq: moved.seq + 1 },
      ];
    }),
  );
}

function widened(frame: MeshFrame): MeshFrame {
  return frame.type === "assign" ? { ...frame, assignments: frame.assignments.map((one) => ({ ...one, ownSlots: 100 })) } : frame;
}

test.each(bad)("an agent that %s fails", async (_, fault, why) => {
  expect(failed(await tested(await agentWith(fault()), little)).join("\n")).toMatch(why);
});

test("a test leaves nothing behind: no task, no attempt, no result in the scores", async () => {
  const id = await agentWith();
  await tested(id);
  const { items } = await (await mesh.request("/tasks?capability=mesh.probe")).json<{ items: unknown[] }>();
  const { working, capabilities } = await (
    await mesh.request(`/agents/${id}`)
  ).json<{
    mailbox: { working: number };
    working: number;
    capabilities: { results: number }[];
  }>();
  expect([items, working, capabilities.map(({ results }) => results)]).toEqual([[], undefined, [0, 0]]);
  expect(started.at(-1)?.working).toBe(0);
});

test("what is no test is refused, and only operators test", async () => {
  const id = await agentWith();
  expect(await problemOf(await mesh.send("POST", `/agents/${id}/probe`, { do: "cut" }))).toMatchObject({ status: 409, reason: "no-probe" });
  expect(await problemOf(await mesh.request(`/agents/${id}/probe`))).toMatchObject({ status: 409, reason: "no-probe" });
  expect(await problemOf(await mesh.send("POST", "/agents/nobody-at-all/probe", { do: "begin" }))).toMatchObject({ status: 404 });
  expect(await problemOf(await mesh.send("POST", `/agents/${id}/probe`, { do: "rm" }))).toMatchObject({ status: 400 });
  expect((await mesh.request(`/agents/${id}/probe`, { token: null })).status).toBe(401);
});
