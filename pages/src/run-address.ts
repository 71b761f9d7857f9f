import type { RunView } from "../../core/project/views.ts";

/** Where the dashboard shows a run: on its project's page. */
export function runAddress({ name }: Pick<RunView, "name" | "issue">): string {
  return `#/projects/${name}`;
}
