import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decideTool } from "../../core/tools/decide-tool.ts";
import { noToolRules } from "../../core/tools/tool-rules.ts";
import type { ToolUse } from "../../core/tools/tool-use.ts";
import { claudeExecutables } from "../agent-executable.ts";
import { agentEnvironment, detectIsolation, type Isolation } from "../isolation.ts";
import { uidOf, type RunPlace } from "../run-place.ts";
import { familyOf, liveCommands, processKey } from "../signs-of-work.ts";
import { startScriptedModel, type ModelRequest } from "../testing/scripted-model.ts";
import { toolScene } from "../tool-scene.ts";
import { listProcesses } from "../work-watch.ts";
import { createAcpDriver } from "./acp-driver.ts";
import { createClaudeDriver } from "./claude-driver.ts";
import { createCommandDriver } from "./command-driver.ts";
import type { AgentDriver, AgentEvent, Conversation, ConversationOptions } from "./driver.ts";

/** What every driver has to do, whatever agent is behind it. The agents do what the words after `act:` in a prompt say. */
interface Subject {
  readonly driver: () => AgentDriver;
  /** It can ask, be told more, be taken up again, and says which tools it uses. */
  readonly converses: boolean;
  /** It says what it costs. */
  readonly counts: boolean;
}

const root = join(import.meta.dirname, "..", "..");
const ask = {
  tool: "AskUserQuestion",
  input: {
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
  },
};
const bash = (command: string) => ({ tool: "Bash", input: { command, description: "work" } });
const resetAt = Math.floor(Date.now() / 1_000) + 3_600;

/** The model behind Claude Code, also when it is spoken to through the protocol. */
function model({ prompt, results, text }: ModelRequest) {
  // After a refusal Claude Code tries once more, with words of its own.
  const act = prompt.includes("stopped by a safety classifier") ? "refuse" : /act:([\w-]+)/.exec(prompt)?.[1];
  const once = (call: { tool: string; input: unknown }) => (results === 0 ? call : `Then: ${text.slice(-600)}`);
  switch (act) {
    case "ask":
      return once(ask);
    case "recall":
      return `Heard before: ${text.includes("act:finish") ? "act:finish" : "nothing"}`;
    case "secrets":
      return once(bash("cat .env"));
    case "long": // Claude Code lets nobody sleep for long.
      return once(bash("tail -f README.md"));
    case "short":
      return results === 0
        ? bash("sleep 1; touch slept.txt; echo slept")
        : text.includes("Please use tabs.")
          ? "Told: Please use tabs."
          : "Went on.";
    case "leave":
      return once(bash("(setsid sleep 4712 >/dev/null 2>&1 &) ; true"));
    case "login":
      return 401;
    case "quota":
      return {
        status: 429,
        message: "This request would exceed your account's rate limit.",
        headers: {
          "anthropic-ratelimit-unified-status": "rejected",
          "anthropic-ratelimit-unified-reset": String(resetAt),
          "anthropic-ratelimit-unified-representative-claim": "five_hour",
          "retry-after": "3600",
        },
      };
    case "refuse":
      return { refusal: "I cannot do that." };
    case "crash":
      return 500;
    case undefined:
      return `Told: ${prompt.split("\n").at(-1)}`;
    default:
      return "All done.";
  }
}

const plain = `
prompt=$(cat); act=$(printf %s "$prompt" | sed -n 's/.*act:\\([a-z-]*\\).*/\\1/p' | head -1)
case "$act" in
  long) tail -f README.md ;;
  short) trap 'echo stopped; exit 0' TERM; sleep 1 & wait; echo slept ;;
  leave) setsid sleep 4712 > /dev/null 2>&1 & echo All done. ;;
  login) echo not logged in >&2; exit 77 ;;
  quota) echo 'Please try again in 90s' >&2; exit 75 ;;
  refuse) echo no; exit 65 ;;
  crash) kill -9 $$ ;;
  *) echo All done. ;;
esac`;

let scripted: Awaited<ReturnType<typeof startScriptedModel>>;
let isolation: Isolation;
let dir: string;
let place: RunPlace;
let running: Conversation | undefined;
let permits: ToolUse[];
const [claude = "claude"] = claudeExecutables(undefined);

const node = process.execPath;
const subjects: Record<string, Subject> = {
  "Claude Code": { driver: () => createClaudeDriver(claude), converses: true, counts: true },
  "ACP, Claude Code's adapter": {
    driver: () => createAcpDriver({ command: `${node} ${root}/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js` }),
    converses: true,
    counts: true,
  },
  "ACP, a small agent": {
    driver: () => createAcpDriver({ command: `${node} ${root}/dev/acp-agent/agent.ts` }),
    converses: true,
    counts: true,
  },
  "ACP, an agent that loads": {
    driver: () => createAcpDriver({ command: `${node} ${root}/dev/acp-agent/agent.ts --load` }),
    converses: true,
    counts: true,
  },
  "a plain program": { driver: () => createCommandDriver(plain), converses: false, counts: false },
};

beforeAll(async () => {
  scripted = await startScriptedModel(model);
});
afterAll(() => scripted.stop());
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "drivers-")));
  chmodSync(dir, 0o755);
  isolation = detectIsolation({ stateFolder: join(dir, "state"), readable: [claude, root] });
  const at = join(dir, "run");
  place = { root: at, tree: join(at, "tree"), home: join(at, "home"), tmp: join(at, "tmp"), uid: uidOf(at) };
  isolation.prepare(place);
  writeFileSync(join(place.tree, "README.md"), "", { mode: 0o644 });
  writeFileSync(join(place.tree, ".env"), "TOKEN=the-secret-in-the-file\n", { mode: 0o644 });
  permits = [];
});
afterEach(async () => {
  running?.stop("now");
  running = undefined;
  await isolation.endAll(place);
  rmSync(dir, { recursive: true, force: true });
});

function start(driver: AgentDriver, prompt: string, more: Partial<ConversationOptions> = {}): Conversation {
  const given = {
    ANTHROPIC_BASE_URL: scripted.url,
    // As a subscription has it: only then are its limits told with the time of their end.
    CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-any",
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_EXECUTABLE: claude,
  };
  const scene = toolScene(place);
  running = driver.start({
    place,
    isolation,
    environment: agentEnvironment(place, given),
    prompt: `[mesh-six acme/todo#1.1 implement]\n${prompt}`,
    resume: undefined,
    planOnly: false,
    budgetUsd: 5,
    async permit(use) {
      permits.push(use);
      const { answer, rule } = decideTool(use, noToolRules, scene());
      return answer === "allow" ? { allowed: true } : { allowed: false, because: `refused by ${rule}` };
    },
    ...more,
  });
  return running;
}

type EventOf<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

/** Reads events one after the other. */
function reader(conversation: Conversation) {
  const seen: AgentEvent[] = [];
  const iterator = conversation.events[Symbol.asyncIterator]();
  const next = async (): Promise<AgentEvent> => {
    const step = await iterator.next();
    if (step.done === true) throw new Error(`the conversation ended after ${JSON.stringify(seen.at(-1))}`);
    seen.push(step.value);
    return step.value;
  };
  return {
    seen,
    async until<T extends AgentEvent["type"]>(type: T): Promise<EventOf<T>> {
      while (true) {
        const event = await next();
        if (event.type === type) return event as EventOf<T>;
        if (event.type === "failed") throw new Error(event.message);
      }
    },
    async end(): Promise<EventOf<"finished" | "stopped" | "failed">> {
      let last = await next();
      while (last.type !== "finished" && last.type !== "stopped" && last.type !== "failed") last = await next();
      expect((await iterator.next()).done).toBe(true);
      return last;
    },
  };
}

/** Command lines of the run's processes; of anyone's where runs have no user of their own. */
function processes(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8")) ?? [];
        const line = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const isOurs = isolation.kind === "user" ? Number(uid) === place.uid : /tail -f README|sleep 4712/.test(line);
        return isOurs && line !== "" ? [line] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

/** What was killed takes a moment to be gone. */
async function untilNothingRuns(): Promise<void> {
  await expect.poll(processes, { timeout: 3_000 }).toEqual([]);
}

async function untilRuns(pattern: RegExp): Promise<void> {
  while (!processes().some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe.each(Object.entries(subjects))("%s", (_, { driver, converses, counts }) => {
  test("starts, says its conversation, does its work, counts, and leaves nothing running", async () => {
    const events = reader(start(driver(), "act:leave"));
    const { conversationId } = await events.until("conversation-started");
    expect(conversationId).not.toBe("");
    const end = await events.end();
    expect(end).toMatchObject({ type: "finished", text: expect.stringMatching(/\S/) });
    const said = events.seen.flatMap((event) => (event.type === "said" ? event.text : [])).join("\n");
    expect(said).toContain(end.type === "finished" ? end.text.split("\n").at(-1) : undefined);
    await untilNothingRuns();
    const used = events.seen.filter((event) => event.type === "used");
    if (!counts) return expect(used).toEqual([]);
    expect(used.at(-1)?.usd).toBeGreaterThan(0);
    expect(used.at(-1)?.inputTokens).toBeGreaterThanOrEqual(1_000);
  });

  test("a running tool makes it busy; stop now ends it at once", async () => {
    const conversation = start(driver(), "act:long");
    const events = reader(conversation);
    await events.until("conversation-started");
    const { pid } = conversation;
    const own = pid === undefined ? [] : familyOf(pid, listProcesses() ?? []).map(processKey);
    await untilRuns(/tail -f README.md/);
    expect(conversation.busy).toBe(true);
    if (converses) expect(liveCommands(pid ?? 0, new Set(own), listProcesses() ?? [])).toBeGreaterThan(0);
    const begun = Date.now();
    conversation.stop("now");
    expect(await events.end()).toEqual({ type: "stopped", because: "asked-to" });
    expect(Date.now() - begun).toBeLessThan(6_000);
    await untilNothingRuns();
    expect(conversation.say("more")).toBe(false);
    expect(conversation.answer("none", ["x"])).toBe(false);
  });

  test.runIf(converses)("stop now ends also one whose process hangs", async () => {
    const conversation = start(driver(), "act:long");
    const events = reader(conversation);
    await events.until("conversation-started");
    await untilRuns(/tail -f README.md/);
    process.kill(conversation.pid ?? Number.NaN, "SIGSTOP");
    conversation.stop("now");
    expect(await events.end()).toEqual({ type: "stopped", because: "asked-to" });
    await untilNothingRuns();
  });

  test("stop after the step lets the running tool come to its end", async () => {
    const conversation = start(driver(), "act:short");
    const events = reader(conversation);
    await events.until("conversation-started");
    await untilRuns(/sleep 1\b/);
    conversation.stop("after-step");
    expect(await events.end()).toEqual({ type: "stopped", because: "asked-to" });
    if (converses) expect(existsSync(join(place.tree, "slept.txt"))).toBe(true);
    await untilNothingRuns();
  });

  test.each([
    ["login", "authentication"],
    ["quota", "quota"],
    ["refuse", "refused"],
    ["crash", "infrastructure"],
  ])("%s is a failure of kind %s", async (act, kind) => {
    const end = await reader(start(driver(), `act:${act}`)).end();
    expect(end).toMatchObject({ type: "failed", kind, message: expect.any(String) });
    if (act !== "quota" || end.type !== "failed") return;
    // All of them say when it is over: an hour on Anthropic's clock, or 90 s.
    expect(end.until).toBeGreaterThan(Date.now());
    expect(end.until).toBeLessThanOrEqual(resetAt * 1_000);
  });

  test.runIf(converses)("asks, and goes on with the answer, a choice or other words", async () => {
    for (const [said, heard] of [
      ["Blue", /blue/i],
      ["neither: green", /neither: green/],
    ] as const) {
      const conversation = start(driver(), "act:ask");
      const events = reader(conversation);
      const asked = await events.until("asked");
      expect(asked.questions).toMatchObject([{ text: "Which colour?", multiple: false, options: [{ label: "Red" }, { label: "Blue" }] }]);
      expect(conversation.answer("another", ["Red"])).toBe(false);
      expect(conversation.answer(asked.askId, [said])).toBe(true);
      expect(conversation.answer(asked.askId, ["Red"])).toBe(false);
      const end = await events.end();
      expect(end.type === "finished" ? end.text : end).toMatch(heard);
    }
  });

  test.runIf(converses)("is told something while it works", async () => {
    const conversation = start(driver(), "act:short");
    const events = reader(conversation);
    await events.until("conversation-started");
    expect(conversation.say("Please use tabs.")).toBe(true);
    const end = await events.end();
    expect(end.type).toBe("finished");
    expect(end.type === "finished" ? end.text : "").toContain("Please use tabs.");
  });

  test.runIf(converses)("parked while it asks, the same conversation is taken up again, and its past is not counted twice", async () => {
    const first = start(driver(), "act:finish");
    const events = reader(first);
    const { conversationId } = await events.until("conversation-started");
    await events.end();
    expect(driver().has(place, conversationId)).toBe(true);
    expect(driver().has(place, "00000000-0000-0000-0000-000000000000")).toBe(false);
    const once = events.seen.findLast((event) => event.type === "used")?.usd ?? 0;

    const parked = start(driver(), "act:ask", { resume: conversationId });
    const asking = reader(parked);
    await asking.until("asked");
    parked.stop("after-step");
    expect(await asking.end()).toEqual({ type: "stopped", because: "asked-to" });
    const twice = asking.seen.findLast((event) => event.type === "used")?.usd ?? 0;

    const again = reader(start(driver(), "act:recall", { resume: conversationId }));
    expect((await again.until("conversation-started")).conversationId).toBe(conversationId);
    expect(await again.end()).toMatchObject({ type: "finished", text: expect.stringContaining("Heard before: act:finish") });
    const used = again.seen.findLast((event) => event.type === "used")?.usd ?? 0;
    expect(used).toBeGreaterThan(0);
    // What a process had not told when it ended may be told by the next one; never all of the past again. An adapter may end before it has told anything.
    if (once > 0) expect(used).toBeLessThanOrEqual(once * 2 + 1e-9 - twice + (twice > 0 ? once : 0));
  });

  test.runIf(converses)("asks before it uses a tool, and does without what is refused", async () => {
    const end = await reader(start(driver(), "act:secrets")).end();
    expect(permits).toEqual([expect.objectContaining({ kind: "run", command: "cat .env" })]);
    expect(end.type).toBe("finished");
    expect(JSON.stringify(end)).not.toContain("the-secret-in-the-file");
  });
});

describe("an agent of the protocol that misbehaves", () => {
  const misbehaving = (more = "", patienceMs = 60_000) =>
    createAcpDriver({ command: `${node} ${root}/dev/acp-agent/agent.ts ${more}`, patienceMs });
  const endOf = (act: string, driver = misbehaving()) => reader(start(driver, `act:${act}`)).end();

  test("garbage between messages is passed over, floods of them end it", async () => {
    expect(await endOf("garbage")).toEqual({ type: "finished", text: "All done." });
    expect(await endOf("flood-garbage")).toMatchObject({
      type: "failed",
      kind: "infrastructure",
      message: expect.stringContaining("10000 lines"),
    });
    expect(await endOf("long-line")).toMatchObject({ type: "failed", message: expect.stringContaining("16 MiB") });
    await untilNothingRuns();
  });

  test("a flood of updates is few signs of work, and its end is kept", async () => {
    const events = reader(start(misbehaving(), "act:flood"));
    const end = await events.end();
    expect(end.type === "finished" && end.text.endsWith("All done.")).toBe(true);
    expect(end.type === "finished" && end.text.length).toBeLessThanOrEqual(200_000);
    expect(events.seen.length).toBeLessThan(1_000);
  });

  test("who answers nothing, speaks another version, or cannot be started is told from each other", async () => {
    expect(await endOf("finish", misbehaving("--deaf", 1_500))).toMatchObject({
      type: "failed",
      kind: "infrastructure",
      message: expect.stringContaining("did not initialize within 2 s"),
    });
    expect(await endOf("finish", misbehaving("--old"))).toMatchObject({
      type: "failed",
      kind: "configuration",
      message: expect.stringContaining("version 0"),
    });
    expect(await endOf("finish", createAcpDriver({ command: "no-such-agent --acp" }))).toMatchObject({
      type: "failed",
      kind: "configuration",
    });
  });

  test("who asks for a login says how, at the beginning and in the middle", async () => {
    const ways = expect.stringMatching(/Authentication required.*ways to log in: Use a key \(Requires setting the `ACP_AGENT_KEY`/);
    for (const driver of [misbehaving("--login"), misbehaving()])
      expect(await endOf("login", driver)).toMatchObject({ type: "failed", kind: "authentication", message: ways });
  });

  test("who never ends a turn is cut off", async () => {
    const conversation = start(misbehaving(), "act:no-answer");
    const events = reader(conversation);
    await events.until("conversation-started");
    conversation.stop("now");
    expect(await events.end()).toEqual({ type: "stopped", because: "asked-to" });
    await untilNothingRuns();
  });

  test("what it says of other conversations counts nothing", async () => {
    expect(await endOf("wrong-session")).toEqual({ type: "finished", text: "All done, refused." });
    expect(permits).toEqual([]);
  });

  test("the same question twice at once is one", async () => {
    const conversation = start(misbehaving(), "act:ask-twice");
    const events = reader(conversation);
    const asked = await events.until("asked");
    conversation.answer(asked.askId, ["Red"]);
    expect(await events.end()).toMatchObject({ type: "finished", text: expect.stringMatching(/"colour":"red".* and .*"colour":"red"/) });
    expect(events.seen.filter(({ type }) => type === "asked")).toHaveLength(1);
  });

  test("a turn that ends as cancelled without our word is a failure", async () => {
    expect(await endOf("unasked-end")).toMatchObject({ type: "failed", kind: "infrastructure" });
  });

  test("files go through the policy, and are written as the run's user", async () => {
    const end = await endOf("read-file");
    expect(end.type === "finished" ? end.text : end).toMatch(/^one\ntwo\n \| refused by credentials \| refused by credentials$/);
    expect(existsSync(join(place.tree, "made", "by-agent.txt"))).toBe(true);
  });

  test("one that cannot take up conversations begins anew, and is told so", async () => {
    const driver = misbehaving("--fresh");
    const first = reader(start(driver, "act:finish"));
    const { conversationId } = await first.until("conversation-started");
    await first.end();
    expect(driver.has(place, conversationId)).toBe(false);
    const events = reader(start(driver, "Just tell.", { resume: conversationId }));
    expect((await events.until("conversation-started")).conversationId).not.toBe(conversationId);
    expect(await events.end()).toMatchObject({ type: "finished" });
  });
});
