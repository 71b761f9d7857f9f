import type { JSX } from "preact";
import type { ProjectView } from "../../core/project/views.ts";
import { LiveFailure } from "./live-failure.tsx";
import { failure, projects } from "./mesh-store.ts";
import { inOrder } from "./project-list.ts";
import { RunCard } from "./run-card.tsx";
import { Ago } from "./when.tsx";

/** Every project with its runs, live. */
export function ProjectsPage(): JSX.Element {
  const shown = projects.value;
  return (
    <>
      <LiveFailure />
      {!shown && !failure.value && (
        <p class="quiet" role="status">
          Loading projects…
        </p>
      )}
      {shown?.length === 0 && (
        <div class="empty">
          <h2>No project yet</h2>
          <p>
            <a href="#/onboarding">Onboard a repository</a>, or run <code>mesh onboard owner/name</code>. Then move an issue's card into the
            planning column.
          </p>
        </div>
      )}
      {shown?.map((project) => (
        <Project key={project.key} project={project} />
      ))}
    </>
  );
}

function Project({ project }: { readonly project: ProjectView }): JSX.Element {
  const { name, key, repositoryUrl, board, runs, tasks, filtered } = project;
  const active = tasks.pending + tasks.dispatched + tasks.running;
  return (
    <section class="project" aria-label={name ?? key}>
      <header>
        <h2>{repositoryUrl ? <a href={repositoryUrl}>{name ?? key}</a> : (name ?? "Work without a project")}</h2>
        <p class="quiet">
          {board && (
            <>
              <a href={board.url}>board</a> by {board.observedBy} ·{" "}
            </>
          )}
          {name && (
            <>
              <a href={`#/projects/${name}`}>
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
      {filtered.length > 0 && <Filtered filtered={filtered} repositoryUrl={repositoryUrl} />}
    </section>
  );
}

function Filtered({ filtered, repositoryUrl }: Pick<ProjectView, "filtered" | "repositoryUrl">): JSX.Element {
  return (
    <details class="filtered" open={filtered.length <= 3}>
      <summary>
        {filtered.length} {filtered.length === 1 ? "issue is" : "issues are"} left alone
      </summary>
      <ul>
        {filtered.map(({ issue, title, reason, at }) => (
          <li key={issue}>
            {repositoryUrl ? (
              <a href={`${repositoryUrl}/issues/${issue}`}>
                #{issue} {title}
              </a>
            ) : (
              `#${issue} ${title}`
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
