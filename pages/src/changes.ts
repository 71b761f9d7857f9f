import { signal } from "@preact/signals";
import type { LiveMessage } from "../../core/project/views.ts";

/** How often the live socket said that something of a kind has changed: whoever lists it asks again. */
export const changes = { agents: signal(0), tasks: signal(0), runs: signal(0), any: signal(0) } as const;

/** Counts what a message says has changed. A run that moved has a task or a session that did. */
export function noteChange({ type }: LiveMessage): void {
  changes.any.value += 1;
  if (type === "agents-changed") changes.agents.value += 1;
  if (type === "tasks-changed" || type === "run-changed" || type === "project-changed") changes.tasks.value += 1;
  if (type === "run-changed" || type === "project-changed") changes.runs.value += 1;
}
