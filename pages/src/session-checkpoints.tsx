import type { JSX } from "preact";
import type { SessionView } from "../../core/sessions/views.ts";
import { changes } from "./changes.ts";
import { Older } from "./older.tsx";
import { OutsideText } from "./outside-text.tsx";
import { Standing } from "./standing.tsx";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

interface Checkpoint {
  readonly seq: number;
  readonly at: number;
  readonly agent: string | null;
  readonly gitStatus?: string;
  readonly diffStat?: string;
  readonly tail?: string;
  readonly because?: "commit" | "push" | "park";
  readonly pendingQuestion?: string;
}

/** What a session's worktree looked like, newest first. */
export function SessionCheckpoints({ session }: { readonly session: SessionView }): JSX.Element {
  const checkpoints = useList<Checkpoint>(`/sessions/${encodeURIComponent(session.id)}/checkpoints`, {}, changes.runs.value);
  const shown = checkpoints.value.value?.items;
  return (
    <section class="history" aria-labelledby="checkpoints">
      <h2 id="checkpoints">Checkpoints</h2>
      <Standing answer={checkpoints} what="checkpoints" />
      {shown?.length === 0 && <p class="quiet">None was taken yet.</p>}
      {shown && shown.length > 0 && (
        <ul class="past">
          {shown.map((checkpoint) => (
            <li key={checkpoint.seq} class="task">
              <details>
                <summary>
                  {checkpoint.because === undefined ? "On the way" : `Before a ${checkpoint.because}`}{" "}
                  <span class="quiet">
                    {lastLine(checkpoint.diffStat)} · <Ago at={checkpoint.at} />
                  </span>
                </summary>
                <Part name="Waits for an answer to" text={checkpoint.pendingQuestion} />
                <Part name="Changed files" text={checkpoint.gitStatus} code />
                <Part name="Differences" text={checkpoint.diffStat} code />
                <Part name="Last output" text={checkpoint.tail} code />
              </details>
            </li>
          ))}
        </ul>
      )}
      <Older list={checkpoints} />
    </section>
  );
}

function Part({ name, text = "", code = false }: { readonly name: string; readonly text?: string | undefined; readonly code?: boolean }) {
  if (text.trim() === "") return null;
  const shown = <OutsideText text={text} most={2_000} block />;
  return (
    <div class="part">
      <h3>{name}</h3>
      {code ? <code>{shown}</code> : shown}
    </div>
  );
}

/** Where git sums up: `3 files changed, 20 insertions(+)`. */
function lastLine(diffStat = ""): string {
  return diffStat.trim().split("\n").at(-1)?.trim() || "nothing changed";
}
