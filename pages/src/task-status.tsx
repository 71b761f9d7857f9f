import type { JSX } from "preact";
import type { AttemptStatus, TaskStatus as Status } from "../../core/task/state.ts";
import { StateBadge } from "./state-badge.tsx";
import { looks } from "./state-looks.ts";

/** How a task or an attempt stands, by colour, shape and word. */
export function TaskStatus({ status }: { readonly status: Status | AttemptStatus }): JSX.Element {
  return <StateBadge look={looks.task[status]} />;
}
