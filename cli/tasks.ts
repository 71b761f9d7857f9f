import type { Command } from "commander";
import { renderWhy } from "../core/pool/why-chosen.ts";
import type { TaskView } from "../core/project/views.ts";
import type { TaskError } from "../core/task/state.ts";
import { meshVerb, onMesh, verbGroup, type Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Colours } from "./output.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { agentId, jsonArgument, momentArgument, projectName, wholeNumber } from "./parse.ts";
import { startSpinner } from "./spinner.ts";
import { length, shortWhen, when } from "./when.ts";

interface SubmitFlags {
  readonly payload?: string;
  readonly project?: string;
  readonly agent?: string;
  readonly priority?: number;
  readonly timeout?: number;
  readonly maxAttempts?: number;
  readonly queue: boolean;
  readonly idempotencyKey?: string;
  readonly wait?: true;
}

interface ListFlags extends PageFlags {
  readonly status?: string;
  readonly capability?: string;
  readonly project?: string;
  readonly agent?: string;
  readonly since?: number;
  readonly until?: number;
}

const ended: readonly string[] = ["completed", "failed", "cancelled"];

/** `mesh tasks`: units of work addressed to a capability. */
export function addTasks(program: Command): void {
  const group = verbGroup(program, "tasks", "tasks: list, submit, follow, cancel");
  withPages(
    meshVerb(group, "list", "tasks, newest first")
      .option("--status <status>", "pending, dispatched, running, completed, failed or cancelled")
      .option("--capability <name>", "only of this capability")
      .option("--project <owner/name>", "only of this project", projectName)
      .option("--agent <id>", "only those of which this agent had an attempt", agentId)
      .option("--since <when>", "submitted then or later: 15m, 2h, 2026-11-23, …", momentArgument)
      .option("--until <when>", "likewise, exclusive", momentArgument),
  ).action(
    onMesh(async ({ api, out }, flags: ListFlags) => {
      const { status, capability, project, agent, since, until } = flags;
      const page = await pages((query) => api.tasks({ status, capability, project, agent, since, until, ...query }), flags);
      showPage(
        out,
        page,
        [
          { head: "task", of: ({ id }) => id },
          { head: "status", of: (task) => task.status, paint: (text, { status: now }) => taskColour(now, out.colours)(text) },
          { head: "capability", of: (task) => task.capability },
          { head: "agent", of: ({ attempts }) => attempts.at(-1)?.agent ?? "", drop: 1 },
          { head: "tries", of: ({ attempts, maxAttempts }) => `${attempts.length} of ${maxAttempts}`, drop: 3 },
          { head: "submitted", of: ({ submittedAt }) => shortWhen(submittedAt) },
          { head: "took", of: ({ submittedAt, endedAt }) => (endedAt === null ? "" : length(endedAt - submittedAt)), drop: 2 },
        ],
        "No such task.",
      );
    }),
  );
  meshVerb(group, "show", "one task with its attempts, payload and result")
    .argument("<id>")
    .action(
      onMesh(async (mesh, id: string) => {
        const task = await mesh.api.task(id);
        mesh.out.answer(task, () => showTask(mesh, task));
      }),
    );
  meshVerb(group, "submit", "give work to whoever offers a capability")
    .argument("<capability>")
    .option("--payload <json>", "JSON, @file, or - for the standard input")
    .option("--project <owner/name>", "on behalf of this project", projectName)
    .option("--agent <id>", "only this agent may have it", agentId)
    .option("--priority <n>", "0 to 10, higher first (5)", wholeNumber(0, 10))
    .option("--timeout <seconds>", "for one attempt", wholeNumber(1, 86_400))
    .option("--max-attempts <n>", "1 to 20", wholeNumber(1, 20))
    .option("--no-queue", "refused at once when no agent offers the capability")
    .option("--idempotency-key <key>", "submitting again with the same key submits nothing more")
    .option("--wait", "until it has ended; exit code 1 unless it completed")
    .action(onMesh(submit));
  meshVerb(group, "cancel", "end a task")
    .argument("<id>")
    .action(
      onMesh(async ({ api, out }, id: string) => {
        const task = await api.cancelTask(id);
        out.answer(task, () => out.line(`${task.id} is cancelled.`));
      }),
    );
}

async function submit(mesh: Mesh, capability: string, flags: SubmitFlags): Promise<void> {
  const { api, out } = mesh;
  const { project, agent, priority, timeout: timeoutSeconds, maxAttempts } = flags;
  const payload = flags.payload === undefined ? undefined : jsonArgument(flags.payload, "--payload");
  const request = { capability, payload, project, agent, priority, timeoutSeconds, maxAttempts, ...(flags.queue ? {} : { wait: false }) };
  const { tasks } = await api.submitTasks(request, flags.idempotencyKey);
  const [task] = tasks;
  if (!flags.wait || !task) {
    out.answer({ tasks }, () => {
      for (const { id } of tasks) out.line(id);
    });
    return;
  }
  const spinner = startSpinner(out, `${task.id}: ${task.status}`);
  let now = await api.task(task.id);
  while (!ended.includes(now.status)) {
    spinner.say(`${task.id}: ${now.status}${now.attempts.length > 0 ? ` by ${now.attempts.at(-1)?.agent}` : ", no agent has it yet"}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    now = await api.task(task.id);
  }
  spinner.stop();
  out.answer(now, () => showTask(mesh, now));
  if (now.status !== "completed") process.exitCode = exitCodes.failed;
}

function showTask({ out }: Mesh, task: TaskView): void {
  out.pairs([
    ["task", task.id],
    ["status", task.status, taskColour(task.status, out.colours)],
    ["capability", task.capability],
    ["run", task.run],
    ["priority", String(task.priority)],
    ["time limit", `${task.timeoutSeconds} s an attempt, at most ${task.maxAttempts}`],
    ["submitted", when(task.submittedAt)],
    ["ended", task.endedAt === null ? null : when(task.endedAt)],
    ["error", task.error === null ? null : errorText(task.error), out.colours.red],
  ]);
  if (task.attempts.length > 0) {
    out.line();
    out.table(
      task.attempts,
      [
        { head: "attempt", of: ({ number }) => String(number), align: "right" },
        { head: "agent", of: ({ agent }) => agent },
        { head: "status", of: ({ status }) => status },
        { head: "score", of: ({ score }) => score.toFixed(3), align: "right", drop: 2 },
        { head: "began", of: ({ startedAt, dispatchedAt }) => shortWhen(startedAt ?? dispatchedAt) },
        {
          head: "took",
          of: ({ startedAt, dispatchedAt, endedAt }) => (endedAt === null ? "" : length(endedAt - (startedAt ?? dispatchedAt))),
          drop: 1,
        },
        { head: "error", of: ({ error }) => (error === null ? "" : errorText(error)), least: 12 },
      ],
      "",
    );
  }
  const reasons = task.attempts.flatMap(({ number, agent, why }) => (why === undefined ? [] : [`${number}. ${agent}: ${renderWhy(why)}`]));
  if (reasons.length > 0) out.line(`\n${out.colours.dim("why this agent")}`);
  for (const reason of reasons) out.text(reason, "  ");
  for (const [name, value] of [
    ["payload", task.payload],
    ["result", task.result],
  ] as const) {
    if (value === undefined || value === null) continue;
    out.line(`\n${out.colours.dim(name)}`);
    out.block(JSON.stringify(value, null, 2), "  ");
  }
}

function errorText({ kind, message, until }: TaskError): string {
  return `${kind}: ${message}${until === undefined ? "" : `, until ${when(until)}`}`;
}

function taskColour(status: string, colours: Colours): (text: string) => string {
  if (status === "completed") return colours.green;
  if (status === "failed") return colours.red;
  return status === "cancelled" ? colours.dim : colours.cyan;
}
