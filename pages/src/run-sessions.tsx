import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import type { SessionView } from "../../core/sessions/views.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { renderUsd } from "./project-list.ts";
import { SessionState } from "./session-state.tsx";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

/** The sessions of an issue, each to be watched or replayed; the run's own is there as soon as it is live. */
export function RunSessions({ run }: { readonly run: RunView }): JSX.Element {
  const query = new URLSearchParams({ project: run.name, issue: String(run.issue) }).toString();
  const answer = useAnswer<Listed<SessionView>>(`/sessions?${query}`, changes.runs.value);
  const told = answer.value.value?.items ?? [];
  const own = run.session && !told.some(({ id }) => id === run.session?.id) ? run.session : null;
  return (
    <section class="panel lines-panel" aria-labelledby="run-sessions">
      <h3 id="run-sessions">Sessions</h3>
      <Standing answer={answer} what="sessions" rows={1} />
      {answer.value.value && told.length === 0 && !own && <p class="quiet">No session has begun.</p>}
      <ul class="lines">
        {own && (
          <li>
            <a href={`#/sessions/${encodeURIComponent(own.id)}`}>{run.endedAt === null ? "Watch" : "Replay"} the session of this run</a>
            {own.agent !== null && (
              <span class="quiet">
                {" "}
                on <a href={`#/agents/${encodeURIComponent(own.agent)}`}>{own.agent}</a>
              </span>
            )}
          </li>
        )}
        {told.map(({ id, run: number, state, agent, usd, startedAt, endedAt }) => (
          <li key={id}>
            <SessionState state={state} />{" "}
            <a href={`#/sessions/${encodeURIComponent(id)}`}>
              {endedAt === null ? "Watch" : "Replay"} the session of run {number}
            </a>{" "}
            <span class="quiet">
              {agent !== null && `${agent} · `}
              {renderUsd(usd)} · <Ago at={startedAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
