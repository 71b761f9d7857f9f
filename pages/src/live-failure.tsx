import type { JSX } from "preact";
import { FailedState } from "./failed-state.tsx";
import { failure, liveState, projects, refetch } from "./mesh-store.ts";

/** Says that the live state could not be fetched, or may be old because the socket is away. */
export function LiveFailure(): JSX.Element | null {
  const shown = projects.value !== undefined;
  if (failure.value) {
    return <FailedState what="projects" failure={failure.value} old={shown} again={refetch} />;
  }
  if (!shown || liveState.value !== "reconnecting") return null;
  return (
    <p role="status" class="notice">
      What you see may be old: the connection is being made again.
    </p>
  );
}
