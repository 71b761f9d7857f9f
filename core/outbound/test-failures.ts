import { runId } from "../ids.ts";
import type { RunContext } from "../lifecycle/run-input.ts";
import type { Run } from "../lifecycle/state.ts";
import type { TestResults } from "../protocol/frames.ts";
import { fenced } from "./comments.ts";

/** What failed, for the session and for people: names and messages, else the end of the output. */
export function renderTestFailures(results: TestResults | undefined): string {
  if (!results) return "no result";
  const head = results.timedOut ? `\`${results.command}\` ran out of time.` : `\`${results.command}\` ended with ${results.exitCode}.`;
  const failures = results.failures
    .slice(0, 20)
    .map((failure) => `- ${failure.name}${failure.message ? `\n  ${failure.message.slice(0, 1_500)}` : ""}`);
  return failures.length > 0 ? `${head}\n${failures.join("\n")}` : `${head}\n${results.tail.slice(-4_000)}`;
}

/** The bug issue a red QA leaves; its marker keeps it from starting a run of its own. */
export function renderBugIssue(run: Run, failures: string, context: Pick<RunContext, "profile">): { title: string; body: string } {
  return {
    title: `Tests fail for #${run.issue}: ${run.card.title}`.slice(0, 250),
    body: `Found by run \`${runId(context.profile.name, run.issue, run.run)}\`, cycle ${run.cycles.qa}. Parent: #${run.issue}\n\n${fenced(failures.slice(0, 30_000))}`,
  };
}
