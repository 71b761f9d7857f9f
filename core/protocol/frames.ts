import * as z from "zod";

/** The version of the agent protocol; the first frame names it, others are refused with close code 4406. */
export const protocolVersion = 1;

/** WebSocket close codes of the mesh (4000–4999 are for applications, RFC 6455 section 7.4.2). */
export const closeCodes = {
  badFrame: 4400,
  unauthorized: 4401,
  unknownVersion: 4406,
  replaced: 4409,
  tooLarge: 4413,
  tooMuch: 4429,
  draining: 4503,
} as const;

/**
 * For clients whose WebSocket cannot send headers (browsers, Node's own, Deno): they offer both subprotocols, the second with the token behind it, and
 * the mesh selects the first.
 */
export const socketProtocol = "mesh-agent.v1";
export const tokenProtocolPrefix = "mesh-agent.token.";

/** 1 MiB per frame, 64 KiB of output, 256 KiB of a task's result as JSON text. */
export const limits = { frameBytes: 1_048_576, outputBytes: 65_536, resultBytes: 262_144, reportsPerFrame: 100 } as const;
/** A screen with its colours. */
export const screenChars = 65_536;

/** When a session's screen is kept. */
export const snapshotKinds = ["start", "question", "answer", "end", "failure"] as const;
export type SnapshotKind = (typeof snapshotKinds)[number];

const taskRef = { taskId: z.string().min(3).max(200), attempt: z.number().int().min(1).max(1_000) };
const moment = z.number().int().nonnegative();
const sha = z.string().regex(/^[0-9a-f]{40}$/);
const text = (most: number) => z.string().max(most);

export const questionItem = z.strictObject({
  text: z.string().min(1).max(20_000),
  header: text(100).optional(),
  options: z
    .array(z.strictObject({ label: z.string().min(1).max(500), description: text(5_000).optional() }))
    .max(10)
    .default([]),
  multiple: z.boolean().default(false),
});
export type QuestionItem = z.output<typeof questionItem>;

/** What a test command came to. `counts` is absent when the output had no report that could be parsed. */
export const testResults = z.strictObject({
  command: text(2_000),
  exitCode: z.number().int().nullable(),
  timedOut: z.boolean().default(false),
  format: z.enum(["junit", "tap", "playwright", "none"]),
  counts: z.strictObject({ passed: z.number().int(), failed: z.number().int(), skipped: z.number().int() }).optional(),
  failures: z
    .array(z.strictObject({ name: text(500), message: text(4_000) }))
    .max(50)
    .default([]),
  /** The end of the output, for people and for the evaluation. */
  tail: text(16_384),
  sha: sha.optional(),
});
export type TestResults = z.output<typeof testResults>;

export const reportBody = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("task-accepted"), ...taskRef }),
  z.strictObject({ type: z.literal("task-declined"), ...taskRef, reason: text(1_000) }),
  /** Signs of work: events, diffs, running commands. `summary` is one line for people. */
  z.strictObject({ type: z.literal("progress"), ...taskRef, summary: text(500).optional() }),
  z.strictObject({ type: z.literal("task-done"), ...taskRef, result: z.json().optional() }),
  z.strictObject({
    type: z.literal("task-failed"),
    ...taskRef,
    kind: z.enum(["infrastructure", "authentication", "configuration", "quota", "refused", "work"]),
    message: text(4_000),
    until: moment.optional(),
  }),
  z.strictObject({
    type: z.literal("session-started"),
    ...taskRef,
    sessionId: text(200),
    conversationId: text(200),
    /** The kind of coding agent. */
    driver: text(64).optional(),
  }),
  z.strictObject({
    type: z.literal("ask"),
    ...taskRef,
    /** The agent's own id of the asking (a tool-use id): the same question asked again after a restart is the same question. */
    askId: z.string().min(1).max(200),
    questions: z.array(questionItem).min(1).max(4),
    context: text(8_000).default(""),
  }),
  z.strictObject({ type: z.literal("plan"), ...taskRef, markdown: z.string().min(1).max(200_000) }),
  z.strictObject({
    type: z.literal("branch-pushed"),
    ...taskRef,
    branch: text(255),
    sha,
    /** Commits on the branch that the base has not. */
    commits: z.number().int().nonnegative(),
  }),
  z.strictObject({ type: z.literal("test-results"), ...taskRef, results: testResults }),
  /** Cumulative per (session, process); the maximum counts. US dollars. */
  z.strictObject({
    type: z.literal("usage"),
    ...taskRef,
    process: z.string().min(1).max(200),
    inputTokens: z.number().int().nonnegative(),
    outputTokens: z.number().int().nonnegative(),
    usd: z.number().nonnegative().max(100_000),
  }),
  /** What the worktree looks like; `because` says before what. */
  z.strictObject({
    type: z.literal("checkpoint"),
    ...taskRef,
    gitStatus: text(16_384),
    diffStat: text(16_384),
    tail: text(16_384),
    because: z.enum(["commit", "push", "park"]).optional(),
    /** Of the session, when one is open. */
    pendingQuestion: text(20_000).optional(),
  }),
  /** The session's screen at a moment, for its feed: lines with SGR colours. Goes to no journal. */
  z.strictObject({
    type: z.literal("snapshot"),
    ...taskRef,
    sessionId: text(200),
    kind: z.enum(snapshotKinds),
    screen: text(screenChars),
    cols: z.number().int().min(1).max(1_000),
    rows: z.number().int().min(1).max(1_000),
  }),
  /**
   * What the policy on tools said to a use, before it began; `asked`: a question to the people in charge decides, and a second report says
   * what came of it. Only of assignments that carry `tools`.
   */
  z.strictObject({
    type: z.literal("tool-decision"),
    ...taskRef,
    tool: text(200),
    /** One line on the use, free of secrets. */
    summary: text(500),
    decision: z.enum(["allowed", "asked", "denied"]),
    /** The rule that decided: one of the policy's, a subject's default, `default`, or a person's word. */
    rule: text(500),
  }),
  /** The process has ended while a question waits; ends the attempt and frees its slot. */
  z.strictObject({ type: z.literal("parked"), ...taskRef, questionId: text(200) }),
  /** The session stopped after its step because it was told to. Ends the attempt. */
  z.strictObject({ type: z.literal("stopped"), ...taskRef, reason: text(1_000) }),
  /** A command of the mesh was written to the agent's journal and given to the session. */
  z.strictObject({ type: z.literal("command-received"), ...taskRef, commandId: text(200), applied: z.boolean() }),
]);
export type ReportBody = z.output<typeof reportBody>;

/** Numbered by the agent from 1 without gaps; kept by it until acknowledged. */
export const report = z.strictObject({ seq: z.number().int().min(1), at: moment, body: reportBody });
export type Report = z.output<typeof report>;

export const reportsFrame = z.strictObject({ type: z.literal("reports"), reports: z.array(report).min(1).max(limits.reportsPerFrame) });

/**
 * A piece of a session's terminal stream: text with SGR colours. `offset` counts bytes of UTF-8 from the session's beginning. A piece without data
 * asks how far the mesh is; so does who begins to write to a session and does not know.
 */
export const outputFrame = z.strictObject({
  type: z.literal("output"),
  sessionId: text(200),
  offset: z.number().int().nonnegative(),
  data: text(limits.outputBytes),
});

export const agentFrame = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    version: z.number().int(),
    /** Names the agent's journal on disk; a new journal starts numbering anew. */
    journal: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
    /** The highest report number known to be acknowledged; 0 at first. */
    lastAck: z.number().int().nonnegative(),
    /** Attempts the agent still works on; the mesh repeats all others. */
    working: z.array(z.strictObject(taskRef)).max(1_000).default([]),
  }),
  reportsFrame,
  outputFrame,
  z.strictObject({ type: z.literal("heartbeat") }),
]);
export type AgentFrame = z.output<typeof agentFrame>;

export { heartbeatRequest, heartbeatResponse } from "./heartbeat.ts";

const patterns = z.array(text(500)).max(200).default([]);

/** What a runner needs for one step of a session. What it does not know of it, it passes over. */
export const sessionAssignment = z.object({
  runId: text(200),
  sessionId: text(200),
  step: z.enum(["plan", "implement", "rework", "answer", "test"]),
  project: text(200),
  cloneUrl: z.url(),
  baseBranch: text(255),
  branch: text(255),
  /** Resume this conversation when the runner has it. */
  conversationId: text(200).nullable(),
  /** The user message. Its first line is `[mesh-six <runId> <step>]`. Empty for `test`. */
  prompt: text(250_000),
  /** Read-only conversation that ends with a plan. */
  planOnly: z.boolean(),
  testCommand: text(2_000).nullable(),
  testTimeoutMs: z.number().int().positive(),
  activeLimitMs: z.number().int().positive(),
  /** Without a `progress` for so long the session counts as stalled. Absent from older meshes. */
  stallAfterMs: z.number().int().positive().optional(),
  /** Spend left for the issue in US dollars; the runner stops the agent when its process passes it. */
  budgetUsd: z.number().nonnegative(),
  allowWorkflowChanges: z.boolean(),
  /** The project's rules for tools, over the defaults. Absent from older meshes, which are not told of decisions. */
  tools: z.object({ allow: patterns, ask: patterns, deny: patterns }).optional(),
});
export type SessionAssignment = z.output<typeof sessionAssignment>;

/** What the mesh says has open forms: an agent passes over fields that it does not know, since a later mesh may say more. */
export const assignment = z.object({
  ...taskRef,
  capability: text(200),
  payload: z.json(),
  priority: z.number().int(),
  /** Seconds; null for session steps, which have a contact lease instead. */
  timeoutSeconds: z.number().int().nullable(),
  /** Said only of capabilities that the agent has registered with `slots` of their own: how many. */
  ownSlots: z.number().int().min(1).optional(),
});
export type Assignment = z.output<typeof assignment>;

export const commandBody = z.discriminatedUnion("type", [
  z.object({ type: z.literal("answer"), questionId: text(200), askId: text(200), answers: z.array(text(20_000)).min(1).max(4) }),
  z.object({ type: z.literal("prompt"), text: text(250_000) }),
  z.object({ type: z.literal("nudge") }),
  /** End the process, keep worktree and conversation, report `parked`. */
  z.object({ type: z.literal("park"), questionId: text(200) }),
  z.object({ type: z.literal("stop"), mode: z.enum(["after-step", "now"]), reason: text(1_000) }),
]);
export type CommandBody = z.output<typeof commandBody>;

/** Said to one attempt; repeated until `command-received` names its id. */
export const command = z.object({ commandId: text(200), ...taskRef, body: commandBody });
export type Command = z.output<typeof command>;

export const meshFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("welcome"), version: z.number().int(), ack: z.number().int() }),
  z.object({ type: z.literal("assign"), assignments: z.array(assignment).min(1) }),
  z.object({ type: z.literal("command"), command }),
  z.object({ type: z.literal("ack"), seq: z.number().int() }),
  z.object({ type: z.literal("heartbeat-ack") }),
  /** Everything before `offset` is kept. `again`: nothing after it has been, send from there. */
  z.object({
    type: z.literal("output-ack"),
    sessionId: text(200),
    offset: z.number().int().nonnegative(),
    again: z.boolean().optional(),
  }),
  /** Nothing of this session is taken from this agent. */
  z.object({ type: z.literal("output-refused"), sessionId: text(200), reason: z.enum(["foreign-session", "malformed"]) }),
  z.object({ type: z.literal("drain") }),
]);
export type MeshFrame = z.output<typeof meshFrame>;

/** Body of `POST /agents/:id/register`. */
export const registration = z.strictObject({
  capabilities: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
        weight: z.number().min(0).max(1).default(1),
        preferred: z.boolean().default(false),
        requirements: z.array(text(64)).max(20).default([]),
        /** Attempts of this capability at a time, beside the agent's own `slots`. */
        slots: z.number().int().min(1).max(1_000).optional(),
      }),
    )
    .min(1)
    .max(50),
  healthChecks: z
    .array(z.strictObject({ name: z.string().min(1).max(64), url: z.url().max(2_000) }))
    .max(20)
    .default([]),
  slots: z.number().int().min(1).max(1_000).default(1),
  metadata: z.record(z.string().max(64), z.string().max(500)).default({}),
});
export type Registration = z.output<typeof registration>;
