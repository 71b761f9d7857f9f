import type { JSX } from "preact";
import type { AttemptStatus, TaskStatus as Status } from "../../core/task/state.ts";
import { PhaseBadge } from "./phase-badge.tsx";

const badges: Readonly<Record<Status | AttemptStatus, readonly [phase: string, word: string]>> = {
  pending: ["INTAKE", "pending"],
  dispatched: ["PLANNING", "dispatched"],
  running: ["IMPLEMENTATION", "running"],
  completed: ["ACCEPTED", "completed"],
  failed: ["FAILED", "failed"],
  cancelled: ["CANCELLED", "cancelled"],
  "timed-out": ["FAILED", "timed out"],
  lost: ["FAILED", "lost"],
  declined: ["CANCELLED", "declined"],
};

/** How a task or an attempt stands, by colour, shape and word. */
export function TaskStatus({ status }: { readonly status: Status | AttemptStatus }): JSX.Element {
  const [phase, word] = badges[status];
  return <PhaseBadge phase={phase} word={word} />;
}
