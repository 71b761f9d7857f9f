import { setTimeout as pause } from "node:timers/promises";
import * as acp from "@agentclientprotocol/sdk";
import { meshVersion } from "../../core/version.ts";
import { askingMode, failureOfAnswer } from "./acp-messages.ts";

export interface AcpSession {
  readonly id: string;
  /** It is the one that was asked for. */
  readonly resumed: boolean;
  /** The agent can take it up again in another process. */
  readonly resumable: boolean;
}

export interface AcpSessionOptions {
  readonly folder: string;
  readonly resume: string | undefined;
  /** For each answer. */
  readonly patienceMs: number;
  /** What the agent has answered to its greeting. */
  readonly greeted: Pick<acp.InitializeResponse, "agentCapabilities">;
}

const greeting: acp.InitializeRequest = {
  protocolVersion: acp.PROTOCOL_VERSION,
  clientInfo: { name: "mesh-six", version: meshVersion },
  clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: false, elicitation: { form: {} } },
};

/**
 * Passed over by other agents. Claude Code allows by itself what only reads, and takes settings from the repository; here it asks for all of it, so
 * that the policy on tools decides. https://github.com/agentclientprotocol/claude-agent-acp
 */
const forClaude = {
  claudeCode: {
    options: {
      settingSources: [],
      strictMcpConfig: true,
      settings: { permissions: { ask: ["Bash", "Read", "Grep", "Glob", "WebFetch", "WebSearch"] } },
    },
  },
};

/** The first words. Rejects with what the agent answered, or when it speaks another version of the protocol. */
export async function greet(agent: acp.ClientContext, patienceMs: number): Promise<acp.InitializeResponse> {
  const answer = await within(patienceMs, "initialize", agent.request(acp.methods.agent.initialize, greeting));
  if (answer.protocolVersion === acp.PROTOCOL_VERSION) return answer;
  const needed = `version ${acp.PROTOCOL_VERSION} is needed`;
  throw new acp.RequestError(-32_602, `it speaks version ${answer.protocolVersion} of the protocol; ${needed}`);
}

/** Takes a conversation up again or begins one, and puts the agent into a mode that asks. Rejects with what the agent answered. */
export async function openSession(
  agent: acp.ClientContext,
  { folder, resume, patienceMs, greeted }: AcpSessionOptions,
): Promise<AcpSession> {
  const { methods } = acp;
  const soon = <T>(what: string, answer: Promise<T>) => within(patienceMs, what, answer);
  const { agentCapabilities } = greeted;
  const where = { cwd: folder, mcpServers: [], _meta: forClaude };
  const canResume = (agentCapabilities?.sessionCapabilities?.resume ?? null) !== null;
  const resumable = canResume || agentCapabilities?.loadSession === true;
  if (resume !== undefined && resumable) {
    const asked = { sessionId: resume, ...where };
    try {
      const opened = canResume
        ? await soon("take the conversation up again", agent.request(methods.agent.session.resume, asked))
        : await soon("load the conversation", agent.request(methods.agent.session.load, asked));
      await setMode(agent, resume, opened ?? {}, soon);
      return { id: resume, resumed: true, resumable };
    } catch (error) {
      // Gone on its side, or damaged: it begins anew. Other failures would come again.
      if (!(error instanceof acp.RequestError) || failureOfAnswer(error, Date.now()).kind === "authentication") throw error;
    }
  }
  const opened = await soon<acp.NewSessionResponse>("begin a conversation", agent.request(methods.agent.session.new, where));
  await setMode(agent, opened.sessionId, opened, soon);
  return { id: opened.sessionId, resumed: false, resumable };
}

type Soon = <T>(what: string, answer: Promise<T>) => Promise<T>;

async function setMode(
  agent: acp.ClientContext,
  sessionId: string,
  { modes, configOptions }: Pick<acp.NewSessionResponse, "modes" | "configOptions">,
  soon: Soon,
): Promise<void> {
  const mode = askingMode(modes?.availableModes ?? []);
  if (mode !== null) {
    if (mode !== modes?.currentModeId)
      await soon("set its mode", agent.request(acp.methods.agent.session.setMode, { sessionId, modeId: mode }));
    return;
  }
  const option = configOptions?.find((each) => each.category === "mode" && each.type === "select");
  const values = option?.type === "select" ? option.options.flatMap((each) => ("value" in each ? [each] : each.options)) : [];
  const value = askingMode(values.map((each) => ({ id: each.value })));
  if (option === undefined || value === null) return;
  await soon("set its mode", agent.request(acp.methods.agent.session.setConfigOption, { sessionId, configId: option.id, value }));
}

function within<T>(patienceMs: number, what: string, answer: Promise<T>): Promise<T> {
  const late = pause(patienceMs, undefined, { ref: false }).then(() => {
    throw new Error(`the agent did not ${what} within ${Math.round(patienceMs / 1_000)} s`);
  });
  late.catch(() => undefined);
  return Promise.race([answer, late]);
}
