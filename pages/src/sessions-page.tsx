import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { SessionView } from "../../core/sessions/views.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { projects } from "./mesh-store.ts";
import { Older } from "./older.tsx";
import { OutsideName } from "./outside-name.tsx";
import { renderUsd } from "./project-list.ts";
import { SessionState } from "./session-state.tsx";
import { Standing } from "./standing.tsx";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

/** It outlives a look at one session. */
const filter = signal({ open: "", project: "" });

/** Every session, newest first: what is at work now, and what can be replayed. */
export function SessionsPage(): JSX.Element {
  const sessions = useList<SessionView>("/sessions", filter.value, changes.runs.value);
  const shown = sessions.value.value?.items;
  const filtered = filter.value.open !== "" || filter.value.project !== "";
  return (
    <section class="history" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      <form class="filters" aria-label="Which sessions" onSubmit={(event) => event.preventDefault()}>
        <label>
          State
          <select value={filter.value.open} onChange={(event) => (filter.value = { ...filter.value, open: event.currentTarget.value })}>
            <option value="">every</option>
            <option value="1">under way</option>
            <option value="0">ended</option>
          </select>
        </label>
        <label>
          Project
          <select
            value={filter.value.project}
            onChange={(event) => (filter.value = { ...filter.value, project: event.currentTarget.value })}
          >
            <option value="">every</option>
            {projects.value?.flatMap(({ name }) => (name === null ? [] : [<option key={name}>{name}</option>]))}
          </select>
        </label>
      </form>
      <Standing answer={sessions} what="sessions" />
      {shown?.length === 0 &&
        (filtered ? (
          <p class="quiet">No session is like that.</p>
        ) : (
          <EmptyState>No session has begun yet. One begins when an issue is planned.</EmptyState>
        ))}
      {shown && shown.length > 0 && (
        <ul class="past">
          {shown.map((session) => (
            <Item key={session.id} session={session} />
          ))}
        </ul>
      )}
      <Older list={sessions} />
    </section>
  );
}

function Item({ session }: { readonly session: SessionView }): JSX.Element {
  const { id, name, issue, run, state, step, agent, usd, startedAt } = session;
  return (
    <li>
      <SessionState state={state} />
      <a href={`#/sessions/${encodeURIComponent(id)}`}>
        {name}#{issue}
        {run > 1 && <span class="quiet"> run {run}</span>}
      </a>
      <span class="quiet">
        {step !== null && (
          <>
            <OutsideName text={step} most={80} /> ·{" "}
          </>
        )}
        {agent !== null && (
          <>
            <OutsideName text={agent} most={80} /> ·{" "}
          </>
        )}
        {renderUsd(usd)} · <Ago at={startedAt} />
      </span>
    </li>
  );
}
