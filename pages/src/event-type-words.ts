import type { EventType } from "../../core/events.ts";
import type { Tone } from "./state-looks.ts";

/** What an event is called. A type that is added to the journal's vocabulary gets its words here. */
export const eventTypeWords: Readonly<Record<EventType, string>> = {
  "project-configured": "project configured",
  "project-closed": "project closed",
  "mesh-stopped": "mesh stopped",
  "mesh-started": "mesh started",
  "card-filtered": "card left alone",
  "run-started": "run started",
  "run-phase-changed": "phase changed",
  "run-ended": "run ended",
  "run-changed": "state of a run",
  "card-moved-by-human": "card moved by a person",
  "guidance-given": "guidance given",
  "plan-proposed": "plan proposed",
  "plan-reviewed": "plan reviewed",
  "plan-approved": "plan approved",
  "architect-consulted": "architect asked",
  "learning-noted": "learning noted",
  "question-asked": "question asked",
  "question-sent-to-human": "question sent to a person",
  "question-answered": "question answered",
  "question-answered-late": "question answered late",
  "question-applied": "answer applied",
  "question-withdrawn": "question withdrawn",
  "question-parked": "question parked",
  "session-started": "session started",
  "session-nudged": "session nudged",
  "session-lost": "session lost",
  "session-failed": "session failed",
  "steering-told": "steering told",
  "branch-pushed": "branch pushed",
  "checkpoint-taken": "checkpoint taken",
  "tool-decided": "tool decided",
  "pull-request-opened": "pull request opened",
  "pull-request-merged": "pull request merged",
  "merge-refused": "merge refused",
  "tests-finished": "tests finished",
  "bug-issue-opened": "bug issue opened",
  "cycle-spent": "cycle spent",
  "usage-counted": "spend counted",
  "hold-began": "hold began",
  "hold-ended": "hold ended",
  "deployment-checked": "deployment checked",
  "operator-commanded": "command given",
  "effect-requested": "effect requested",
  "effect-done": "effect done",
  "effect-failed": "effect failed",
  "task-submitted": "task submitted",
  "task-dispatched": "task dispatched",
  "task-started": "task started",
  "attempt-ended": "attempt ended",
  "task-ended": "task ended",
  "credential-recorded": "credential recorded",
  "onboarding-changed": "onboarding changed",
  "input-refused": "input refused",
  "input-ignored": "input ignored",
};

/** Also of a type that a newer mesh has and this dashboard does not. */
export function eventTypeWord(type: string): string {
  return (eventTypeWords as Readonly<Record<string, string>>)[type] ?? type.replaceAll("-", " ");
}

export function eventTone(type: string): Tone {
  if (/failed|refused|lost|closed/.test(type)) return "bad";
  if (/question|hold-began|stopped|nudged|spent/.test(type)) return "warn";
  if (/done|merged|approved|applied|hold-ended/.test(type)) return "good";
  return /^(run|plan|pull|branch)-/.test(type) ? "work" : "idle";
}
