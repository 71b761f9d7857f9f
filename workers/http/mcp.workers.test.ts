import { describe, expect, test } from "vitest";
import { allTools } from "../mcp/all-tools.ts";
import { connectClient } from "../mcp/test-client.ts";
import { createTestMesh, problemOf, viewerToken } from "../test-mesh.ts";

const mesh = createTestMesh();
const listing = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };

function post(headers: Record<string, string> = {}, token?: string | null): Promise<Response> {
  return mesh.request("/mcp", {
    method: "POST",
    ...(token === undefined ? {} : { token }),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify(listing),
  });
}

describe("who is let in", () => {
  test("without a token, with a wrong one, with an agent's or with a cookie nobody is", async () => {
    const missing = await post({}, null);
    expect(missing.headers.get("www-authenticate")).toBe('Bearer realm="mesh-six"');
    expect(await problemOf(missing)).toMatchObject({ status: 401, reason: "unauthorized" });
    expect(await problemOf(await post({}, "operator-token-of-the-testz"))).toMatchObject({ status: 401, reason: "unauthorized" });
    expect(await problemOf(await post({}, `mesh_agent_${"a".repeat(43)}`))).toMatchObject({ status: 403, reason: "agent-token" });
    const login = await mesh.request("/login", { method: "POST", token: null, body: JSON.stringify({ token: viewerToken }) });
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    const byCookie = await post({ cookie, origin: "https://dashboard.test" }, null);
    expect(await problemOf(byCookie)).toMatchObject({ status: 401, reason: "unauthorized" });
  });

  test("only under the mesh's own names, and from its own pages", async () => {
    for (const host of ["mesh.test", "dashboard.test", "mesh.test:8443"]) expect((await post({ host })).status).toBe(200);
    for (const host of ["evil.test", "mesh.test.evil.test", "localhost", "127.0.0.1"]) {
      expect(await problemOf(await post({ host }))).toMatchObject({ status: 403, reason: "foreign-host" });
    }
    expect((await post({ origin: "https://dashboard.test" })).status).toBe(200);
    for (const origin of ["https://evil.test", "null", "https://mesh.test.evil.test"]) {
      expect(await problemOf(await post({ origin }))).toMatchObject({ status: 403, reason: "foreign-origin" });
    }
  });

  test("there is no stream to listen to, no session to end, no other kind of body", async () => {
    expect((await mesh.request("/mcp")).status).toBe(405);
    expect((await mesh.request("/mcp", { method: "DELETE" })).status).toBe(405);
    expect((await post({ "content-type": "text/plain" })).status).toBe(415);
    const large = { ...listing, params: { filler: "x".repeat(1_100_000) } };
    expect((await mesh.send("POST", "/mcp", large, { accept: "application/json, text/event-stream" })).status).toBe(413);
  });

  test("it is described like every other route", async () => {
    const described = await (await mesh.request("/openapi.json")).json<{ paths: Record<string, { post?: { summary: string } }> }>();
    expect(described.paths["/mcp"]?.post?.summary).toContain("answer-question");
  });
});

describe("clients of both eras", () => {
  for (const era of ["modern", "legacy"] as const) {
    test(`a ${era} client lists the tools and uses one`, async () => {
      const { client, use } = await connectClient(mesh, { era });
      expect(client.getProtocolEra()).toBe(era);
      expect(client.getServerVersion()).toMatchObject({ name: "mesh-six" });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(allTools.map(({ name }) => name));
      for (const tool of tools) {
        expect(tool).toMatchObject({ title: expect.any(String), inputSchema: { type: "object" }, outputSchema: { type: "object" } });
        expect(tool.description?.length).toBeGreaterThan(40);
      }
      expect(await use("list-projects")).toEqual({
        text: "No project is registered; onboard-project makes one ready.",
        value: { items: [] },
        refused: undefined,
      });
    });
  }

  test("what changes something says so", async () => {
    const { client } = await connectClient(mesh);
    const { tools } = await client.listTools();
    const named = (hint: "readOnlyHint" | "destructiveHint" | "idempotentHint") =>
      tools.filter(({ annotations }) => annotations?.[hint]).map(({ name }) => name);
    const reading = ["get-onboarding-status", "get-task", "list-agents", "list-projects", "get-run", "explain-run", "list-questions"];
    expect(named("readOnlyHint")).toEqual(reading);
    expect(named("destructiveHint")).toEqual(["control-run"]);
    expect(named("idempotentHint").toSorted()).toEqual([...reading, "onboard-project", "submit-oauth-code", "answer-question"].toSorted());
  });
});

test("a viewer's token reads, and each tool that changes something refuses it", async () => {
  const { use } = await connectClient(mesh, { token: viewerToken });
  expect((await use("list-agents")).refused).toBeUndefined();
  const changing: Record<string, Record<string, unknown>> = {
    "onboard-project": { repository: "acme/app" },
    "submit-oauth-code": { id: "o1" },
    "submit-task": { capability: "spell-check" },
    "control-run": { issue: "acme/app#1", command: "pause" },
    "answer-question": { question: "mesh.q1", answers: ["Blue"] },
  };
  expect(Object.keys(changing)).toEqual(allTools.filter(({ role }) => role === "operator").map(({ name }) => name));
  for (const [name, args] of Object.entries(changing)) {
    expect(await use(name, args), name).toMatchObject({
      refused: "viewers-only-read",
      text: "Refused (viewers-only-read): This needs the role of an operator.",
    });
  }
});

describe("tasks", () => {
  test("one is submitted once per key, and read back", async () => {
    const { use } = await connectClient(mesh);
    const task = { capability: "spell-check", payload: { text: "helo" }, idempotencyKey: "once" };
    const first = await use("submit-task", task);
    const again = await use("submit-task", task);
    expect(again.value).toEqual(first.value);
    const { tasks } = first.value as { tasks: { id: string }[] };
    const id = tasks[0]?.id;
    expect(tasks).toEqual([{ id, project: "mesh", capability: "spell-check", status: "pending" }]);
    const read = await use("get-task", { id });
    expect(read.value).toMatchObject({ id, status: "pending", attempts: [], endedAt: null, error: null });
    expect(read.text).toMatch(/^Task mesh\.\S+ \(spell-check\) is pending; submitted \d{4}-\d\d-\d\dT[\d:]+Z\. It waits for an agent/);
  });

  test("what the route refuses the tool refuses, with the reason and each fault", async () => {
    const { client, use } = await connectClient(mesh);
    expect(await use("submit-task", { capability: "nobody-can", wait: false })).toMatchObject({
      refused: "no-agent",
      text: "Refused (no-agent): No agent offers the capability, and the task says not to wait.\n- capability: offered by no agent",
    });
    expect((await use("submit-task", { capability: "x", project: "acme/unknown" })).refused).toBe("unknown-project");
    expect((await use("get-task", { id: "mesh.a0-1" })).refused).toBe("not-found");
    const whole = await client.callTool({ name: "get-task", arguments: { id: "../agents" } });
    expect(whole._meta?.["mesh-six/problem"]).toMatchObject({ status: 404, reason: "not-found", type: "urn:mesh-six:problem:not-found" });
    expect(whole.structuredContent).toBeUndefined();
  });

  test("arguments that do not fit are named, without their values", async () => {
    const { use } = await connectClient(mesh);
    const told = await use("submit-task", { capability: "Not One", secretly: "hunter2-hunter2" });
    expect(told.refused).toBe("invalid");
    expect(told.text).toMatch(/secretly/);
    expect(told.text).toMatch(/capability/);
    expect(told.text).not.toContain("hunter2");
  });
});

test("agents and projects are listed with what matters of them", async () => {
  await mesh.addProject("acme/listed");
  const { token } = await (await mesh.send("POST", "/agents", { id: "laptop" })).json<{ token: string }>();
  await mesh.request("/agents/laptop/register", {
    method: "POST",
    token,
    body: JSON.stringify({ capabilities: [{ name: "planning", weight: 1 }], slots: 2 }),
  });
  const { use } = await connectClient(mesh);
  const agents = await use("list-agents");
  expect(agents.text).toMatch(/^- laptop: online, 2 slots, last heard \S+; can planning \d\.\d\d$/m);
  const { items } = agents.value as { items: { id: string }[] };
  expect(items.find(({ id }) => id === "laptop")).toMatchObject({
    kind: "remote",
    slots: 2,
    capabilities: [{ name: "planning", results: 0 }],
  });
  expect((await use("list-projects")).text).toBe("- acme/listed: board https://github.test/orgs/acme/projects/1, observed by webhook");
});

describe("onboarding", () => {
  test("is asked for once, found by id and by repository, and told that the login is done", async () => {
    const { use } = await connectClient(mesh);
    const request = { repository: "Acme/By-Model", skipLiteLLM: true };
    const begun = await use("onboard-project", request);
    const { id } = begun.value as { id: string };
    expect(begun).toMatchObject({ refused: undefined, value: { repository: "acme/by-model", attempt: 1, requestedBy: "operator" } });
    expect(begun.text).toMatch(/^Onboarding o\S+ of acme\/by-model: (pending|running)/);
    expect((await use("onboard-project", request)).value).toMatchObject({ id });
    expect((await use("onboard-project", { ...request, login: "device" })).refused).toBe("already-onboarding");
    expect((await use("onboard-project", { repository: "no repository" })).refused).toBe("invalid");
    expect((await use("onboard-project", { repository: "acme/other", overrides: { merge: "never" } })).text).toMatch(
      /^Refused \(invalid-settings\).*\n- overrides\.merge: /,
    );
    for (const args of [{ id }, { repository: "acme/BY-model" }]) {
      expect((await use("get-onboarding-status", args)).value).toMatchObject({ id, repository: "acme/by-model" });
    }
    expect((await use("get-onboarding-status", { repository: "acme/never-seen" })).refused).toBe("not-found");
    expect((await use("get-onboarding-status", { id: "o-unknown" })).refused).toBe("not-found");
    expect((await use("get-onboarding-status")).refused).toBe("id-or-repository");
    expect((await use("submit-oauth-code", { id })).value).toMatchObject({ id });
    expect((await use("submit-oauth-code", { id: "o-unknown" })).refused).toBe("not-found");
  });

  const secret = "sk-ant-oat01-never-to-be-seen-again";
  test("no code, key or token is taken, none is repeated, and what to do instead is said", async () => {
    const { use } = await connectClient(mesh);
    for (const name of ["code", "apiKey", "token", "variables"]) {
      const told = await use("submit-oauth-code", { id: "o1", [name]: name === "variables" ? { ANTHROPIC_API_KEY: secret } : secret });
      expect(told.refused).toBe("no-secrets-here");
      expect(told.text).toContain(`- ${name}: not taken here`);
      expect(told.text).toContain("mesh credentials push");
      expect(JSON.stringify(told)).not.toContain("never-to-be-seen");
    }
    expect((await use("onboard-project", { repository: "acme/app", apiKey: secret })).text).not.toContain("never-to-be-seen");
  });
});
