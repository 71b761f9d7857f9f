import * as z from "zod";
import { taskRequest } from "../http/tasks.ts";
import { moment, readable, shortened } from "./shapes.ts";
import { defineTool, reads } from "./tool.ts";

const failure = z.object({ kind: z.string(), message: z.string() }).nullable();
const accepted = z.object({ id: z.string(), project: z.string(), capability: z.string(), status: z.string() });

export const submitTask = defineTool({
  name: "submit-task",
  title: "Submit a task",
  description:
    "Gives one task to whichever agent offers the capability (list-agents shows them). It is stored durably when this answers; read its result with get-task. " +
    "For work on an issue put its card on the board instead. Give an idempotencyKey when you may have to repeat the call: the same key makes no second task.",
  role: "operator",
  destructive: false,
  idempotent: false,
  outside: true,
  input: z.strictObject({
    ...taskRequest.shape,
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/)
      .optional(),
  }),
  output: z.object({ tasks: z.array(accepted) }),
  ask: (call, { idempotencyKey, ...task }) =>
    call("POST", "/tasks", task, idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  text: ({ tasks }) => tasks.map((task) => `Task ${task.id} for ${task.capability} is ${task.status}; get-task follows it.`).join("\n"),
});

const task = z.object({
  id: z.string(),
  project: z.string(),
  run: z.string().nullable(),
  capability: z.string(),
  status: z.enum(["pending", "dispatched", "running", "completed", "failed", "cancelled"]),
  priority: z.number(),
  timeoutSeconds: z.number(),
  maxAttempts: z.number(),
  attempts: z.array(
    z.object({
      number: z.number(),
      agent: z.string(),
      score: z.number(),
      status: z.string(),
      dispatchedAt: moment,
      endedAt: moment.nullable(),
      error: failure,
    }),
  ),
  submittedAt: moment,
  endedAt: moment.nullable(),
  error: failure,
  agent: z.string().optional().describe("only this agent may have it"),
  explain: z.string().optional().describe("while it waits: why"),
  result: z.unknown().optional().describe("what the agent answered, once completed"),
});

const longestResultShown = 4_000;

export const getTask = defineTool({
  ...reads,
  name: "get-task",
  title: "Read a task",
  description:
    "One task with its attempts, and its result or why it failed. A task also counts as long as it waits for an agent (pending).",
  input: z.strictObject({ id: z.string().min(1).max(200) }),
  output: task,
  ask: (call, { id }) => call("GET", `/tasks/${encodeURIComponent(id)}`),
  text: (it) => {
    const attempts = it.attempts.map(
      ({ number, agent, status, error }) =>
        `- attempt ${number} by ${agent}: ${status}${error ? ` (${error.kind}: ${error.message})` : ""}`,
    );
    const end = it.endedAt === null ? "" : `, ended ${readable(it.endedAt)}`;
    const failed = it.error ? [`Failed (${it.error.kind}): ${it.error.message}`] : [];
    const result = it.result === undefined ? [] : [`Result: ${shortened(JSON.stringify(it.result), longestResultShown)}`];
    const why = it.explain === undefined ? "" : ` ${it.explain}`;
    const head = `Task ${it.id} (${it.capability}) is ${it.status}; submitted ${readable(it.submittedAt)}${end}.${why}`;
    return [head, ...attempts, ...failed, ...result].join("\n");
  },
});
