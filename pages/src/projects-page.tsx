import type { JSX } from "preact";
import { LiveFailure } from "./live-failure.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { NoProject } from "./no-project.tsx";
import { ProjectSection } from "./project-section.tsx";

/** Every project with its runs, live. */
export function ProjectsPage(): JSX.Element {
  const shown = projects.value;
  return (
    <>
      <LiveFailure />
      {!shown && !failure.value && <LoadingState what="projects" rows={3} />}
      {shown?.length === 0 && <NoProject />}
      {shown?.map((project) => (
        <ProjectSection key={project.key} project={project} />
      ))}
    </>
  );
}
