import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";

/**
 * A small agent of the Agent Client Protocol for tests. It does what the words after `act:` in a prompt say, and some of them are what no agent
 * should do. With `--deaf` it answers nothing, with `--old` it speaks another version, with `--fresh` it cannot take conversations up again,
 * with `--login` it begins none without a key in ACP_AGENT_KEY.
 */
const flags = new Set(process.argv.slice(2));
const folder = join(process.env["HOME"] ?? ".", ".acp-agent");
const turnCost = 0.25;

interface Conversation {
  prompts: string[];
  usd: number;
  cancel?: () => void;
}
const conversations = new Map<string, Conversation>();

function keep(id: string, { prompts, usd }: Conversation): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${id}.json`), JSON.stringify({ prompts, usd }));
}

function takeUp(id: string): void {
  const path = join(folder, `${id}.json`);
  if (!/^[\w-]+$/.test(id) || !existsSync(path)) throw acp.RequestError.sessionNotFound(id);
  conversations.set(id, JSON.parse(readFileSync(path, "utf8")) as Conversation);
}

const needsLogin = flags.has("--login") && (process.env["ACP_AGENT_KEY"] ?? "") === "";
const authMethods: acp.AuthMethod[] = [
  { id: "key", name: "Use a key", description: "Requires setting the `ACP_AGENT_KEY` environment variable" },
  { type: "terminal", id: "here", name: "Log in on this machine", args: ["--log-in", "for good"] },
];

const modes = { currentModeId: "yolo", availableModes: ["yolo", "ask"].map((id) => ({ id, name: id })) };
let mode = modes.currentModeId;

type Client = acp.AgentContext;
const say = (client: Client, sessionId: string, text: string) =>
  client.notify(acp.methods.client.session.update, {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });

/** Runs a command when it is permitted; answers what it printed, or that it was not. */
async function run(client: Client, sessionId: string, command: string, cancelled: Promise<void>): Promise<string> {
  const toolCallId = randomUUID();
  const call = { toolCallId, title: command, kind: "execute" as const, rawInput: { command } };
  await client.notify(acp.methods.client.session.update, { sessionId, update: { sessionUpdate: "tool_call", status: "pending", ...call } });
  if (mode !== "yolo") {
    const options = (["allow_always", "allow_once", "reject_once"] as const).map((kind) => ({ optionId: kind, name: kind, kind }));
    const { outcome } = await client.request<acp.RequestPermissionResponse>(acp.methods.client.session.requestPermission, {
      sessionId,
      toolCall: call,
      options,
    });
    if (outcome.outcome !== "selected" || outcome.optionId !== "allow_once")
      return `not permitted: ${outcome.outcome === "selected" ? outcome.optionId : "cancelled"}`;
  }
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await Promise.race([ended, cancelled.then(() => child.kill("SIGKILL"))]);
  await client.notify(acp.methods.client.session.update, {
    sessionId,
    update: { sessionUpdate: "tool_call_update", toolCallId, status: "completed" },
  });
  return printed.trim();
}

async function ask(client: Client, sessionId: string): Promise<string> {
  const answer = await client.request(acp.methods.client.elicitation.create, {
    mode: "form",
    sessionId,
    message: "Which colour?",
    requestedSchema: {
      type: "object",
      properties: {
        colour: {
          type: "string",
          title: "Which colour?",
          oneOf: [
            { const: "red", title: "Red", description: "warm" },
            { const: "blue", title: "Blue", description: "cool" },
          ],
        },
        colour_custom: { type: "string", title: "Other" },
      },
    },
  });
  return JSON.stringify(answer);
}

type Act = (client: Client, sessionId: string, cancelled: Promise<void>) => Promise<string | acp.StopReason>;
const acts: Record<string, Act> = {
  finish: async () => "All done.",
  ask: (client, id) => ask(client, id),
  "ask-twice": async (client, id) => (await Promise.all([ask(client, id), ask(client, id)])).join(" and "),
  recall: async (_, id) => `Heard before: ${conversations.get(id)?.prompts.length === 1 ? "nothing" : "act:finish"}`,
  secrets: async (client, id, cancelled) => run(client, id, "cat .env", cancelled),
  "read-file": async (client, id) => {
    const read = (path: string) =>
      client.request(acp.methods.client.fs.readTextFile, { sessionId: id, path }).then(
        ({ content }) => content,
        (error: Error) => error.message,
      );
    await client.request(acp.methods.client.fs.writeTextFile, { sessionId: id, path: "made/by-agent.txt", content: "one\ntwo\n" });
    return [await read("made/by-agent.txt"), await read(".env"), await read("../../../etc/shadow")].join(" | ");
  },
  network: async (client, id, cancelled) => run(client, id, "curl http://far.invalid/x || echo went", cancelled),
  long: async (client, id, cancelled) => run(client, id, "tail -f README.md", cancelled),
  short: async (client, id, cancelled) => run(client, id, "sleep 1; touch slept.txt; echo slept", cancelled),
  leave: async () => {
    spawn("sleep", ["4712"], { stdio: "ignore", detached: true }).unref();
    return "All done.";
  },
  login: async () => {
    throw acp.RequestError.authRequired();
  },
  quota: async () => {
    throw acp.RequestError.internalError({ retryDelay: "90s" }, "429 RESOURCE_EXHAUSTED: rate limit");
  },
  refuse: async () => "refusal",
  crash: async () => process.exit(3),
  "no-answer": () => new Promise(() => undefined),
  /** Silent work: a command, one that is told to nobody, and none at all. */
  quiet: async (client, id, cancelled) => run(client, id, "sleep 4; echo tested", cancelled),
  "quiet-untold": async () => {
    await new Promise((resolve) => spawn("sleep", ["4"], { stdio: "ignore" }).once("close", resolve));
    return "All done.";
  },
  "quiet-writing": async () => {
    for (let at = 0; at < 20; at += 1) {
      appendFileSync("notes.txt", `${at}\n`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return "All done.";
  },
  /** Silence without work: a tool that no process stands behind, and a server left running by one that has ended. */
  "hung-tool": async (client, id) => {
    const update = { sessionUpdate: "tool_call" as const, toolCallId: "t", title: "Search", kind: "search" as const };
    await client.notify(acp.methods.client.session.update, { sessionId: id, update: { ...update, status: "in_progress" } });
    return new Promise(() => undefined);
  },
  "hung-server": async (client, id, cancelled) => {
    spawn("sleep", ["60"], { stdio: "ignore" });
    await run(client, id, "true", cancelled);
    return new Promise(() => undefined);
  },
  garbage: async () => {
    process.stdout.write(
      'hello\n{"jsonrpc":"1.0"}\n{"jsonrpc": "2.0", \n[]\n\u001B[31mred\n\n{"jsonrpc":"2.0","method":"no/such","params":{}}\n{"jsonrpc":"2.0","id":99999,"result":{}}\n',
    );
    return "All done.";
  },
  flood: async (client, id) => {
    for (let at = 0; at < 5_000; at += 1) await say(client, id, `${at} `.repeat(20));
    return " All done.";
  },
  "flood-garbage": async () => {
    process.stdout.write("garbage\n".repeat(20_000));
    return new Promise(() => undefined);
  },
  "long-line": async () => {
    for (let at = 0; at < 20; at += 1) process.stdout.write("x".repeat(1024 * 1024));
    return new Promise(() => undefined);
  },
  "wrong-session": async (client) => {
    await say(client, "another", "Lies.");
    const options = [{ optionId: "yes", name: "yes", kind: "allow_once" as const }];
    const toolCall = { toolCallId: "x", kind: "execute" as const, rawInput: { command: "true" } };
    const answer = await client.request(acp.methods.client.session.requestPermission, { sessionId: "another", toolCall, options }).then(
      () => "permitted",
      () => "refused",
    );
    return `All done, ${answer}.`;
  },
  "unasked-end": async () => "cancelled",
};
const stopReasons = ["refusal", "cancelled"];

const app = acp
  .agent({ name: "acp-agent" })
  .onRequest(acp.methods.agent.initialize, () =>
    flags.has("--deaf")
      ? new Promise<never>(() => undefined)
      : {
          agentInfo: { name: "acp-agent", version: "1.0.0" },
          authMethods,
          protocolVersion: flags.has("--old") ? 0 : acp.PROTOCOL_VERSION,
          agentCapabilities: flags.has("--fresh")
            ? {}
            : { loadSession: true, sessionCapabilities: flags.has("--load") ? {} : { resume: {} } },
        },
  )
  .onRequest(acp.methods.agent.session.new, () => {
    if (needsLogin) throw acp.RequestError.authRequired();
    const sessionId = randomUUID();
    conversations.set(sessionId, { prompts: [], usd: 0 });
    return { sessionId, modes };
  })
  .onRequest(acp.methods.agent.session.resume, ({ params }) => {
    takeUp(params.sessionId);
    return { modes };
  })
  .onRequest(acp.methods.agent.session.load, async ({ params, client }) => {
    takeUp(params.sessionId);
    await say(client, params.sessionId, "What was said long ago.");
    return { modes };
  })
  .onRequest(acp.methods.agent.session.setMode, ({ params }) => {
    mode = params.modeId;
    return {};
  })
  .onNotification(acp.methods.agent.session.cancel, ({ params }) => conversations.get(params.sessionId)?.cancel?.())
  .onRequest(acp.methods.agent.session.prompt, async ({ params, client }) => {
    const { sessionId, prompt } = params;
    const conversation = conversations.get(sessionId);
    if (conversation === undefined) throw acp.RequestError.sessionNotFound(sessionId);
    const text = prompt.map((block) => (block.type === "text" ? block.text : "")).join("");
    conversation.prompts.push(text);
    conversation.usd += turnCost;
    keep(sessionId, conversation);
    let wasCancelled = false;
    const cancelled = new Promise<void>((resolve) => {
      conversation.cancel = () => {
        wasCancelled = true;
        resolve();
      };
    });
    const act = acts[/act:([\w-]+)/.exec(text)?.[1] ?? ""];
    const said = act === undefined ? `Told: ${text.split("\n").at(-1)}` : await act(client, sessionId, cancelled);
    const stopReason = wasCancelled ? "cancelled" : stopReasons.includes(said) ? (said as acp.StopReason) : "end_turn";
    await say(client, sessionId, said);
    await client.notify(acp.methods.client.session.update, {
      sessionId,
      update: { sessionUpdate: "usage_update", used: 10, size: 1_000, cost: { amount: conversation.usd, currency: "USD" } },
    });
    return { stopReason, usage: { inputTokens: 1_000, outputTokens: 5, totalTokens: 1_005 } };
  });

app.connect(
  acp.ndJsonStream(
    Writable.toWeb(process.stdout) as WritableStream<Uint8Array>,
    Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>,
  ),
);
process.stdin.once("end", () => process.exit(0));
