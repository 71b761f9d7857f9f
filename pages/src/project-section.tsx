import type { JSX } from "preact";
import type { ProjectView } from "../../core/project/views.ts";
import { FilteredIssues } from "./filtered-issues.tsx";
import { OutsideLink } from "./outside-link.tsx";
import { inOrder } from "./project-list.ts";
import { RunCard } from "./run-card.tsx";

interface Props {
  readonly project: ProjectView;
}

/** One project with its live runs, and the issues that are left alone. */
export function ProjectSection({ project }: Props): JSX.Element {
  const { name, key, repositoryUrl, board, runs, tasks, filtered } = project;
  const active = tasks.pending + tasks.dispatched + tasks.running;
  return (
    <section class="project" aria-label={name ?? key}>
      <header>
        <h2>{name === null ? "Work without a project" : <a href={`#/projects/${name}`}>{name}</a>}</h2>
        <p class="quiet">
          {repositoryUrl && (
            <>
              <OutsideLink to={repositoryUrl}>
                repository<span class="unseen"> of {name}</span>
              </OutsideLink>{" "}
              ·{" "}
            </>
          )}
          {board && (
            <>
              <OutsideLink to={board.url}>
                board<span class="unseen"> of {name}</span>
              </OutsideLink>{" "}
              by {board.observedBy} ·{" "}
            </>
          )}
          {name && (
            <>
              <a href={`#/projects/${name}/settings`}>
                settings<span class="unseen"> of {name}</span>
              </a>{" "}
              ·{" "}
            </>
          )}
          {active === 0 ? "no task open" : `${tasks.running} of ${active} tasks running`}
        </p>
      </header>
      {runs.length === 0 ? (
        <p class="quiet">No run yet. Move an issue's card out of the first column to start one.</p>
      ) : (
        <ul class="runs">
          {inOrder(runs).map((run) => (
            <RunCard key={run.id} run={run} />
          ))}
        </ul>
      )}
      {filtered.length > 0 && <FilteredIssues filtered={filtered} repositoryUrl={repositoryUrl} />}
    </section>
  );
}
