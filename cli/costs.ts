import type { Command } from "commander";
import type { Moment } from "../core/time.ts";
import type { Spent } from "../core/usage.ts";
import { meshVerb, onMesh } from "./command.ts";
import type { Column } from "./table.ts";
import { momentArgument } from "./parse.ts";
import { showDocument } from "./show-document.ts";

/** `mesh costs`: what models have cost, and with --platform what the control plane has counted of itself. */
export function addCosts(program: Command): void {
  meshVerb(program, "costs", "what was spent on models: by project, issue and day (UTC)")
    .option("--project <project>", "owner/name, or a project's key")
    .option("--since <moment>", "whole days from 7d, 2026-11-01, …", momentArgument)
    .option("--until <moment>", "likewise, exclusive", momentArgument)
    .option("--platform", "instead: requests, rows, queue operations and active time of the control plane")
    .action(
      onMesh(async ({ api, out }, flags: { project?: string; since?: Moment; until?: Moment; platform?: true }) => {
        if (flags.platform) {
          const costs = await api.costs();
          return out.answer(costs, () => {
            out.line("In all, since the objects exist:");
            showDocument(out, Object.fromEntries(Object.entries(costs.total).map(([name, value]) => [name, count(value)])));
          });
        }
        const { project, since, until } = flags;
        const usage = await api.usage({ project, since, until });
        out.answer(usage, () => {
          out.table([{ what: "in all", ...usage.total }], [named("", ({ what }: { what: string }) => what), ...spentColumns], "");
          for (const [head, rows] of [
            ["project", usage.byProject.map((row) => ({ ...row, what: row.name ?? row.project }))],
            ["issue", usage.byIssue.slice(0, 20).map((row) => ({ ...row, what: `${row.name ?? row.project}#${row.issue}` }))],
            ["day", usage.byDay.slice(0, 31).map((row) => ({ ...row, what: row.day }))],
          ] as const) {
            if (rows.length === 0) continue;
            out.line();
            out.table<Spent & { what: string }>(rows, [named(head, ({ what }) => what), ...spentColumns], "");
          }
        });
      }),
    );
}

const spentColumns: readonly Column<Spent>[] = [
  { head: "usd", of: ({ usd }) => usd.toFixed(4), align: "right" },
  { head: "tokens in", of: ({ inputTokens }) => count(inputTokens), align: "right" },
  { head: "tokens out", of: ({ outputTokens }) => count(outputTokens), align: "right" },
];

function named<Row>(head: string, of: (row: Row) => string): Column<Row> {
  return { head, of, least: 16 };
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
