import { renderNote, type Note } from "../outbound/comments.ts";
import type { Step } from "./step.ts";

/** A comment on the issue, once per marker in this run. */
export function noteComment(step: Step, marker: string, note: Note): void {
  step.effect("comments", {
    kind: "comment",
    issue: step.run.issue,
    marker: `${step.run.issue}.${step.run.run}:${marker}`,
    body: renderNote(note, step.run, step.context),
    replace: false,
  });
}

/** A notification to the people's phones; the same `about` replaces the earlier one. */
export function notify(step: Step, about: string, title: string, message: string, priority = 3): void {
  step.effect("people", {
    kind: "notify",
    sequenceId: `${step.run.issue}-${step.run.run}-${about}`.slice(0, 64),
    title,
    message,
    priority,
    tags: [],
    click: step.run.card.url,
  });
}
