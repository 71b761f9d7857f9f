import type { JSX } from "preact";
import type { TaskView } from "../../core/project/views.ts";
import { projectName, workOf } from "./project-name.ts";
import { runAddressOf } from "./run-address.ts";

/** What a task is for, with the way to its run where there is one. */
export function WorkLink({ task }: { readonly task: Pick<TaskView, "project" | "run"> }): JSX.Element {
  const name = projectName(task.project);
  if (task.run === null || !name.includes("/")) return <>{workOf(task)}</>;
  return <a href={runAddressOf(name, task.run)}>{workOf(task)}</a>;
}
