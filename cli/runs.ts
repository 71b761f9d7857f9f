import type { Command } from "commander";
import type { OperatorCommand } from "../core/inputs.ts";
import type { RunView } from "../core/project/views.ts";
import { meshVerb, onMesh, verbGroup } from "./command.ts";
import type { Colours, Output } from "./output.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { issueArgument, projectName, wholeNumber, type IssueArgument } from "./parse.ts";
import { length, shortWhen, when } from "./when.ts";

const commands: Readonly<Record<OperatorCommand, string>> = {
  retry: "begin again where it failed, or start a new run",
  pause: "nothing new begins until resume",
  resume: "go on after pause",
  cancel: "end it; branch and pull request stay",
  advance: "take the present gate for passed",
};

/** `mesh runs`: issues on their way through the lifecycle. */
export function addRuns(program: Command): void {
  const group = verbGroup(program, "runs", "runs of issues: list, look at, steer");
  withPages(
    meshVerb(group, "list", "runs, newest first")
      .option("--project <owner/name>", "only of this project", projectName)
      .option("--phase <phase>", "planning, qa, failed, …")
      .option("--active", "only those that have not ended"),
  ).action(
    onMesh(async ({ api, out }, flags: PageFlags & { project?: string; phase?: string; active?: true }) => {
      const { project, phase, active } = flags;
      const page = await pages((query) => api.runs({ project, phase, active: active ? 1 : undefined, ...query }), flags);
      showPage(
        out,
        page,
        [
          { head: "run", of: (run) => `${run.key}.${run.run}` },
          { head: "phase", of: ({ phase: now }) => now, paint: (text, run) => phaseColour(run.phase, out.colours)(text) },
          { head: "awaiting", of: ({ awaiting }) => (awaiting === "nothing" ? "" : awaiting) },
          { head: "title", of: ({ title }) => title, least: 14 },
          { head: "since", of: ({ phaseSince }) => shortWhen(phaseSince), drop: 1 },
          { head: "usd", of: ({ usd }) => usd.toFixed(2), align: "right", drop: 3 },
          {
            head: "pull request",
            of: ({ pullRequest }) => (pullRequest ? `#${pullRequest.number}${pullRequest.merged ? " merged" : ""}` : ""),
            drop: 2,
          },
        ],
        "No run. A card in the board's first column starts one.",
      );
    }),
  );
  meshVerb(group, "show", "one issue's latest run, or the one named")
    .argument("<issue>", "owner/name#12, or a run of it: owner/name#12.1", issueArgument)
    .option("--run <n>", "an earlier run", wholeNumber(1, 999_999))
    .action(
      onMesh(async ({ api, out }, { project, issue, run: named }: IssueArgument, flags: { run?: number }) => {
        const run = await api.run(project, issue, flags.run ?? named);
        out.answer(run, () => showRun(out, run));
      }),
    );
  for (const [command, summary] of Object.entries(commands)) addCommand(group, command as OperatorCommand, summary);
}

function addCommand(group: Command, command: OperatorCommand, summary: string): void {
  meshVerb(group, command, summary)
    .argument("<issue>", "owner/name#12", issueArgument)
    .option("--reason <text>", "kept in the journal", "")
    .action(
      onMesh(async ({ api, out }, { project, issue }: IssueArgument, flags: { reason: string }) => {
        const taken = await api.commandRun(project, issue, command, flags.reason);
        out.answer(taken, () => {
          out.line(`${command}: taken.`);
          out.text(`${taken.run.phase}: ${taken.run.explain}`);
        });
      }),
    );
}

function showRun(out: Output, run: RunView): void {
  const { colours } = out;
  out.pairs([
    ["run", run.id, colours.bold],
    ["title", run.title],
    ["issue", run.url],
    ["phase", `${run.phase}${run.awaiting === "nothing" ? "" : `, awaiting ${run.awaiting}`}`, phaseColour(run.phase, colours)],
    ["explain", run.explain],
    ["in column", run.column],
    ["started", when(run.startedAt)],
    ["in phase", when(run.phaseSince)],
    ["ended", run.endedAt === null ? null : when(run.endedAt)],
    ["branch", run.branch],
    ["pull request", run.pullRequest ? `${run.pullRequest.url}${run.pullRequest.merged ? " (merged)" : ""}` : null],
    ["rework", cyclesText(run)],
    ["bug issues", run.bugIssues.map((issue) => `#${issue}`).join(", ")],
    ["session", run.session ? `${run.session.id} on ${run.session.agent ?? "no agent yet"}` : null],
    ["cost", `$${run.usd.toFixed(4)}, ${run.inputTokens.toLocaleString("en")} tokens in, ${run.outputTokens.toLocaleString("en")} out`],
    ...run.failures.map(({ phase, reason, at }) => ["failure", `${phase.toUpperCase()}: ${reason}, ${when(at)}`, colours.red] as const),
  ]);
  if (run.phases.length > 0) {
    out.line();
    out.table(
      run.phases.map((entry, index) => ({ ...entry, until: run.phases[index + 1]?.at ?? run.endedAt })),
      [
        { head: "phase", of: ({ phase }) => phase },
        { head: "from", of: ({ at }) => shortWhen(at) },
        { head: "lasted", of: ({ at, until }) => (until === null ? "" : length(until - at)) },
      ],
      "",
    );
  }
  for (const question of run.questions) {
    out.line(`\n${colours.dim(`question ${question.id}`)} ${question.status}`);
    for (const { text } of question.items) out.text(text, "  ");
    if (question.answer) out.text(`→ ${question.answer.answers.join("; ")} (${question.answer.by}, ${question.answer.via})`, "  ");
  }
}

function cyclesText({ cycles }: RunView): string | null {
  const spent = Object.entries(cycles).filter(([, count]) => count > 0);
  return spent.length === 0 ? null : spent.map(([phase, count]) => `${phase} ${count}`).join(", ");
}

export function phaseColour(phase: string, colours: Colours): (text: string) => string {
  if (phase === "ACCEPTED") return colours.green;
  if (phase === "FAILED") return colours.red;
  return phase === "CANCELLED" ? colours.dim : colours.cyan;
}
