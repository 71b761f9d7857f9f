import { runId } from "../ids.ts";
import type { RunContext } from "../lifecycle/run-input.ts";
import type { Run } from "../lifecycle/state.ts";

/** Title and body of a run's pull request. `Refs`, never `Closes`: the issue is closed when everything after the merge is done, too. */
export function renderPullRequest(run: Run, context: Pick<RunContext, "profile">): { title: string; body: string } {
  const plan = run.plan === undefined ? "" : `\n\n<details><summary>Plan</summary>\n\n${run.plan.slice(0, 40_000)}\n\n</details>`;
  return {
    title: run.card.title.slice(0, 250),
    body: `Refs #${run.issue}\n\nMade by run \`${runId(context.profile.name, run.issue, run.run)}\` of mesh-six.${plan}`,
  };
}
