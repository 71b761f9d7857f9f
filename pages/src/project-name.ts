import { meshProject, type ProjectKey } from "../../core/ids.ts";
import { projects } from "./mesh-store.ts";

/** `owner/name` of a project by its key, as far as it is known here. */
export function projectName(key: ProjectKey): string {
  return projects.value?.find((project) => project.key === key)?.name ?? (key === meshProject ? "of no project" : key);
}
