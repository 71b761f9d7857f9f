import type { OperatorCommand } from "../../core/inputs.ts";
import type { RunView } from "../../core/project/views.ts";
import { isOpen } from "./question-list.ts";

/** What an operator may have a run do. */
export interface RunCommand {
  readonly command: OperatorCommand;
  readonly word: string;
  /** What will happen, said before it is confirmed. */
  readonly does: string;
  /** Why it does not apply now, as far as that can be told from what is shown; null: it may. The mesh has the last word. */
  readonly refusal: string | null;
  /** It cannot be undone. */
  readonly final?: boolean;
}

/** What is under way by itself, so that there is nothing to try again. */
const underWay = [
  "turn",
  "guidance",
  "plan-review",
  "plan-approval",
  "pull-request",
  "checks",
  "test-evaluation",
  "deployment",
  "smoke-test",
];

/** Every command, in the order it is offered. */
export function runCommands(run: RunView): readonly RunCommand[] {
  const hasEnded = run.endedAt !== null;
  const ended = hasEnded ? "The run has ended." : null;
  const paused = run.awaiting === "paused";
  return [
    {
      command: "retry",
      word: hasEnded ? "Start anew" : "Retry",
      does: hasEnded
        ? `Run ${run.run + 1} of issue #${run.issue} begins from the start, with a branch of its own. This run stays as it is.`
        : "What it waits for is done now: waiting times are cut short, a session's step begins anew in the same worktree, and a failed effect is tried again.",
      refusal: hasEnded ? null : retryRefusal(run),
    },
    {
      command: "pause",
      word: "Pause",
      does: "Nothing new of this run starts. A session at work stops after its step, and keeps its worktree. Resume undoes it.",
      refusal: ended ?? (paused ? "It is paused already." : null),
    },
    {
      command: "resume",
      word: "Resume",
      does: "The run goes on from where it was paused, and its card goes back to the column of its phase.",
      refusal: ended ?? (paused || run.awaiting === "stopped" ? null : "It is not paused."),
    },
    { command: "advance", word: "Advance", does: advanceDoes(run), refusal: ended ?? advanceRefusal(run) },
    {
      command: "cancel",
      word: "Cancel the run",
      does: "The run ends as cancelled: its session is stopped and its open questions are withdrawn. Branch, pull request and card stay as they are. It cannot be undone; the issue can be started anew.",
      refusal: ended,
      final: true,
    },
  ];
}

function retryRefusal({ awaiting, questions }: RunView): string | null {
  const asked = questions.some((question) => isOpen(question) && (question.purpose === "decision" || question.purpose === "fix"));
  return !asked && underWay.includes(awaiting) ? "What it waits for is under way: there is nothing to try again." : null;
}

function advanceRefusal({ phase, awaiting }: RunView): string | null {
  return phase === "INTAKE" && awaiting === "turn" ? "It waits for its turn: the project has as many runs at work as it may." : null;
}

function advanceDoes({ phase, pullRequest }: RunView): string {
  const does: Readonly<Record<string, string>> = {
    INTAKE: "Planning begins now, without the architect's guidance.",
    PLANNING: "The plan as it is now counts as approved by you, and implementation begins.",
    IMPLEMENTATION: "The session is stopped, and a pull request is opened with what it has committed so far.",
    QA: "The session is stopped, the tests count as passed, and review begins.",
    REVIEW: pullRequest?.merged
      ? "The run is accepted now, without waiting for deployment and smoke test."
      : "GitHub is asked to merge the pull request now, without waiting for more checks; it may refuse.",
  };
  return does[phase] ?? "It goes on as if what it waits for had come out well.";
}
