import { meshProject, type ProjectKey } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import { projects } from "./mesh-store.ts";

/** `owner/name` of a project by its key, as far as it is known here. */
export function projectName(key: ProjectKey): string {
  return projects.value?.find((project) => project.key === key)?.name ?? (key === meshProject ? "of no project" : key);
}

/** What a task is for: `owner/name#12.1` of a run, else its project. */
export function workOf({ project, run }: Pick<TaskView, "project" | "run">): string {
  return run === null ? projectName(project) : `${projectName(project)}#${run}`;
}
