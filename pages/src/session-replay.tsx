import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { SessionView } from "../../core/sessions/views.ts";
import { renderBytes } from "./bytes-text.ts";
import { EmptyState } from "./empty-state.tsx";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import type { Playing } from "./player.ts";
import { mostPlayedBytes, readRecording, type LoadedRecording } from "./recording-load.ts";

const speeds = [0.5, 1, 2, 4, 8, 16] as const;

/** What a session has written so far, played as it was written. asciinema-player is fetched only for it. */
export function SessionReplay({ session }: { readonly session: SessionView }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const playing = useRef<Playing | undefined>(undefined);
  const standing = useSignal<"loading" | "ready" | "empty" | { readonly failed: string }>("loading");
  const speed = useSignal(1);
  const tries = useSignal(0);
  const come = useSignal(0);
  const isCut = useSignal(false);
  useEffect(() => {
    const asked = new AbortController();
    standing.value = "loading";
    speed.value = 1;
    come.value = 0;
    isCut.value = false;
    Promise.all([recordingOf(session.id, asked.signal, (bytes) => (come.value = bytes)), import("./player.ts")]).then(
      ([recording, { openPlayer }]) => {
        const { cast } = recording;
        if (asked.signal.aborted || !place.current) return;
        // A header alone has nothing to play.
        if (cast.trim().split("\n").length < 2) return void (standing.value = "empty");
        playing.current = openPlayer(place.current, cast);
        isCut.value = recording.isCut;
        standing.value = "ready";
      },
      (thrown: unknown) => {
        if (!asked.signal.aborted) standing.value = { failed: thrown instanceof Error ? thrown.message : String(thrown) };
      },
    );
    return () => {
      asked.abort();
      playing.current?.end();
      playing.current = undefined;
    };
  }, [session.id, tries.value]);
  const stands = standing.value;
  return (
    <>
      {stands === "loading" && (
        <LoadingState what={come.value < 1_048_576 ? "the recording" : `the recording (${renderBytes(come.value)} have come)`} />
      )}
      {stands === "empty" && <EmptyState small>Nothing was recorded yet.</EmptyState>}
      {typeof stands === "object" && (
        <FailedState what="the recording" failure={{ detail: stands.failed }} again={() => (tries.value += 1)} />
      )}
      {isCut.value && (
        <p role="status" class="notice">
          The recording is longer than can be played here: this is its beginning, {renderBytes(mostPlayedBytes)}. The whole of it is in the
          download “Recording” below.
        </p>
      )}
      <div class="player-place" ref={place} />
      {stands === "ready" && (
        <div class="line">
          <label for="speed">Speed</label>
          <select
            id="speed"
            value={speed.value}
            onChange={(event) => {
              speed.value = Number(event.currentTarget.value);
              playing.current?.speed(speed.value);
            }}
          >
            {speeds.map((times) => (
              <option key={times} value={times}>
                {times}×
              </option>
            ))}
          </select>
          <span class="quiet">Space plays and pauses, ← and → seek, 0–9 jump. Pauses are cut to 3 s.</span>
        </div>
      )}
    </>
  );
}

async function recordingOf(id: string, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<LoadedRecording> {
  const response = await fetch(`/api/sessions/${encodeURIComponent(id)}/recording.cast`, { credentials: "same-origin", signal });
  if (!response.ok || response.body === null) throw new Error(`The mesh answered ${response.status}.`);
  return readRecording(response.body, onProgress);
}
