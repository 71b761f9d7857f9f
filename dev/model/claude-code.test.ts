import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Options, query, type SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoRepositories } from "../demo/issues.ts";
import { writeFiles } from "../demo/repositories/write-files.ts";
import { type Model, startModel } from "./start-model.ts";

const folder = mkdtempSync(join(tmpdir(), "claude-code-"));
let model: Model;
beforeAll(async () => {
  model = await startModel();
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

async function checkout(name: string) {
  const cwd = join(folder, name);
  await writeFiles(cwd, demoRepositories[0]?.files ?? {});
  const git = (...args: string[]) => execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
  git("init", "--quiet", "-b", "main");
  git("config", "user.name", "Agent");
  git("config", "user.email", "agent@localhost");
  git("add", "-A");
  git("commit", "--quiet", "-m", "Begin");
  return { cwd, git };
}

/** One process of the real Claude Code, from a prompt to the end of its turn or until it is aborted. */
async function converse(cwd: string, prompt: string, options: Options = {}) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "any",
    CLAUDE_CONFIG_DIR: join(folder, "config"),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
  const allow: Options["canUseTool"] = async (_tool, input) => ({ behavior: "allow", updatedInput: input });
  let result: SDKResultMessage | undefined;
  let session: string | undefined;
  const conversation = query({
    prompt,
    options: { cwd, env, permissionMode: "default", settingSources: [], canUseTool: allow, ...options },
  });
  try {
    for await (const message of conversation) {
      session = message.session_id ?? session;
      if (message.type === "result") result = message;
    }
  } catch (error) {
    if (!options.abortController?.signal.aborted) throw error;
  }
  return { result, session };
}

test("the real Claude Code carries issue 1 from prompt to commit", async () => {
  const { cwd, git } = await checkout("one");
  const { result } = await converse(cwd, "[mesh-six acme/todo-app#1.1 implement]\nLook at what is answered when nothing is found.");
  expect(result).toMatchObject({ subtype: "success", is_error: false, result: expect.stringContaining("two tests hold it") });
  expect(git("log", "--format=%s")).toBe("Leave the list alone when the todo to remove does not exist\nBegin");
  expect(git("show", "--stat", "--format=", "HEAD")).toMatch(/src\/todos\.js[\s\S]*test\/remove\.test\.js/);
  expect(existsSync(join(cwd, "escape-report.txt"))).toBe(true);
});

test("it plans in plan mode, is parked while its question is open, and goes on with the answer in the same conversation", async () => {
  const { cwd, git } = await checkout("three");
  const planned = await converse(cwd, "[mesh-six acme/todo-app#3.1 plan]\nThe issue", { permissionMode: "plan" });
  expect(planned.result).toMatchObject({ result: expect.stringMatching(/^## Plan/) });

  const abortController = new AbortController();
  await converse(cwd, "[mesh-six acme/todo-app#3.1 implement]\nThe plan", {
    resume: planned.session,
    abortController,
    canUseTool: async (tool, input) => {
      if (tool === "AskUserQuestion") abortController.abort();
      return tool === "AskUserQuestion" ? new Promise(() => {}) : { behavior: "allow", updatedInput: input };
    },
  });
  expect([abortController.signal.aborted, git("log", "--format=%s")]).toEqual([true, "Begin"]);

  await converse(cwd, "[mesh-six acme/todo-app#3.1 answer]\nAnswer: Semicolon", { resume: planned.session });
  expect(readFileSync(join(cwd, "src/csv.js"), "utf8")).toContain('SEPARATOR = ";"');
  expect(git("log", "--format=%s")).toBe("Export the list as CSV\nBegin");

  const again = await converse(cwd, "[mesh-six acme/todo-app#3.1 rework]\nnot ok 2 - a title", {
    resume: planned.session,
    permissionMode: "plan",
  });
  expect([again.session, again.result]).toMatchObject([planned.session, { result: expect.stringMatching(/^## Plan/) }]);
  await converse(cwd, "[mesh-six acme/todo-app#3.1 implement]\nThe plan", { resume: planned.session });
  expect(git("log", "--format=%s")).toBe("Quote cells that contain special characters\nExport the list as CSV\nBegin");
});
