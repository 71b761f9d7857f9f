import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoRepositories } from "../demo/issues.ts";
import { writeFiles } from "../demo/repositories/write-files.ts";
import { ScriptedAgent } from "./scripted-agent.ts";
import { type Model, startModel } from "./start-model.ts";

const who = { name: "Agent", email: "agent@localhost" };
const env = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_AUTHOR_NAME: who.name,
  GIT_AUTHOR_EMAIL: who.email,
  GIT_COMMITTER_NAME: who.name,
  GIT_COMMITTER_EMAIL: who.email,
};
const folders: string[] = [];
let model: Model;
beforeAll(async () => {
  model = await startModel();
});
afterAll(async () => {
  await model.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function checkout(repository = "todo-app"): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "story-"));
  folders.push(cwd);
  await writeFiles(cwd, demoRepositories.find((r) => r.name === repository)?.files ?? {});
  git(cwd, "init", "--quiet", "-b", "main");
  git(cwd, "add", "-A");
  git(cwd, "commit", "--quiet", "-m", "Begin");
  return cwd;
}
const git = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd, env, encoding: "utf8" }).trim();
const subjects = (cwd: string) => git(cwd, "log", "--format=%s").split("\n").reverse();
const failing = (cwd: string) =>
  [...spawnSync("npm", ["test"], { cwd, env, encoding: "utf8" }).stdout.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map((match) => match[1]);

describe("what the coding agent does", () => {
  test.each([
    ["acme/todo-app#1", "todo-app", "Leave the list alone when the todo to remove does not exist"],
    ["solo/notes#1", "notes", "Find notes whatever their case"],
  ])("%s: a fix with its test, which fails without it", async (issue, repository, subject) => {
    const cwd = await checkout(repository);
    const agent = new ScriptedAgent(model.url, cwd, env);
    await agent.prompt(`[mesh-six ${issue}.1 implement]\nThe guidance`);
    expect(subjects(cwd)).toEqual(["Begin", subject]);
    expect(failing(cwd)).toEqual([]);
    expect(git(cwd, "status", "--porcelain")).toBe("");
    git(cwd, "checkout", "--quiet", "HEAD~1", "--", "src");
    expect(failing(cwd)).not.toEqual([]);
  });

  test("acme/todo-app#1 tries to escape before anything else and keeps its report out of git", async () => {
    const cwd = await checkout();
    await new ScriptedAgent(model.url, cwd, env).prompt("[mesh-six acme/todo-app#1.1 implement]");
    expect(readFileSync(join(cwd, "escape-report.txt"), "utf8")).toMatch(/CHECKED: \d+\n$/);
    expect(git(cwd, "ls-files")).not.toContain("escape-report");
  });

  test("acme/todo-app#2: a thin plan, a better one after feedback, then a question whose answer is followed", async () => {
    const cwd = await checkout();
    const agent = new ScriptedAgent(model.url, cwd, env, () => "Finished ones too");
    const first = await agent.prompt("[mesh-six acme/todo-app#2.1 plan]\nThe issue");
    const second = await agent.prompt("[mesh-six acme/todo-app#2.1 rework]\nSay where the rule lives");
    expect([first.length < second.length, first.startsWith("## Plan"), second.startsWith("## Plan")]).toEqual([true, true, true]);
    expect(subjects(cwd)).toEqual(["Begin"]);
    await agent.prompt("[mesh-six acme/todo-app#2.1 implement]\nThe plan");
    expect(agent.used.filter((tool) => tool === "AskUserQuestion")).toHaveLength(1);
    expect(readFileSync(join(cwd, "src/stale.js"), "utf8")).not.toContain("!item.done");
    expect(subjects(cwd)).toEqual(["Begin", "List the todos that have been lying around"]);
    expect(failing(cwd)).toEqual([]);
  });

  test("a refused question ends the turn; the answer prompt goes on in the same conversation", async () => {
    const cwd = await checkout();
    const agent = new ScriptedAgent(model.url, cwd, env);
    expect(await agent.prompt("[mesh-six acme/todo-app#3.1 implement]\nThe plan")).toBe("I wait for the answer.");
    expect(subjects(cwd)).toEqual(["Begin"]);
    await agent.prompt("[mesh-six acme/todo-app#3.1 answer]\nYou asked: Which separator? (Comma, Semicolon)\nAnswer: Semicolon");
    expect(readFileSync(join(cwd, "src/csv.js"), "utf8")).toContain('SEPARATOR = ";"');
  });

  test.each([
    ["rework with work", ["[mesh-six acme/todo-app#3.1 rework]\nThe tests failed.\n\nnot ok 2 - a title"]],
    [
      "a new plan, then implement",
      ["[mesh-six acme/todo-app#3.1 rework]\nThe tests failed; give a new plan.", "[mesh-six acme/todo-app#3.1 implement]"],
    ],
    ["plan again, then implement", ["[mesh-six acme/todo-app#3.1 plan]\nKnown failures", "[mesh-six acme/todo-app#3.1 implement]"]],
  ])("acme/todo-app#3: the first try fails a test of its own, then %s mends it", async (_name, prompts) => {
    const cwd = await checkout();
    const agent = new ScriptedAgent(model.url, cwd, env, () => "Comma");
    await agent.prompt("[mesh-six acme/todo-app#3.1 plan]\nThe issue");
    await agent.prompt("[mesh-six acme/todo-app#3.1 implement]\nThe plan");
    expect(failing(cwd)).toEqual(["a title with special characters stays one cell"]);
    for (const prompt of prompts) await agent.prompt(prompt);
    expect(failing(cwd)).toEqual([]);
    expect(subjects(cwd)).toEqual(["Begin", "Export the list as CSV", "Quote cells that contain special characters"]);
    expect(agent.used.filter((tool) => tool === "AskUserQuestion")).toHaveLength(1);
  });

  test("acme/todo-app#3: a try begun again in a new conversation, as after a crash, is still the first; only its plan tells of failed tests", async () => {
    const cwd = await checkout();
    await new ScriptedAgent(model.url, cwd, env, () => "Comma").prompt("[mesh-six acme/todo-app#3.1 implement]\nThe plan");
    await new ScriptedAgent(model.url, cwd, env, () => "Comma").prompt("[mesh-six acme/todo-app#3.1 implement]\nThe plan");
    expect(failing(cwd)).toEqual(["a title with special characters stays one cell"]);
    await new ScriptedAgent(model.url, cwd, env, () => "Comma").prompt("[mesh-six acme/todo-app#3.1 implement]\nQuote cells (RFC 4180)");
    expect(failing(cwd)).toEqual([]);
  });

  test("the next step comes from the request alone: a conversation cut anywhere and nudged goes on to the same end", async () => {
    const whole = new ScriptedAgent(model.url, await checkout(), env);
    await whole.prompt("[mesh-six acme/todo-app#1.1 implement]");
    const cut = new ScriptedAgent(model.url, await checkout(), env);
    cut.messages = whole.messages.slice(0, 5); // the prompt and two tools with their results
    await cut.prompt("[mesh-six acme/todo-app#1.1 nudge]\nAre you there?");
    expect(cut.used).toEqual(whole.used.slice(2));
  });

  test("the three features meet without a conflict", async () => {
    const cwd = await checkout();
    for (const number of [1, 2, 3]) {
      git(cwd, "checkout", "--quiet", "-b", `work-${number}`, "main");
      const agent = new ScriptedAgent(model.url, cwd, env, () => "Comma");
      await agent.prompt(`[mesh-six acme/todo-app#${number}.1 implement]`);
      if (number === 3) await agent.prompt("[mesh-six acme/todo-app#3.1 rework]\nnot ok 2");
    }
    git(cwd, "checkout", "--quiet", "main");
    for (const number of [1, 2, 3]) git(cwd, "merge", "--quiet", "--no-edit", `work-${number}`);
    expect(failing(cwd)).toEqual([]);
  });
});
