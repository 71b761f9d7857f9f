import type { Command } from "commander";
import { meshVerb, onMesh } from "./command.ts";
import { issueArgument, type IssueArgument } from "./parse.ts";
import { phaseColour } from "./runs.ts";
import { when } from "./when.ts";

/** `mesh explain owner/name#12`: why it is not moving, in one sentence. */
export function addExplain(program: Command): void {
  meshVerb(program, "explain", "why an issue is not moving, in one sentence")
    .argument("<issue>", "owner/name#12", issueArgument)
    .action(
      onMesh(async ({ api, out }, { project, issue }: IssueArgument) => {
        const answer = await api.explain(project, issue);
        out.answer(answer, () => {
          out.text(answer.explain);
          if (answer.phase === null) return;
          const awaiting = answer.awaiting === null || answer.awaiting === "nothing" ? "" : `, awaiting ${answer.awaiting}`;
          const since = answer.since === undefined ? "" : out.colours.dim(`, since ${when(answer.since)}`);
          out.line(`${phaseColour(answer.phase, out.colours)(answer.phase)}${awaiting}${since}`);
        });
      }),
    );
}
