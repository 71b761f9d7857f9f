import * as z from "zod";
import { operatorCommands } from "../http/runs.ts";
import { questionShape } from "./question-tools.ts";
import { issue, moment, readable, runPath } from "./shapes.ts";
import { defineTool, reads } from "./tool.ts";
import { queryOf } from "./call-route.ts";

const run = z.object({
  id: z.string(),
  key: z.string().describe("owner/name#12"),
  run: z.number().describe("1, 2 after a restart, …"),
  title: z.string(),
  url: z.string(),
  phase: z.string().describe("INTAKE, PLANNING, IMPLEMENTATION, QA, REVIEW, ACCEPTED, FAILED or CANCELLED"),
  column: z.string(),
  awaiting: z.string(),
  explain: z.string().describe("why it is not moving, or what happens now"),
  branch: z.string(),
  pullRequest: z.object({ number: z.number(), url: z.string(), merged: z.boolean(), commits: z.number() }).nullable(),
  cycles: z.object({ planning: z.number(), qa: z.number(), review: z.number() }).describe("how often each was begun anew"),
  bugIssues: z.array(z.number()),
  usd: z.number(),
  startedAt: moment,
  phaseSince: moment,
  endedAt: moment.nullable(),
  endedBecause: z.string().nullable(),
  session: z.object({ id: z.string(), conversationId: z.string().nullable(), agent: z.string().nullable() }).nullable(),
  questions: z.array(questionShape),
});
type Run = z.output<typeof run>;

export const getRun = defineTool({
  ...reads,
  name: "get-run",
  title: "Read a run",
  description: "How far an issue's run is: phase, pull request, cost, questions. explain-run says the same in one sentence.",
  input: z.strictObject({ issue, run: z.number().int().min(1).optional().describe("an earlier run; the latest when left out") }),
  output: run,
  ask: (call, input) => call("GET", `${runPath(input.issue)}${queryOf({ run: input.run })}`),
  text: asText,
});

export const explainRun = defineTool({
  ...reads,
  name: "explain-run",
  title: "Explain why an issue does not move",
  description: "Why an issue does not move, or what happens now, in one sentence; also for cards that no run was started for.",
  input: z.strictObject({ issue }),
  output: z.object({
    key: z.string(),
    run: z.string().optional(),
    phase: z.string().nullable(),
    awaiting: z.string().nullable(),
    explain: z.string(),
  }),
  ask: (call, input) => call("GET", `${runPath(input.issue)}/explain`),
  text: ({ key, phase, explain }) => `${key}${phase ? ` (${phase})` : ""}: ${explain}`,
});

export const controlRun = defineTool({
  name: "control-run",
  title: "Command a run",
  description:
    "Commands an issue's run: pause (after the current step) and resume; cancel (it ends); retry (what it waits for is tried again now); advance (on to the next phase, as if what is awaited had come out well). " +
    "Only when a person wants it. What does not apply now is refused with the reason.",
  role: "operator",
  destructive: true,
  idempotent: false,
  outside: true,
  input: z.strictObject({
    issue,
    command: z.enum(operatorCommands),
    reason: z.string().max(2_000).optional().describe("why, for the history"),
  }),
  output: z.object({ status: z.string(), run: run.nullable() }),
  ask: (call, input) =>
    call("POST", `${runPath(input.issue)}/${input.command}`, input.reason === undefined ? {} : { reason: input.reason }),
  text: ({ run: now }) => (now ? `Taken. ${asText(now)}` : "Taken."),
});

function asText(it: Run): string {
  const pull = it.pullRequest ? ` Pull request ${it.pullRequest.url}${it.pullRequest.merged ? ", merged" : ""}.` : "";
  const open = it.questions.filter(({ status }) => status === "with-human" || status === "with-architect").map(({ id }) => id);
  const asks = open.length > 0 ? ` Open questions: ${open.join(", ")}.` : "";
  const end = it.endedAt === null ? "" : ` Ended ${readable(it.endedAt)}${it.endedBecause ? `: ${it.endedBecause}` : ""}.`;
  return `${it.id} "${it.title}" is in ${it.phase} since ${readable(it.phaseSince)}: ${it.explain}${pull}${asks} Cost so far $${it.usd.toFixed(2)}.${end}`;
}
