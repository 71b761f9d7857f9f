import type { Command } from "commander";
import type { ProjectReport } from "../workers/scheduled/report.ts";
import type { Commanded } from "./answers.ts";
import { meshVerb, onMesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Output } from "./output.ts";
import { showDocument } from "./show-document.ts";
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
          for (const { what, reason, message } of failures) out.text(`${out.colours.red("failed")} ${what}: ${message} (${reason})`);
        });
        if (failures.length > 0) process.exitCode = exitCodes.failed;
      }),
    );
  meshVerb(program, "cleanup", "take away what the policy no longer keeps: old recordings, partitions, worktrees")
    .option("--dry-run", "only say what would go")
    .action(
      onMesh(async ({ api, out }, flags: { dryRun?: true }) => {
        const spinner = startSpinner(out, "looking for what is no longer kept");
        const cleaned = await api.cleanUp(flags.dryRun === true).finally(() => spinner.stop());
        out.answer(cleaned, () => {
          out.line(flags.dryRun ? "Would go:" : "Gone:");
          showDocument(out, cleaned);
        });
      }),
    );
}

function tellUntold(out: Output, { untold }: Commanded): void {
  if (untold.length > 0) out.text(`Not yet told, and told by the next reconcile: ${untold.join(", ")}.`);
}
