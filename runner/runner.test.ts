import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Assignment, CommandBody, SessionAssignment, TestResults } from "../core/protocol/frames.ts";
import { SecretSearch } from "../tests/support/secret-search.ts";
import { findOnPath } from "./isolation.ts";
import { startRunner, type Runner } from "./runner.ts";
import { startGitServer, type GitServer } from "./testing/git-server.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";
import { startScriptedModel, type ModelRequest } from "./testing/scripted-model.ts";

/** The real Claude Code, real git over HTTP, real processes; only the model's words are scripted. */
type Script = Parameters<typeof startScriptedModel>[0];
let script: Script = () => "Nothing to do.";
let model: Awaited<ReturnType<typeof startScriptedModel>>;
let git: GitServer;
let mesh: MeshDouble;
let dir: string;
let runner: Runner | undefined;
let child: ChildProcess | undefined;
let issue = 0;

beforeAll(async () => {
  model = await startScriptedModel((request) => script(request));
  git = await startGitServer(
    { username: "x-access-token", password: "git-secret-for-tests" },
    {
      "README.md": "# Todo\n",
      "test.sh":
        "#!/bin/sh\necho TAP version 13; echo 'ok 1 - adds'; test -f feature.txt && echo 'ok 2 - feature' || echo 'not ok 2 - feature'; echo 1..2; test -f feature.txt\n",
    },
  );
});
afterAll(async () => {
  await model.stop();
  await git.stop();
});
beforeEach(async () => {
  mesh = await startMeshDouble();
  dir = mkdtempSync(join(tmpdir(), "runner-"));
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  await runner?.drain(0);
  runner = undefined;
  if (child?.exitCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  child = undefined;
  await mesh.stop();
  rmSync(dir, { recursive: true, force: true });
});

const agentEnv = () => ({ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "any", CLAUDE_CODE_MAX_RETRIES: "0" });

async function start(slots = 1): Promise<Runner> {
  const connected = mesh.connected();
  runner = await startRunner({
    url: mesh.url,
    id: "laptop-1",
    token: mesh.token,
    slots,
    dir,
    trust: ["acme/todo"],
    agentEnv: agentEnv(),
    log: () => undefined,
  });
  await connected;
  return runner;
}

/** The runner as its own process, so that it can be killed. */
async function startProcess(): Promise<ChildProcess> {
  const connected = mesh.connected();
  const env = Object.entries(agentEnv()).flatMap(([key, value]) => ["--agent-env", `${key}=${value}`]);
  const main = join(import.meta.dirname, "main.ts");
  child = spawn(process.execPath, [main, "--url", mesh.url, "--id", "laptop-1", "--dir", dir, "--trust", "acme/todo", ...env], {
    env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: mesh.token },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await connected;
  return child;
}

function assign(
  step: SessionAssignment["step"],
  more: Partial<SessionAssignment> = {},
  attempt = 1,
): { taskId: string; attempt: number; branch: string } {
  const branch = more.branch ?? `mesh/${++issue}.1`;
  const taskId = `P.${branch.slice(5)}.${step}`;
  const payload: SessionAssignment = {
    runId: `acme/todo#${branch.slice(5)}`,
    sessionId: `P.${branch.slice(5)}`,
    step,
    project: "acme/todo",
    cloneUrl: git.cloneUrl,
    baseBranch: "main",
    branch,
    conversationId: null,
    prompt: `[mesh-six acme/todo#${branch.slice(5)} ${step}]\nDo it.`,
    planOnly: step === "plan",
    testCommand: "sh ./test.sh",
    testTimeoutMs: 20_000,
    activeLimitMs: 60_000,
    budgetUsd: 5,
    allowWorkflowChanges: false,
    ...more,
  };
  const assignment: Assignment = { taskId, attempt, capability: "implementation", payload, priority: 5, timeoutSeconds: null };
  mesh.send({ type: "assign", assignments: [assignment] });
  return { taskId, attempt, branch };
}

function tell(ref: { taskId: string; attempt: number }, body: CommandBody, commandId = `${body.type}-${Math.random()}`): string {
  mesh.send({ type: "command", command: { commandId, taskId: ref.taskId, attempt: ref.attempt, body } });
  return commandId;
}

const question = {
  questions: [
    {
      question: "Which colour?",
      header: "Colour",
      multiSelect: false,
      options: [
        { label: "Red", description: "warm" },
        { label: "Blue", description: "cool" },
      ],
    },
  ],
};
const ask = { tool: "AskUserQuestion", input: question };
const bash = (command: string) => ({ tool: "Bash", input: { command, description: "work" } });
const commitFeature = bash("echo done > feature.txt && git add . && git commit -qm 'Add feature'");
const steps =
  (...all: { tool: string; input: unknown }[]) =>
  ({ results }: ModelRequest) =>
    all[results] ?? "All done.";

describe("planning and implementing", () => {
  test("a plan is read-only; the same conversation implements it, asks, goes on with the answer and is pushed", async () => {
    await start();
    script = ({ prompt, results }) => {
      if (prompt.includes(" plan]"))
        return results === 0 ? bash("echo x > scratch.txt; git commit -qam no --allow-empty") : "# Plan\n1. Add the feature.";
      return steps(ask, commitFeature)({ prompt, results, text: "" });
    };
    const plan = assign("plan");
    const { conversationId } = await mesh.until("session-started");
    expect((await mesh.until("plan")).markdown).toBe("# Plan\n1. Add the feature.");
    await mesh.until("task-done");
    const planned = await mesh.until("usage");
    expect(planned.usd).toBeGreaterThan(0);

    const work = assign("implement", { branch: plan.branch, conversationId });
    const asked = await mesh.until("ask");
    expect(asked.questions).toEqual([
      {
        text: "Which colour?",
        header: "Colour",
        multiple: false,
        options: [
          { label: "Red", description: "warm" },
          { label: "Blue", description: "cool" },
        ],
      },
    ]);
    const commandId = tell(work, { type: "answer", questionId: "q", askId: asked.askId, answers: ["Blue, please"] }, "the-answer");
    tell(work, { type: "answer", questionId: "q", askId: asked.askId, answers: ["Red"] }, "the-answer");
    expect(await mesh.until("command-received")).toMatchObject({ commandId, applied: true });
    const pushed = await mesh.until("branch-pushed");
    expect(pushed).toMatchObject({ branch: plan.branch, commits: 1, sha: git.git("rev-parse", plan.branch) });
    expect(await mesh.until("task-done")).toMatchObject({ result: { commits: 1, uncommitted: false, text: "All done." } });
    expect(git.git("ls-tree", "--name-only", plan.branch)).not.toContain("scratch.txt");
    const last = model.requests.at(-1)?.text ?? "";
    expect(last).toContain("# Plan");
    expect(last).toContain("Blue, please");
    expect(last).not.toContain('\\"Which colour?\\"=\\"Red\\"');
    // A resumed conversation carries the past's cost in its totals; what is reported is this process's own.
    const used = await mesh.until("usage", ({ process }) => process !== planned.process);
    expect(used.inputTokens).toBe(3_000);
    expect(mesh.reports.filter(({ body }) => body.type === "session-started")).toHaveLength(2);
    expect(mesh.credentialsAsked).toContainEqual({ taskId: work.taskId, attempt: 1, purpose: "push" });
  });

  test("without commits nothing is pushed, and the mesh hears of what is uncommitted", async () => {
    await start();
    script = steps(bash("echo half > half.txt"));
    const { branch } = assign("implement");
    expect(await mesh.until("checkpoint")).toMatchObject({ gitStatus: "?? half.txt\n" });
    expect(await mesh.until("task-done")).toMatchObject({ result: { commits: 0, uncommitted: true } });
    expect(git.git("branch", "--list", branch)).toBe("");
  });

  test("a parked question frees the slot; the answer resumes the same conversation", async () => {
    await start();
    script = ({ prompt, results }) => (prompt.includes(" answer]") ? steps(commitFeature)({ prompt, results, text: "" }) : ask);
    const work = assign("implement");
    const { conversationId } = await mesh.until("session-started");
    await mesh.until("ask");
    tell(work, { type: "park", questionId: "q7" });
    expect(await mesh.until("parked")).toMatchObject({ questionId: "q7" });
    assign("answer", { branch: work.branch, conversationId, prompt: "[mesh-six acme/todo answer]\nThe answer is: Blue." });
    expect(await mesh.until("branch-pushed")).toMatchObject({ commits: 1 });
    expect((await mesh.until("session-started")).conversationId).toBe(conversationId);
    expect(model.requests.at(-1)?.text).toContain("Which colour?");
  });

  test("stop now ends a running command; a prompt reaches a running conversation", async () => {
    await start();
    let seen: (text: string) => void = () => undefined;
    const steered = new Promise<string>((resolve) => (seen = resolve));
    const slow = bash("sleep 1");
    script = ({ text }) => {
      if (text.includes("use tabs")) {
        seen(text);
        return bash("sleep 300");
      }
      return slow;
    };
    const work = assign("implement");
    await mesh.until("session-started");
    tell(work, { type: "prompt", text: "Please use tabs." });
    await steered;
    const begun = Date.now();
    tell(work, { type: "stop", mode: "now", reason: "paused" });
    expect(await mesh.until("stopped")).toMatchObject({ reason: "paused" });
    expect(Date.now() - begun).toBeLessThan(8_000);
  });

  test("the budget stops the agent, a refused key is said as such, and the attempt ends once", async () => {
    await start();
    script = () => bash("true");
    assign("implement", { budgetUsd: 0.01 });
    expect(await mesh.until("stopped")).toMatchObject({ reason: "the budget is spent" });
    script = () => 401;
    assign("implement");
    expect(await mesh.until("task-failed")).toMatchObject({ kind: "authentication" });
  });
});

describe("credentials that the mesh keeps", () => {
  const secret = "project-secret-of-the-tests-0123456789";
  const search = (): string[] => {
    const found = new SecretSearch([{ name: "secret", value: secret }]);
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) found.lookAtBytes(entry.name, readFileSync(join(entry.parentPath, entry.name)));
    }
    return found.leaks.map(({ where, form }) => `${form} in ${where}`);
  };

  test("reach the agent over the runner's own, and are written down nowhere", async () => {
    mesh.variables = { ANTHROPIC_API_KEY: "any other", PROJECT_SECRET: secret };
    await start();
    script = steps(bash('printf %s "$PROJECT_SECRET $ANTHROPIC_API_KEY" | sha256sum > hash.txt && git add . && git commit -qm Hash'));
    const { branch } = assign("implement");
    await mesh.until("task-done");
    const hash = createHash("sha256").update(`${secret} any other`).digest("hex");
    expect(git.git("show", `${branch}:hash.txt`)).toContain(hash);
    expect(search()).toEqual([]);
    expect(JSON.stringify(mesh.reports)).not.toContain(secret);
  });

  test("are taken out of what an agent says and what tests print", async () => {
    mesh.variables = { PROJECT_SECRET: secret };
    await start();
    script = ({ results, text }) =>
      results === 0
        ? bash('echo "marker=$PROJECT_SECRET"; touch feature.txt; git add .; git commit -qm Add')
        : (/marker=[\w-]+/.exec(text)?.[0] ?? "");
    const { branch } = assign("implement");
    expect(await mesh.until("task-done")).toMatchObject({ result: { text: "marker=***" } });
    assign("test", { branch, testCommand: 'echo "marker=$PROJECT_SECRET"' });
    expect((await mesh.until("test-results")).results.tail).toContain("marker=***");
    await mesh.until("task-done");
    const logs = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(({ name }) => /^tests-.*\.log$/.test(name));
    expect(logs.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"))).toEqual([
      expect.stringContaining("marker=***"),
    ]);
    expect(JSON.stringify(mesh.reports)).not.toContain(secret);
  });

  test("that the mesh refuses to open end the step, for a person to mend", async () => {
    mesh.refuseBundlesWith = { status: 409, reason: "tampered" };
    await start();
    assign("implement");
    expect(await mesh.until("task-failed")).toMatchObject({ kind: "configuration", message: "bundle: 409 refused" });
  });
});

describe("restarts", () => {
  test("a killed runner goes on with the same conversation, and does not repeat what it reported", async () => {
    let reached: () => void = () => undefined;
    const midway = new Promise<void>((resolve) => (reached = resolve));
    script = ({ results }) => {
      if (results === 1) reached();
      return results === 0 ? bash("echo before > before.txt") : bash("sleep 300");
    };
    await startProcess();
    const work = assign("implement");
    const { conversationId } = await mesh.until("session-started");
    await midway;
    child?.kill("SIGKILL");
    script = ({ prompt, results }) =>
      prompt.includes("The machine was restarted")
        ? steps(bash("git add . && git commit -qm 'Go on'"))({ prompt, results, text: "" })
        : "lost";
    await startProcess();
    expect(mesh.hellos.at(-1)?.working).toEqual([{ taskId: work.taskId, attempt: 1 }]);
    expect(await mesh.until("branch-pushed")).toMatchObject({ commits: 1 });
    await mesh.until("task-done");
    expect(git.git("ls-tree", "--name-only", work.branch)).toContain("before.txt");
    expect(mesh.reports.filter(({ body }) => body.type === "session-started" && body.conversationId !== conversationId)).toEqual([]);
    expect(mesh.reports.filter(({ body }) => body.type === "task-accepted")).toHaveLength(1);
  });

  test("a runner killed while a question is open waits for its answer, without asking again", async () => {
    script = () => ask;
    await startProcess();
    const work = assign("implement");
    const asked = await mesh.until("ask");
    child?.kill("SIGKILL");
    script = ({ text, results, prompt }) => (text.includes("Which colour? → Blue") ? steps(commitFeature)({ text, results, prompt }) : ask);
    await startProcess();
    tell(work, { type: "answer", questionId: "q", askId: asked.askId, answers: ["Blue"] });
    expect(await mesh.until("command-received")).toMatchObject({ applied: true });
    expect(await mesh.until("branch-pushed")).toMatchObject({ commits: 1 });
    expect(mesh.reports.filter(({ body }) => body.type === "ask")).toHaveLength(1);
  });

  test("SIGTERM stops what runs, reports it and exits", async () => {
    script = () => bash("sleep 0.2");
    const process = await startProcess();
    assign("implement");
    await mesh.until("session-started");
    process.kill("SIGTERM");
    expect(await mesh.until("stopped")).toMatchObject({ reason: "the runner was shut down" });
    expect(await once(process, "exit")).toEqual([0, null]);
    expect(existsSync(join(dir, "runner.pid"))).toBe(false);
  });

  test("a refused token ends the process with a clear exit code", async () => {
    const refused = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--url", mesh.url, "--id", "laptop-1", "--dir", dir], {
      env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: "wrong" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    refused.stderr.on("data", (data) => (said += String(data)));
    expect(await once(refused, "exit")).toEqual([77, null]);
    expect(said).toContain("refuses this token for agent laptop-1");
    expect(said).not.toContain("wrong");
  });
});

describe("tests and refusals", () => {
  async function runTests(more: Partial<SessionAssignment>): Promise<TestResults> {
    const { taskId } = assign("test", more);
    const { results } = await mesh.until("test-results", (body) => body.taskId === taskId);
    await mesh.until("task-done");
    return results;
  }

  test("the test command runs on the pushed branch, in TAP, JUnit and without a report", async () => {
    await start();
    const failing = await runTests({});
    expect(failing).toMatchObject({
      exitCode: 1,
      format: "tap",
      counts: { passed: 1, failed: 1, skipped: 0 },
      failures: [{ name: "feature" }],
      sha: git.git("rev-parse", "main"),
    });
    const sha = git.commit("mesh/90.1", { "feature.txt": "x" });
    expect(await runTests({ branch: "mesh/90.1" })).toMatchObject({
      exitCode: 0,
      format: "tap",
      counts: { passed: 2, failed: 0, skipped: 0 },
      sha,
    });
    const junit = `mkdir -p reports && echo '<testsuite><testcase name="a"/><testcase name="b"><failure>no</failure></testcase></testsuite>' > reports/unit.xml; exit 1`;
    expect(await runTests({ testCommand: junit })).toMatchObject({
      format: "junit",
      counts: { passed: 1, failed: 1 },
      failures: [{ name: "b", message: "no" }],
    });
    expect(await runTests({ testCommand: "echo said; echo wrong >&2; exit 3" })).toMatchObject({
      exitCode: 3,
      format: "none",
      tail: "said\nwrong\n",
    });
    const link = `ln -s ${join(dir, "journal", "journal.log")} junit.xml; env`;
    const { tail, format } = await runTests({ testCommand: link });
    expect(format).toBe("none");
    expect(tail).not.toContain(mesh.token);
  });

  test("tests have a time limit and leave nothing running", async () => {
    await start();
    const begun = Date.now();
    expect(await runTests({ testCommand: "sleep 300 & sleep 300", testTimeoutMs: 300 })).toMatchObject({ exitCode: null, timedOut: true });
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test("declined: no slot, a payload that is no step, a path that leads elsewhere", async () => {
    await start();
    script = () => ask;
    assign("implement");
    await mesh.until("ask");
    assign("implement");
    expect(await mesh.until("task-declined")).toMatchObject({ reason: "no free slot" });
    mesh.send({
      type: "assign",
      assignments: [{ taskId: "P.x", attempt: 1, capability: "qa", payload: { some: "thing" }, priority: 5, timeoutSeconds: 60 }],
    });
    expect((await mesh.until("task-declined")).reason).toContain("steps of coding sessions");
    assign("implement", { branch: "main" });
    expect((await mesh.until("task-declined")).reason).toContain("not the form");
  });

  test.runIf(process.getuid?.() === 0)("as root in a private folder, worktrees go where the agents' users can reach them", async () => {
    chmodSync(dir, 0o700);
    await start();
    const { tail } = await runTests({ testCommand: "pwd; id -u" });
    const [tree = "", uid] = tail.split("\n");
    expect(tree).toMatch(/^\/var\/tmp\/mesh-six-[0-9a-f]{12}\/worktrees\/acme--todo\//);
    expect(Number(uid)).toBeGreaterThan(1_000_000);
    rmSync(tree.slice(0, tree.indexOf("/worktrees")), { recursive: true });
  });

  test.runIf(process.getuid?.() === 0 && findOnPath("bwrap") === undefined)(
    "without isolation only trusted repositories are taken",
    async () => {
      chownSync(dir, 12_345, 12_345);
      const connected = mesh.connected();
      const main = [
        process.execPath,
        join(import.meta.dirname, "main.ts"),
        "--url",
        mesh.url,
        "--id",
        "laptop-1",
        "--dir",
        dir,
        "--trust",
        "acme/other",
      ];
      child = spawn("setpriv", ["--reuid", "12345", "--regid", "12345", "--clear-groups", "--", ...main], {
        env: { PATH: process.env["PATH"], HOME: dir, MESH_AGENT_TOKEN: mesh.token },
        stdio: "ignore",
      });
      await connected;
      assign("test");
      expect((await mesh.until("task-declined")).reason).toMatch(/not isolated on this machine .* acme\/todo is not named with --trust/);
      expect(mesh.credentialsAsked).toEqual([]);
    },
  );

  test("a second runner in the same folder is refused", async () => {
    writeFileSync(join(dir, "runner.pid"), String(process.ppid));
    await expect(start()).rejects.toThrow(/already works in/);
  });
});
