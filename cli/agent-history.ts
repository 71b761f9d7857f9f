import type { Command } from "commander";
import { meshVerb, onMesh } from "./command.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { agentId, momentArgument, projectName } from "./parse.ts";
import { shortWhen } from "./when.ts";

interface HistoryFlags extends PageFlags {
  readonly capability?: string;
  readonly project?: string;
  readonly ok?: true;
  readonly failed?: true;
  readonly since?: number;
  readonly until?: number;
}

/** `mesh agents history`: what an agent's attempts came to, as far back as the read model goes. */
export function addAgentHistory(group: Command): void {
  withPages(meshVerb(group, "history", "what an agent's attempts came to, newest first"))
    .argument("<id>", "the agent", agentId)
    .option("--capability <name>", "only of this capability")
    .option("--project <owner/name>", "only for this project", projectName)
    .option("--ok", "only what succeeded")
    .option("--failed", "only what did not")
    .option("--since <when>", "ended then or later: 15m, 2h, 2026-11-23, …", momentArgument)
    .option("--until <when>", "likewise, exclusive", momentArgument)
    .action(
      onMesh(async ({ api, out }, id: string, { capability, project, ok, failed, since, until, ...paging }: HistoryFlags) => {
        const which = ok === failed ? undefined : ok ? "1" : "0";
        const page = await pages((query) => api.agentHistory(id, { capability, project, ok: which, since, until, ...query }), paging);
        const { green, red } = out.colours;
        showPage(
          out,
          page,
          [
            { head: "ended", of: ({ endedAt }) => shortWhen(endedAt) },
            { head: "task", of: ({ task }) => task },
            { head: "attempt", of: ({ attempt }) => String(attempt), align: "right", drop: 1 },
            { head: "capability", of: (one) => one.capability },
            { head: "came to", of: ({ status }) => status, paint: (text, one) => (one.ok ? green : red)(text) },
          ],
          "No such attempt.",
        );
      }),
    );
}
