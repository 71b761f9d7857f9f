import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { DayBudget } from "../../core/mesh-spend.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { role } from "./mesh-store.ts";
import { OutsideText } from "./outside-text.tsx";
import { Refusal } from "./refusal.tsx";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

interface MeshState {
  /** What all projects have cost today; null without a cap. */
  readonly day?: DayBudget | null;
  readonly stopped: { readonly at: number; readonly by: string; readonly reason: string } | null;
}

/** Stops and starts the whole mesh. */
export function MeshSwitch({
  settings,
}: {
  /** Of the mesh: read anew when they change. */ readonly settings: object | undefined;
}): JSX.Element | null {
  const answer = useAnswer<MeshState>("/ops/state");
  const state = answer.value;
  const reason = useSignal("");
  const command = useCommand();
  const seen = useRef(settings);
  useEffect(() => {
    // What is set when the page is opened was not changed by anybody.
    if (seen.current !== undefined && seen.current !== settings) void answer.again();
    seen.current = settings;
  }, [settings]);
  if (!state.value) return <Standing answer={answer} what="whether the mesh is at work" rows={2} />;
  const { stopped, day } = state.value;
  async function turn(event: Event): Promise<void> {
    event.preventDefault();
    const turned = await command.run(() =>
      post<MeshState>(stopped ? "/ops/start" : "/ops/stop", stopped ? undefined : { reason: reason.value }),
    );
    if (!turned) return;
    answer.show({ ...state.value, stopped: turned.value.stopped });
    reason.value = "";
  }
  return (
    <section class={`panel${stopped ? " stopped" : ""}`} aria-labelledby="switch">
      <h2 id="switch">{stopped ? "The mesh is stopped" : "The mesh is at work"}</h2>
      <p class="quiet">
        {stopped ? (
          <>
            by {stopped.by} · <Ago at={stopped.at} />
            {stopped.reason !== "" && (
              <>
                {" · "}
                <OutsideText text={stopped.reason} most={300} />
              </>
            )}
            . What comes in is recorded; no session begins.
          </>
        ) : (
          "Stopped, no session begins and running ones end their step; what comes in is recorded. Nothing is lost."
        )}
      </p>
      {day && <p role="status">{daySentence(day)}</p>}
      {role.value === "operator" && (
        <form class="line" onSubmit={(event) => void turn(event)}>
          {!stopped && (
            <>
              <label for="stop-reason" class="unseen">
                Why it is stopped
              </label>
              <input
                id="stop-reason"
                placeholder="why (optional)"
                maxLength={500}
                value={reason.value}
                onInput={(event) => (reason.value = event.currentTarget.value)}
              />
            </>
          )}
          <button type="submit" class={stopped ? undefined : "danger"} disabled={command.busy.value}>
            {command.busy.value ? "One moment…" : stopped ? "Start the mesh" : "Stop the mesh"}
          </button>
        </form>
      )}
      <Refusal failure={command.failure.value} />
    </section>
  );
}

function daySentence({ usd, capUsd, reached }: DayBudget): string {
  const spent = `All projects have spent $${usd.toFixed(2)} of $${capUsd.toFixed(2)} today (UTC)`;
  return reached ? `${spent}: no session begins until tomorrow, or until “Mesh per day” below is raised.` : `${spent}.`;
}
