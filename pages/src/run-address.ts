import type { RunView } from "../../core/project/views.ts";

/** Where the dashboard shows a run. */
export function runAddress({ name, issue, run }: Pick<RunView, "name" | "issue" | "run">): string {
  return `#/runs/${name}/${issue}/${run}`;
}

/** The same by what names a run within its project: `12.1`. */
export function runAddressOf(name: string, ref: string): string {
  return `#/runs/${name}/${ref.replace(".", "/")}`;
}
