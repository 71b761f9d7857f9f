import type { JSX } from "preact";
import { failure, liveState, projects, refetch } from "./mesh-store.ts";

/** Says that the live state could not be fetched, or may be old because the socket is away. */
export function LiveFailure(): JSX.Element | null {
  const shown = projects.value !== undefined;
  if (failure.value) {
    return (
      <p role="alert" class="notice bad">
        {shown ? "What you see may be old. " : ""}
        {failure.value.detail} <button onClick={() => void refetch()}>Try again</button>
      </p>
    );
  }
  if (!shown || liveState.value !== "reconnecting") return null;
  return (
    <p role="status" class="notice">
      What you see may be old: the connection is being made again.
    </p>
  );
}
