import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import type { AgentId, ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { AgentGrant } from "../core/pool/state.ts";
import { registration } from "../core/protocol/frames.ts";
import { clock, now } from "../platform/clock.ts";
import { pool } from "./remote.ts";
import { TestAgent } from "./test-agent.ts";

const [research, other] = ["P_1" as ProjectKey, "P_2" as ProjectKey];

afterEach(() => clock.reset());

/** Registers an agent of its own for each test. */
async function register(id: string, said: object = {}, granted: Partial<AgentGrant> = {}) {
  const agent = id as AgentId;
  const grant: AgentGrant = { agent, capabilities: "any", projects: "all", ...granted };
  await pool(env).grant(grant, `hash-${grant.agent}`);
  return pool(env).register(agent, registration.parse({ capabilities: [{ name: "research" }], ...said }), grant, now());
}
const statusOf = async (id: string) => (await pool(env).agents()).find((agent) => agent.id === id)?.status;
const restart = () => evictDurableObject(env.POOL.getByName("pool"));

describe("tokens", () => {
  test("a token's hash names its grant, until a new token is made or the agent removed", async () => {
    const grant: AgentGrant = { agent: "tok" as AgentId, capabilities: ["research"], projects: [research] };
    await pool(env).grant(grant, "hash-1");
    await restart();
    expect(await pool(env).authenticate("hash-1")).toEqual({ ...grant, createdAt: expect.closeTo(now(), -4) });
    await pool(env).grant(grant, "hash-2");
    expect(await pool(env).authenticate("hash-1")).toBeNull();
    await pool(env).remove(grant.agent);
    expect(await pool(env).authenticate("hash-2")).toBeNull();
  });

  test("a connection ends with its token: by a new one, or when the agent is removed", async () => {
    const grant: AgentGrant = { agent: "ending" as AgentId, capabilities: "any", projects: "all" };
    await pool(env).grant(grant, "ending-1");
    const [first, same] = [await TestAgent.connect("ending"), "ending-1"];
    await pool(env).grant(grant, same);
    first.heartbeat();
    await first.hears("heartbeat-ack");
    await pool(env).grant(grant, "ending-2");
    expect((await first.closed).code).toBe(4401);
    const second = await TestAgent.connect("ending");
    await pool(env).remove(grant.agent);
    expect((await second.closed).code).toBe(4401);
  });

  test("when a token was used is noted once an hour, and survives a restart", async () => {
    await pool(env).grant({ agent: "used" as AgentId, capabilities: "any", projects: "all" }, "used-1");
    const lastUse = async () => (await pool(env).tokens()).find(({ agent }) => agent === "used")?.lastUsedAt;
    expect(await lastUse()).toBeUndefined();
    await pool(env).authenticate("used-1");
    const first = await lastUse();
    expect(first).toBeCloseTo(now(), -4);
    clock.shift(30 * 60_000);
    await pool(env).authenticate("used-1");
    await restart();
    expect(await lastUse()).toBe(first);
    clock.shift(31 * 60_000);
    await pool(env).authenticate("used-1");
    expect(await lastUse()).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
  });

  test("a narrower grant takes what it no longer allows from the registration, and the agent out of the project", async () => {
    await register("bound", { capabilities: [{ name: "research" }, { name: "deploy" }] });
    expect(await pool(env).changeGrant("bound" as AgentId, { capabilities: ["deploy"], projects: [research] })).toMatchObject({
      capabilities: ["deploy"],
      projects: [research],
    });
    const offered = async (project: ProjectKey) => (await pool(env).candidates(project, null)).find(({ agent }) => agent === "bound");
    expect((await offered(research))?.capabilities.map(({ name }) => name)).toEqual(["deploy"]);
    expect(await offered(other)).toBeUndefined();
    expect(await pool(env).changeGrant("nobody" as AgentId, { projects: "all" })).toBeNull();
  });

  test.each<[string, string[], Partial<AgentGrant>, object]>([
    ["another's id", ["research"], { agent: "someone" as AgentId }, { reason: "not-your-agent" }],
    ["a reserved capability", ["plan-review"], {}, { reason: "capability-reserved", capability: "plan-review" }],
    [
      "a capability that was not granted",
      ["research", "deploy"],
      { capabilities: ["research"] },
      { reason: "capability-not-granted", capability: "deploy" },
    ],
    ["a capability twice", ["research", "research"], {}, { reason: "capability-twice", capability: "research" }],
  ])("%s is refused", async (_, names, granted, error) => {
    const said = { capabilities: names.map((name) => ({ name })) };
    expect(await register("refused", said, granted)).toEqual({ ok: false, error });
    expect(await statusOf("refused")).toBeUndefined();
  });

  test("a reserved capability is taken when the token names it", async () => {
    const answer = await register("reviewer", { capabilities: [{ name: "plan-review" }] }, { capabilities: ["plan-review"] });
    expect(answer.ok).toBe(true);
    expect(await pool(env).offers()).toContain("plan-review");
    await pool(env).remove("reviewer" as AgentId);
    expect(await pool(env).offers()).not.toContain("plan-review");
  });
});

describe("contact", () => {
  test("an agent by HTTP is degraded after 60 s and offline after 120 s without contact, and back with the next", async () => {
    await register("http");
    expect(await statusOf("http")).toBe("online");
    clock.shift(60_000);
    expect(await statusOf("http")).toBe("degraded");
    clock.shift(60_000);
    expect(await statusOf("http")).toBe("offline");
    await pool(env).contact("http" as AgentId, false, now());
    expect(await statusOf("http")).toBe("online");
    await restart();
    expect(await statusOf("http")).toBe("online");
  });

  test("a connected agent's mailbox is asked for its last sign of life", async () => {
    await register("wired");
    const agent = await TestAgent.connect("wired");
    clock.shift(59_000);
    agent.say({ type: "output", sessionId: "s", offset: 0, data: "x" });
    agent.heartbeat();
    await agent.hears("heartbeat-ack");
    clock.shift(30_000);
    expect(await statusOf("wired")).toBe("online");
    clock.shift(120_000);
    expect(await statusOf("wired")).toBe("offline");
    agent.close();
  });

  test("a draining agent stays in sight and gets no work", async () => {
    await register("drained");
    const agent = await TestAgent.connect("drained");
    expect(await pool(env).drain("drained" as AgentId)).toBe(true);
    await agent.hears("drain");
    await restart();
    expect(await statusOf("drained")).toBe("draining");
    expect(await pool(env).drain("nobody" as AgentId)).toBe(false);
    await pool(env).drain("drained" as AgentId, false);
    expect(await statusOf("drained")).toBe("online");
    agent.close();
  });
});

describe("candidates", () => {
  test("are those that may serve the project and offer a capability asked for", async () => {
    await register("for-one", { capabilities: [{ name: "paint" }], slots: 3 }, { projects: [research] });
    await register("for-all", { capabilities: [{ name: "paint", weight: 0.5, preferred: true }] });
    const names = async (project: ProjectKey, capabilities: string[] | null) =>
      (await pool(env).candidates(project, capabilities)).map(({ agent }) => agent).filter((id) => id.startsWith("for-"));
    expect(await names(research, ["paint"])).toEqual(["for-all", "for-one"]);
    expect(await names(other, ["paint"])).toEqual(["for-all"]);
    expect(await names(other, ["sing"])).toEqual([]);
    expect(await names(research, null)).toEqual(["for-all", "for-one"]);
    const [candidate] = await pool(env).candidates(other, ["paint"]);
    const offer = { name: "paint", weight: 0.5, preferred: true, healthy: true, history: [] };
    expect(candidate).toEqual({ agent: "for-all", kind: "remote", status: "online", slots: 1, busyElsewhere: 0, capabilities: [offer] });
  });

  test("an agent without a required dependency scores 0 until it is back", async () => {
    const healthChecks = [{ name: "gpu", url: "https://gpu.example/health" }];
    await register("needy", { capabilities: [{ name: "render", requirements: ["gpu"] }], healthChecks });
    const agent = "needy" as AgentId;
    const due = async () => (await pool(env).healthChecksDue()).filter((check) => check.agent === agent);
    const scoreNow = async () => (await pool(env).scores("render"))[0]?.score;
    expect([await due(), await scoreNow()]).toEqual([[{ agent, ...healthChecks[0] }], 1]);
    await pool(env).healthProbed([{ agent, name: "gpu", ok: false, at: now() }]);
    await restart();
    expect([await due(), await scoreNow()]).toEqual([[], 0]);
    clock.shift(60_000);
    expect(await due()).toHaveLength(1);
    await pool(env).healthProbed([{ agent, name: "gpu", ok: true, at: now() }]);
    expect(await scoreNow()).toBe(1);
  });
});

describe("results", () => {
  const result = (ok: boolean, seq?: number) => ({
    agent: "scored" as AgentId,
    capability: "sum",
    ok,
    at: 1,
    ...(seq === undefined ? {} : { seq }),
  });

  test("make the score, survive a restart and count once", async () => {
    await register("scored", { capabilities: [{ name: "sum", weight: 0.8 }] });
    await pool(env).record(research, 10, [result(false, 8), result(true, 10)]);
    await pool(env).record(research, 10, [result(false, 8), result(true, 10)]);
    await pool(env).record(research, 12, [result(true, 10), result(true, 11), result(true, 12)]);
    await restart();
    await pool(env).record(research, 12, [result(false)]);
    const [score] = await pool(env).scores("sum");
    // Newest first: three successes, then the failure.
    const success = (1 + 0.95 + 0.95 ** 2) / (1 + 0.95 + 0.95 ** 2 + 0.95 ** 3);
    expect(score).toMatchObject({ agent: "scored", weight: 0.8, health: 1, recent: 1.1, preferred: 1, results: 4 });
    expect(Math.abs((score?.success ?? 0) - success)).toBeLessThan(1e-12);
    expect(Math.abs((score?.score ?? 0) - 0.8 * success * 1.1)).toBeLessThan(1e-12);
  });

  test("the last 20 are kept, in one row", async () => {
    await register("busy", { capabilities: [{ name: "sum" }] });
    const many = Array.from({ length: 50 }, (_, index) => ({ agent: "busy", capability: "sum", ok: index % 2 === 0, at: 1 }));
    await pool(env).record(other, 50, many);
    const rows = await runInDurableObject(env.POOL.getByName("pool"), (_, state) =>
      state.storage.sql.exec("SELECT results FROM histories WHERE agent = 'busy'").toArray(),
    );
    expect(rows).toEqual([{ results: "01010101010101010101" }]);
  });
});

test("built-in agents are declared once and always online", async () => {
  const declared = [
    { id: "built-in.general" as AgentId, capabilities: [{ name: "general", weight: 1, preferred: false, requirements: [] }], slots: 50 },
  ];
  await pool(env).registerBuiltIn(declared);
  clock.shift(86_400_000);
  await pool(env).registerBuiltIn(declared);
  await restart();
  const [agent] = (await pool(env).agents()).filter(({ kind }) => kind === "built-in");
  expect(agent).toMatchObject({ id: "built-in.general", status: "online", slots: 50 });
  expect(now() - (agent?.registeredAt ?? 0)).toBeGreaterThanOrEqual(86_400_000);
});

test("the registry finds projects by name, an earlier one too, by key and by board", async () => {
  const profile: ProjectProfile = {
    key: "R_9" as ProjectKey,
    name: "ada/engine" as ProjectName,
    repositoryUrl: "https://github.com/ada/engine",
    cloneUrl: "https://github.com/ada/engine.git",
    defaultBranch: "main",
    board: { id: "PVT_1", number: 1, url: "https://github.com/users/ada/projects/1", owner: "ada", ownerKind: "user", observedBy: "poll" },
    credential: { kind: "token" },
    overrides: {},
  };
  await pool(env).projectRegistered(profile);
  await pool(env).projectRegistered({ ...profile, name: "ada/machine" as ProjectName });
  await restart();
  expect((await pool(env).projectNamed("ada/engine" as ProjectName))?.key).toBe("R_9");
  expect(await pool(env).projectNamed("ada/nobody" as ProjectName)).toBeNull();
  expect((await pool(env).projectNamed("ada/machine" as ProjectName))?.key).toBe("R_9");
  expect((await pool(env).projectOfBoard("PVT_1"))?.key).toBe("R_9");
  expect((await pool(env).projectKeyed(profile.key))?.name).toBe("ada/machine");
  expect(await pool(env).projects()).toHaveLength(1);
});

test("a project that leaves is no longer registered, and no token names it; it comes back only when it is gone", async () => {
  const profile = { key: "R_10", name: "ada/leaving", board: null, overrides: {} } as unknown as ProjectProfile;
  await pool(env).projectRegistered(profile);
  await register("narrow", {}, { projects: [profile.key, other] });
  await register("only", {}, { projects: [profile.key] });
  expect(await pool(env).projectDeparts(profile.name, "keep", "ada")).toMatchObject({ history: "keep", by: "ada", profile });
  await restart();
  expect(await pool(env).projectKeyed(profile.key)).toBeNull();
  const granted = (await pool(env).tokens()).filter(({ agent }) => agent === "narrow" || agent === "only");
  expect(granted.map(({ projects }) => projects)).toEqual([[other], []]);
  expect((await pool(env).candidates(profile.key, null)).map(({ agent }) => agent)).not.toContain("only");
  expect(await pool(env).projectRegistered(profile)).toBeNull();
  expect(await pool(env).projectDeparts(profile.name, "forget", "bob")).toMatchObject({ history: "forget", by: "ada" });
  expect(await pool(env).projectDeparts(profile.name, "keep", "bob")).toMatchObject({ history: "forget" });
  expect(await pool(env).projectDeparts("ada/nothing" as ProjectName, "keep", "ada")).toBeNull();
  await pool(env).departed(profile.key, true);
  expect([await pool(env).departures(), await pool(env).projectRegistered(profile)]).toEqual([[], profile]);
});
