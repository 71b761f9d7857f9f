import type { RunContext } from "../lifecycle/run-input.ts";
import { time } from "../lifecycle/explain.ts";
import { issueUsd } from "../lifecycle/budget.ts";
import type { Run } from "../lifecycle/state.ts";
import { runId } from "../ids.ts";
import { minuteMs, type Moment } from "../time.ts";

/** What a comment on the issue says; its marker is added by the GitHub client. */
export type Note =
  | { readonly note: "started" }
  | { readonly note: "guidance"; readonly guidance: string }
  | { readonly note: "plan"; readonly by: string }
  | { readonly note: "quota"; readonly until: Moment }
  | { readonly note: "tests-passed" }
  | { readonly note: "tests-failed"; readonly failures: string }
  | { readonly note: "deployment-failed"; readonly reason: string }
  | { readonly note: "accepted"; readonly because: string }
  | { readonly note: "failed"; readonly because: string }
  | { readonly note: "move-refused"; readonly to: string }
  | { readonly note: "rework-asked" };

/** GitHub takes 65,536 characters a comment. */
const mostCharacters = 60_000;

export function renderNote(note: Note, run: Run, context: Pick<RunContext, "profile" | "policy">): string {
  const text = body(note, run, context);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}\n\n… (cut)` : text;
}

function body(note: Note, run: Run, context: Pick<RunContext, "profile" | "policy">): string {
  const id = runId(context.profile.name, run.issue, run.run);
  switch (note.note) {
    case "started":
      return `**mesh-six** works on this as run \`${id}\`. Move the card to ${context.policy.columns.blocked} to pause, back to ${context.policy.columns.todo} to start over, or close the issue to stop. Comments by people with write access reach the agent.`;
    case "guidance":
      return `### Guidance\n\n${note.guidance}`;
    case "plan":
      return `### Plan\n\nApproved by ${note.by}.\n\n${run.plan ?? "(no plan)"}`;
    case "quota":
      return `**mesh-six**: the model provider's limit is reached. The work goes on by itself at ${time(note.until)}.`;
    case "tests-passed":
      return `### Tests passed\n\n${testLine(run)}`;
    case "tests-failed":
      return `### Tests failed\n\nCycle ${run.cycles.qa}.\n\n${fenced(note.failures)}`;
    case "deployment-failed":
      return `### Deployment check failed\n\n${note.reason}. The work goes back to planning.`;
    case "accepted":
      return `### Done\n\n${closing(run, note.because)}`;
    case "failed":
      return `### Stopped\n\n${note.because}.\n\n${closing(run, "failed")}\n\nMove the card to ${context.policy.columns.todo} to start a new run; it will know these failures.`;
    case "move-refused":
      return `**mesh-six**: moving this card to "${note.to}" has no meaning in phase ${run.phase.toUpperCase()}, so it was put back. ${context.policy.columns.blocked} pauses, ${context.policy.columns.todo} starts over, ${context.policy.columns.done} accepts.`;
    case "rework-asked":
      return `**mesh-six**: the card was moved back, so the work is done again. What should be different? Answer in a comment; it reaches the agent.`;
  }
}

function testLine(run: Run): string {
  const { tests, pull } = run;
  const parts: string[] = [];
  if (tests) {
    const { counts, command, exitCode } = tests.results;
    parts.push(
      counts
        ? `\`${command}\`: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped.`
        : `\`${command}\` ended with ${exitCode}.`,
    );
  }
  if (run.checksSeen === "green") parts.push("GitHub's checks are green.");
  if (pull) parts.push(`Pull request #${pull.number}.`);
  return parts.join(" ") || "Nothing is configured to be tested.";
}

function closing(run: Run, because: string): string {
  const minutes = Math.max(1, Math.round(((run.endedAt ?? run.startedAt) - run.startedAt) / minuteMs));
  const spent = run.cycles.planning + run.cycles.qa + run.cycles.review;
  return [
    `- outcome: ${because}`,
    ...(run.pull ? [`- pull request: #${run.pull.number}`] : []),
    `- cost: $${issueUsd(run).toFixed(4)}`,
    `- time: ${minutes} min`,
    `- rework cycles: ${spent}`,
  ].join("\n");
}

/** A fence longer than any run of backticks inside, so that nothing breaks out of it. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
