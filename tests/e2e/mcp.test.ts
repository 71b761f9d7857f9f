import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { query, type SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import type { AgentConversation, AgentTurn } from "../../dev/model/model-script.ts";
import { startModel, type Model } from "../../dev/model/start-model.ts";
import { claudeExecutables } from "../../runner/agent-executable.ts";
import { meshForTest, root, until } from "./mesh-fixture.ts";

const home = mkdtempSync(join(tmpdir(), "mcp-claude-"));
const issue3 = "acme/todo-app#3";
let mesh: Awaited<ReturnType<typeof meshForTest>>;
let model: Model;

beforeAll(async () => {
  [mesh, model] = await Promise.all([meshForTest(), startModel({ script: { turn: assistant, completion: () => ({}) } })]);
});
afterAll(async () => {
  await mesh?.end();
  await model?.close();
  rmSync(home, { recursive: true, force: true });
});

const meshTool = (name: string, input: Record<string, unknown>): AgentTurn => ({ tools: [{ name: `mcp__mesh-six__${name}`, input }] });

/** A person's assistant: what it is asked to do with the mesh it does by the mesh's tools, and then says what they told it. */
function assistant({ lastPrompt, toolResultsSincePrompt: results }: AgentConversation): AgentTurn {
  const last = results.at(-1)?.text ?? "";
  if (lastPrompt.startsWith("Answer")) {
    if (results.length === 0) return meshTool("list-questions", { project: "acme/todo-app" });
    const [, question] = /"id":\s*"([^"]+)"|^- (\S+) \(with-human\)/m.exec(last)?.filter((part) => part !== undefined) ?? [];
    if (results.length === 1) return meshTool("answer-question", { question, answers: ["Semicolon"] });
  }
  const [, repository] = /^Onboard (\S+)/.exec(lastPrompt) ?? [];
  if (repository) {
    if (results.length === 0) return meshTool("onboard-project", { repository, skipAuth: true, skipTrial: true });
    if (results.length === 1) return meshTool("get-onboarding-status", { repository });
  }
  return { text: `The mesh says: ${last}` };
}

/** The configuration of docs/mcp.md, by Claude Code's own command. */
async function claude(...args: string[]): Promise<string> {
  const [command = "claude"] = claudeExecutables(undefined);
  return (await promisify(execFile)(command, args, { env: environment(), cwd: home })).stdout;
}

function environment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, "config"),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "any",
  };
}

/** One prompt to the real Claude Code, with the person's own settings and a person who allows the mesh's tools. */
async function ask(prompt: string): Promise<{ result: string; asked: string[] }> {
  const asked: string[] = [];
  let result: SDKResultMessage | undefined;
  const conversation = query({
    prompt,
    options: {
      cwd: home,
      env: environment(),
      settingSources: ["user"],
      permissionMode: "default",
      canUseTool: async (tool, input) => {
        asked.push(tool);
        return { behavior: "allow", updatedInput: input };
      },
    },
  });
  for await (const message of conversation) if (message.type === "result") result = message;
  expect(result).toMatchObject({ subtype: "success", is_error: false });
  return { result: result?.subtype === "success" ? result.result : "", asked };
}

for (const [era, mode] of [
  ["modern", { pin: "2026-07-28" }],
  ["legacy", "legacy"],
] as const) {
  test(`the official client, ${era}, by the dashboard's address`, async () => {
    const client = new Client({ name: "e2e", version: "1" }, { versionNegotiation: { mode } });
    const headers = { authorization: `Bearer ${mesh.operatorToken}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${mesh.url}/api/mcp`), { requestInit: { headers } }));
    expect(client.getProtocolEra()).toBe(era);
    const documented = [...readFileSync(join(root, "docs/mcp.md"), "utf8").matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(documented);
    const { structuredContent } = await client.callTool({ name: "list-projects", arguments: {} });
    const { items } = structuredContent as { items: { name: string }[] };
    expect(items.map(({ name }) => name).toSorted()).toEqual(["acme/todo-app", "solo/notes"]);
    await client.close();
  });
}

/** A repository that the mesh has never seen. */
async function freshRepository(name: string): Promise<void> {
  const files = { "package.json": JSON.stringify({ name, private: true, scripts: { test: "node --test" } }) };
  await mesh.github.seed.addRepository({ owner: "acme", name, files });
}

/** What the mesh has left of a repository at GitHub. */
function leftAtGitHub(name: string): { readonly boards: number; readonly hooks: number; readonly pulls: number } {
  const { world } = mesh.github;
  const id = world.findRepository("acme", name)?.id ?? -1;
  return {
    boards: world.state.boards.filter(({ repositories }) => repositories.includes(id)).length,
    hooks: world.state.hooks.filter(({ target }) => target.type === "repository" && target.repositoryId === id).length,
    pulls: world.state.issues.filter(({ repositoryId, pull }) => repositoryId === id && pull).length,
  };
}

interface Onboarding {
  readonly id: string;
  readonly status: string;
}

test("the official client onboards a repository to ready; the key goes another way", async () => {
  await freshRepository("by-client");
  const client = new Client({ name: "e2e", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const headers = { authorization: `Bearer ${mesh.operatorToken}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${mesh.url}/api/mcp`), { requestInit: { headers } }));
  const use = async (name: string, args: Record<string, unknown>) => {
    const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
    const [first] = content as { text?: string }[];
    return { isError: isError === true, text: first?.text ?? "", view: structuredContent as unknown as Onboarding };
  };
  const reaches = async (id: string, status: string) => {
    const ended = await until(`the onboarding is ${status}`, async () => {
      const now = await use("get-onboarding-status", { id });
      return (now.view.status === status || now.view.status === "failed") && now;
    });
    expect(ended.view.status, ended.text).toBe(status);
    return ended;
  };
  const { view } = await use("onboard-project", { repository: "acme/by-client", skipTrial: true });
  expect((await reaches(view.id, "waiting_auth")).text).toContain("mesh credentials push acme/by-client");
  const [pasted, key] = ["sk-ant-api03-pasted-into-a-tool", "sk-ant-api03-of-the-project"];
  mesh.putIn.push({ name: "what was pasted", value: pasted }, { name: "the agents' key", value: key });
  const refused = await use("submit-oauth-code", { id: view.id, code: pasted });
  expect([refused.isError, refused.text]).toEqual([true, expect.stringMatching(/^Refused \(no-secrets-here\)/)]);
  await mesh.client.post("/projects/acme/by-client/credentials", { variables: { ANTHROPIC_API_KEY: key } });
  expect((await use("submit-oauth-code", { id: view.id })).isError).toBe(false);
  expect((await reaches(view.id, "completed")).text).not.toContain("sk-ant");
  const left = leftAtGitHub("by-client");
  expect(left).toMatchObject({ boards: 1, hooks: 1 });
  // Asked for once more, everything is found and nothing is made a second time.
  const again = await use("onboard-project", { repository: "acme/by-client", skipTrial: true });
  expect(again.view.id).not.toBe(view.id);
  await reaches(again.view.id, "completed");
  expect(leftAtGitHub("by-client")).toEqual(left);
  await client.close();
});

test("the real Claude Code, told of the mesh by its own command, onboards a repository", async () => {
  await claude(
    ...["mcp", "add", "--scope", "user", "--transport", "http", "mesh-six", `${mesh.url}/api/mcp`],
    ...["--header", `Authorization: Bearer ${mesh.operatorToken}`],
  );
  expect(await claude("mcp", "list")).toMatch(/mesh-six:.*Connected/);
  await freshRepository("by-claude");
  const { result, asked } = await ask("Onboard acme/by-claude and say how it stands.");
  expect(asked).toContain("mcp__mesh-six__onboard-project");
  expect(result).toMatch(/"repository":"acme\/by-claude"|of acme\/by-claude:/);
  const ended = await until("the onboarding ends", async () => {
    const { items } = await mesh.client.get<{ items: (Onboarding & { repository: string; explain: string })[] }>("/onboard");
    const mine = items.find(({ repository }) => repository === "acme/by-claude");
    return (mine?.status === "completed" || mine?.status === "failed") && mine;
  });
  expect(ended.status, ended.explain).toBe("completed");
  expect(leftAtGitHub("by-claude")).toMatchObject({ boards: 1, hooks: 1 });
});

test("the real Claude Code answers an agent's question, and the agent goes on to Done", async () => {
  await putIntoTodo(
    mesh,
    demonstration.filter(({ key }) => key === issue3),
  );
  await until("the question is with a person", async () => {
    const run = await runOf(mesh, issue3);
    return run?.questions.some((question) => question.status === "with-human");
  });
  const { result, asked } = await ask("Answer the open question of acme/todo-app: Semicolon.");
  expect(result).toContain("accepted");
  expect(asked).toContain("mcp__mesh-six__answer-question");
  const done = await until("the run ends", async () => {
    const run = await runOf(mesh, issue3);
    return run?.endedAt !== null && run;
  });
  expect(done).toMatchObject({ phase: "ACCEPTED", questions: [{ answer: { answers: ["Semicolon"], by: "operator", via: "api" } }] });
});
