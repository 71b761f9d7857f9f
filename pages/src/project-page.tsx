import type { JSX } from "preact";
import { EndedRuns } from "./ended-runs.tsx";
import { LiveFailure } from "./live-failure.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { ProjectBoard } from "./project-board.tsx";
import { ProjectHeader } from "./project-header.tsx";
import { Up } from "./up.tsx";

/** One project: how it is heard of, its board live, and every run that ended. */
export function ProjectPage({ name }: { readonly name: string }): JSX.Element {
  const shown = projects.value;
  const project = shown?.find((one) => one.name === name.toLowerCase());
  return (
    <>
      <Up to="#/projects">All projects</Up>
      <LiveFailure />
      {!shown && !failure.value && <LoadingState what="the project" rows={4} />}
      {shown && !project && <p class="notice">This project is not known.</p>}
      {project && project.name !== null && (
        <>
          <ProjectHeader project={project} name={project.name} />
          <ProjectBoard project={project} />
          <EndedRuns project={project} name={project.name} />
        </>
      )}
    </>
  );
}
