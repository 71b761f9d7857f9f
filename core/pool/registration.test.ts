import { describe, expect, test } from "vitest";
import type { AgentId, ProjectKey } from "../ids.ts";
import { registration } from "../protocol/frames.ts";
import { parseHistory, renderHistory, withResults } from "./history.ts";
import { admitRegistration, offersMore } from "./registration.ts";
import { reservedCapabilities } from "./state.ts";
import type { Agent, AgentGrant } from "./state.ts";

const ann = "ann" as AgentId;
const any: AgentGrant = { agent: ann, capabilities: "any", projects: "all" };
const said = (...names: string[]) => registration.parse({ capabilities: names.map((name) => ({ name })) });

function agent(more: object = {}, grant = any, before?: Agent): Agent {
  const admitted = admitRegistration(ann, registration.parse({ capabilities: [{ name: "research" }], ...more }), grant, before, 1_000);
  if (!admitted.ok) throw new Error(admitted.error.reason);
  return admitted.value;
}

describe("what a token allows", () => {
  test.each(reservedCapabilities)("%s is for built-in agents unless the token names it", (name) => {
    expect(admitRegistration(ann, said("research", name), any, undefined, 0)).toEqual({
      ok: false,
      error: { reason: "capability-reserved", capability: name },
    });
    expect(admitRegistration(ann, said(name), { ...any, capabilities: [name] }, undefined, 0).ok).toBe(true);
  });

  test("only what it names, and only for its own agent", () => {
    const grant = { ...any, capabilities: ["research"] };
    expect(admitRegistration(ann, said("research"), grant, undefined, 0).ok).toBe(true);
    expect(admitRegistration(ann, said("deploy"), grant, undefined, 0)).toEqual({
      ok: false,
      error: { reason: "capability-not-granted", capability: "deploy" },
    });
    expect(admitRegistration("bob" as AgentId, said("research"), any, undefined, 0)).toEqual({
      ok: false,
      error: { reason: "not-your-agent" },
    });
  });

  test("its projects become the agent's", () => {
    expect(agent({}, { ...any, projects: ["P_1" as ProjectKey] }).projects).toEqual(["P_1"]);
  });
});

test("registering again keeps draining, contact and the health of checks that remain", () => {
  const healthChecks = [{ name: "gpu", url: "https://gpu.example/" }];
  const before: Agent = {
    ...agent({ healthChecks }),
    draining: true,
    connected: true,
    health: { gpu: { ok: false, at: 1 }, gone: { ok: false, at: 1 } },
  };
  expect(agent({ healthChecks, slots: 4 }, any, before)).toMatchObject({
    slots: 4,
    draining: true,
    connected: true,
    health: { gpu: { ok: false, at: 1 } },
  });
  expect(Object.keys(agent({ healthChecks }, any, before).health)).toEqual(["gpu"]);
});

test.each<[string, boolean, Agent | undefined, Agent]>([
  ["a new agent", true, undefined, agent()],
  ["the same again", false, agent(), agent()],
  ["more slots", true, agent(), agent({ slots: 2 })],
  ["fewer slots", false, agent({ slots: 2 }), agent()],
  ["another capability", true, agent(), agent({ capabilities: [{ name: "research" }, { name: "deploy" }] })],
  ["one capability less", false, agent({ capabilities: [{ name: "research" }, { name: "deploy" }] }), agent()],
  ["a weight that was zero", true, agent({ capabilities: [{ name: "research", weight: 0 }] }), agent()],
  ["no longer draining", true, { ...agent(), draining: true }, agent()],
])("%s offers more: %s", (_, more, before, after) => expect(offersMore(before, after)).toBe(more));

test("histories are kept newest first and at most 20", () => {
  expect(withResults([true], [false, false, true])).toEqual([true, false, false, true]);
  expect(withResults(Array<boolean>(20).fill(true), [false])).toEqual([false, ...Array<boolean>(19).fill(true)]);
  expect(parseHistory(renderHistory([true, false, true]))).toEqual([true, false, true]);
  expect(renderHistory([true, false])).toBe("10");
});
