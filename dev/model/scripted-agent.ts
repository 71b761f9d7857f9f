import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

interface ToolUse {
  type: "tool_use";
  id: string;
  name: string;
  input: Record<string, string>;
}
type Block = { type: "text"; text: string } | ToolUse | { type: "tool_result"; tool_use_id: string; content: string; is_error: boolean };

/** The tools an agent of the demonstration needs. */
const TOOLS = ["Bash", "Read", "Edit", "Write", "AskUserQuestion"].map((name) => ({ name, input_schema: { type: "object" } }));

/**
 * The smallest agent that carries out what a Messages endpoint says: it runs commands and edits files in one directory. For tests of
 * scripts in milliseconds; the demonstration itself uses the real Claude Code.
 */
export class ScriptedAgent {
  readonly #endpoint: string;
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  /** Answers a question with its text, or refuses to with undefined, which the model is told. */
  readonly #answer: (question: string) => string | undefined;
  messages: { role: string; content: Block[] | string }[] = [];
  readonly used: string[] = [];

  constructor(endpoint: string, cwd: string, env: NodeJS.ProcessEnv, answer: (question: string) => string | undefined = () => undefined) {
    this.#endpoint = endpoint;
    this.#cwd = cwd;
    this.#env = env;
    this.#answer = answer;
  }

  /** One prompt until the model's turn ends; gives its last words. */
  async prompt(text: string): Promise<string> {
    this.messages.push({ role: "user", content: [{ type: "text", text }] });
    for (;;) {
      const content = await this.#turn();
      this.messages.push({ role: "assistant", content });
      const uses = content.filter((block) => block.type === "tool_use");
      if (uses.length === 0) return content.map((block) => (block.type === "text" ? block.text : "")).join("");
      const results: Block[] = [];
      for (const use of uses) results.push({ type: "tool_result", tool_use_id: use.id, ...(await this.#use(use)) });
      this.messages.push({ role: "user", content: results });
    }
  }

  async #turn(): Promise<Block[]> {
    const body = JSON.stringify({ model: "claude-opus-5-5", max_tokens: 1000, messages: this.messages, tools: TOOLS });
    const response = await fetch(`${this.#endpoint}/v1/messages`, { method: "POST", headers: { "x-api-key": "any" }, body });
    if (!response.ok) throw new Error(`model answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { content: Block[] }).content;
  }

  async #use({ name, input }: ToolUse): Promise<{ content: string; is_error: boolean }> {
    this.used.push(name);
    try {
      return { content: await this.#result(name, input), is_error: false };
    } catch (error) {
      return { content: error instanceof Error ? error.message : String(error), is_error: true };
    }
  }

  async #result(name: string, input: Record<string, unknown>): Promise<string> {
    const path = join(this.#cwd, String(input.file_path ?? ""));
    if (name === "Bash") return this.#run(String(input.command));
    if (name === "Read") return readFile(path, "utf8");
    if (name === "Write") {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, String(input.content));
      return "File created successfully";
    }
    if (name === "Edit") {
      const before = await readFile(path, "utf8");
      if (before.split(String(input.old_string)).length !== 2) throw new Error("String to replace not found exactly once in file.");
      await writeFile(
        path,
        before.replace(String(input.old_string), () => String(input.new_string)),
      );
      return "The file has been updated successfully";
    }
    const [question] = input.questions as { question: string }[];
    const answer = this.#answer(question?.question ?? "");
    if (answer === undefined) throw new Error("The question has been passed on.");
    return `The user has answered: "${question?.question}"="${answer}"`;
  }

  #run(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile("sh", ["-c", command], { cwd: this.#cwd, env: this.#env }, (error, stdout, stderr) =>
        error ? reject(new Error(`Exit code ${error.code}\n${stdout}${stderr}`)) : resolve(stdout + stderr),
      );
    });
  }
}
