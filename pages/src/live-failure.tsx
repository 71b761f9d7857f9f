import type { JSX } from "preact";
import { FailedState } from "./failed-state.tsx";
import { failure, projects, refetch } from "./mesh-store.ts";

/** Says that the live state could not be fetched; that the socket is away is said above every page. */
export function LiveFailure(): JSX.Element | null {
  if (!failure.value) return null;
  return <FailedState what="projects" failure={failure.value} old={projects.value !== undefined} again={refetch} />;
}
