import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { SessionSnapshot, SessionView } from "../../core/sessions/views.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { useScreen } from "./use-screen.ts";
import { now, renderClock } from "./when.tsx";

type Snapshot = SessionSnapshot & { readonly seq: number };

/** A session's screens at its start, questions, answers, end and failures; the one chosen is shown. */
export function SessionSnapshots({ session }: { readonly session: SessionView }): JSX.Element {
  const answer = useAnswer<Listed<Snapshot>>(`/sessions/${encodeURIComponent(session.id)}/snapshots`, changes.runs.value);
  const chosen = useSignal<number | undefined>(undefined);
  const snapshots = answer.value.value?.items;
  const shown = snapshots?.find(({ seq }) => seq === chosen.value);
  return (
    <section class="stack" aria-labelledby="snapshots">
      <h2 id="snapshots">Screens</h2>
      <Standing answer={answer} what="screens" />
      {snapshots?.length === 0 && <p class="quiet">No screen was kept yet.</p>}
      <div class="line">
        {snapshots?.map(({ seq, kind, at }) => (
          <button
            key={seq}
            class="plain"
            aria-pressed={seq === chosen.value}
            onClick={() => (chosen.value = seq === chosen.value ? undefined : seq)}
          >
            {kind} <span class="quiet">{renderClock(at, now.value)}</span>
          </button>
        ))}
      </div>
      {shown && <Shown key={shown.seq} snapshot={shown} />}
    </section>
  );
}

function Shown({ snapshot }: { readonly snapshot: Snapshot }): JSX.Element {
  const { place, loading } = useScreen(
    snapshot,
    (screen) => {
      screen.write(snapshot.screen);
      return undefined;
    },
    String(snapshot.seq),
  );
  return (
    <>
      {loading.value === "failed" && <p role="alert">The terminal could not be loaded. Load the page again.</p>}
      <div class="terminal-place" role="region" aria-label={`Screen at its ${snapshot.kind}`} ref={place} />
    </>
  );
}
