import type { Command } from "commander";
import type { ProjectReport } from "../workers/scheduled/report.ts";
import type { DayBudget } from "../core/mesh-spend.ts";
import type { Commanded } from "./answers.ts";
import { bytesText } from "./bytes-text.ts";
import { cleanLine } from "./clean-text.ts";
import { meshVerb, onMesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Output } from "./output.ts";
import { startSpinner } from "./spinner.ts";
import { when } from "./when.ts";

/** The whole mesh: stop, go, state, reconcile, cleanup. */
export function addControls(program: Command): void {
  meshVerb(program, "stop", "stop the whole mesh: no new session begins, running ones stop after their step")
    .option("--reason <text>", "shown to everyone who asks why nothing moves")
    .action(
      onMesh(async ({ api, out }, flags: { reason?: string }) => {
        const stopped = await api.stop(flags.reason);
        out.answer(stopped, () => {
          out.line(`The mesh is stopped. ${out.colours.bold("mesh go")} lets it go on.`);
          tellUntold(out, stopped);
        });
      }),
    );
  meshVerb(program, "go", "let a stopped mesh go on").action(
    onMesh(async ({ api, out }) => {
      const started = await api.start();
      out.answer(started, () => {
        out.line("The mesh goes on.");
        tellUntold(out, started);
      });
    }),
  );
  meshVerb(program, "state", "whether the mesh is stopped, by whom and why").action(
    onMesh(async ({ api, out }) => {
      const state = await api.state();
      out.answer(state, () => {
        if (state.restoring) out.text(`The backup ${state.restoring} is being brought back.`);
        for (const { project, history } of state.leaving ?? [])
          out.text(`${project} is being deleted, its history ${history === "keep" ? "kept" : "forgotten"}.`);
        if (state.day) out.text(daySentence(state.day));
        if (state.stopped === null) out.line("The mesh is at work.");
        else
          out.text(
            `Stopped by ${state.stopped.by} on ${when(state.stopped.at)}${state.stopped.reason ? `: ${state.stopped.reason}` : ""}.`,
          );
      });
    }),
  );
  meshVerb(program, "reconcile", "read boards, pull requests and failed deliveries again, now; exit code 1 when a part of it failed")
    .option("--due", "only what the cron would do now")
    .action(
      onMesh(async ({ api, out }, flags: { due?: true }) => {
        const spinner = startSpinner(out, "reading boards, pull requests, deliveries");
        const report = await api.reconcile(flags.due === true).finally(() => spinner.stop());
        const failures = [...report.failures, ...report.projects.flatMap((project) => project.failures)];
        out.answer(report, () => {
          out.table<ProjectReport>(
            report.projects,
            [
              { head: "project", of: ({ project }) => project, least: 14 },
              { head: "board", of: ({ board }) => board },
              { head: "cards", of: ({ cards }) => String(cards), align: "right" },
              { head: "pulls", of: ({ pulls }) => String(pulls), align: "right" },
              { head: "changed", of: ({ applied }) => String(applied), align: "right" },
              { head: "redelivered", of: ({ redelivered }) => String(redelivered), align: "right" },
            ],
            "No project was looked at.",
          );
          out.line(
            `Health checks ${report.healthChecks}, deliveries repeated ${report.redelivered}, read models poked ${report.poked}, entries archived ${report.archived}.`,
          );
          tellFailures(out, failures);
        });
        if (failures.length > 0) process.exitCode = exitCodes.failed;
      }),
    );
  meshVerb(program, "cleanup", "take away what the policy no longer keeps: old backups, events, journals, recordings, onboardings")
    .option("--dry-run", "only say what would go")
    .action(
      onMesh(async ({ api, out }, flags: { dryRun?: true }) => {
        const spinner = startSpinner(out, "looking for what is no longer kept");
        const cleaned = await api.cleanUp(flags.dryRun === true).finally(() => spinner.stop());
        out.answer(cleaned, () => {
          const { journal, recordings } = cleaned;
          const list = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
          out.line(cleaned.dryRun ? "Would go, as the policy's retention says:" : "Gone, as the policy's retention says:");
          out.pairs([
            ["backups", list(cleaned.backups)],
            ["months of events", list(cleaned.partitions)],
            ["other events", String(cleaned.events)],
            ["archived journal", `${journal.objects} objects, ${bytesText(journal.bytes)}`],
            ["recordings", `${recordings.objects} objects, ${bytesText(recordings.bytes)}`],
            ["board memories", String(cleaned.polls)],
            ["onboardings", String(cleaned.onboardings)],
          ]);
          tellFailures(out, cleaned.failures);
        });
        if (cleaned.failures.length > 0) process.exitCode = exitCodes.failed;
      }),
    );
}

function daySentence({ usd, capUsd, reached, until }: DayBudget): string {
  const spent = `All projects have spent $${usd.toFixed(2)} of $${capUsd.toFixed(2)} today (UTC)`;
  return reached
    ? `${spent}: no session begins until ${when(until)}, or until you raise budget.meshPerDayUsd with "mesh settings set".`
    : `${spent}.`;
}

function tellUntold(out: Output, { untold }: Commanded): void {
  if (untold.length > 0) out.text(`Not yet told, and told by the next reconcile: ${untold.join(", ")}.`);
}

function tellFailures(out: Output, failures: readonly { what: string; reason: string; message: string }[]): void {
  for (const { what, reason, message } of failures)
    out.line(`${out.colours.red("failed")} ${cleanLine(`${what}: ${message} (${reason})`)}`);
}
