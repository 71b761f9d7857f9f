import type { JSX } from "preact";
import { LiveFailure } from "./live-failure.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { ProjectSection } from "./project-section.tsx";
import { Up } from "./up.tsx";

/** One project with its runs, live. */
export function ProjectPage({ name }: { readonly name: string }): JSX.Element {
  const shown = projects.value;
  const project = shown?.find((one) => one.name === name.toLowerCase());
  return (
    <>
      <Up to="#/projects">All projects</Up>
      <LiveFailure />
      {!shown && !failure.value && <LoadingState what="the project" rows={2} />}
      {shown && !project && <p class="notice">This project is not known.</p>}
      {project && <ProjectSection project={project} alone />}
    </>
  );
}
