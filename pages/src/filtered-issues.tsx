import type { JSX } from "preact";
import type { ProjectView } from "../../core/project/views.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
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
            <OutsideLink to={repositoryUrl === null ? "" : `${repositoryUrl}/issues/${issue}`}>
              #{issue} <OutsideName text={title} />
            </OutsideLink>
            <span class="quiet">
              {" "}
              — <OutsideText text={reason} most={300} /> · <Ago at={at} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
