import type { JSX } from "preact";
import type { ProjectView } from "../../core/project/views.ts";
import { Ago } from "./when.tsx";

/** Issues on the board that have no run, each with why. */
export function FilteredIssues({ filtered, repositoryUrl }: Pick<ProjectView, "filtered" | "repositoryUrl">): JSX.Element {
  return (
    <details class="filtered" open={filtered.length <= 3}>
      <summary>
        {filtered.length} {filtered.length === 1 ? "issue is" : "issues are"} left alone
      </summary>
      <ul>
        {filtered.map(({ issue, title, reason, at }) => (
          <li key={issue}>
            {repositoryUrl ? (
              <a href={`${repositoryUrl}/issues/${issue}`} rel="noreferrer">
                #{issue} <bdi>{title.slice(0, 300)}</bdi>
              </a>
            ) : (
              `#${issue} ${title.slice(0, 300)}`
            )}
            <span class="quiet">
              {" "}
              — {reason} · <Ago at={at} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
