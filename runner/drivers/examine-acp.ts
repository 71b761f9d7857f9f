import * as acp from "@agentclientprotocol/sdk";
import { ok, refused, type Result } from "../../core/result.ts";
import type { Isolation } from "../isolation.ts";
import type { RunPlace } from "../run-place.ts";
import { connectAcp } from "./acp-connection.ts";
import { failureOfAnswer } from "./acp-messages.ts";
import { greet, openSession } from "./acp-session.ts";
import type { AgentFailure } from "./agent-failures.ts";
import { startAgentProcess } from "./agent-process.ts";

/** What an agent of the protocol says of itself before it is given anything to do. */
export interface AcpExamined {
  /** Its name and version; null: it names itself not. */
  readonly agent: string | null;
  readonly protocolVersion: number;
  readonly methods: readonly acp.AuthMethod[];
  /** It begins no conversation before somebody has logged in. */
  readonly needsLogin: boolean;
}

export interface ExamineOptions {
  readonly place: RunPlace;
  readonly isolation: Isolation;
  readonly environment: Readonly<Record<string, string>>;
  /** For each answer. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
}

/** Starts the agent, greets it, begins a conversation and says nothing in it, which costs nothing; then ends it. */
export async function examineAcp(command: string, options: ExamineOptions): Promise<Result<AcpExamined, AgentFailure>> {
  options.isolation.prepare(options.place);
  const agentProcess = startAgentProcess("sh", ["-c", `exec ${command}`], options);
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const cut = (why: string) => over.reject(new Error(why));
  options.signal?.addEventListener("abort", () => cut("it took too long"), { once: true });
  const nothing = () => Promise.reject(new acp.RequestError(-32_601, "nothing is done here"));
  const connection = connectAcp(agentProcess, {
    update: () => undefined,
    permission: nothing,
    elicitation: nothing,
    readFile: nothing,
    writeFile: nothing,
    garbage: cut,
  });
  void agentProcess.exited.then(({ code, signal, problem }) => cut(problem ?? `it ended (${signal ?? `exit code ${code}`})`));
  try {
    return ok(await Promise.race([ask(connection.agent, options), over.promise]));
  } catch (error) {
    // The words of a process that has ended come with its end.
    const end = connection.signal.aborted ? await over.promise.catch((why: unknown) => why) : error;
    const { stderr } = agentProcess;
    const failure = failureOfAnswer(end, Date.now());
    return refused({ ...failure, message: `${failure.message}${stderr === "" ? "" : ` (${stderr})`}`.slice(0, 1_000) });
  } finally {
    connection.close();
    agentProcess.stdin.end();
    await agentProcess.end(500);
  }
}

async function ask(agent: acp.ClientContext, { place, patienceMs }: ExamineOptions): Promise<AcpExamined> {
  const { agentInfo, agentCapabilities, protocolVersion, authMethods } = await greet(agent, patienceMs);
  const said = {
    agent: agentInfo ? `${agentInfo.title ?? agentInfo.name} ${agentInfo.version}`.trim() : null,
    protocolVersion,
    methods: authMethods ?? [],
  };
  try {
    await openSession(agent, { folder: place.tree, resume: undefined, patienceMs, greeted: { agentCapabilities } });
    return { ...said, needsLogin: false };
  } catch (error) {
    if (failureOfAnswer(error, Date.now()).kind !== "authentication") throw error;
    return { ...said, needsLogin: true };
  }
}
