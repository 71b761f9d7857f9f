import type { JSX } from "preact";
import type { SessionView } from "../../core/sessions/views.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { GivenOption } from "./given-option.tsx";
import { projects } from "./mesh-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { PagedList } from "./paged-list.tsx";
import { placeQuery, showQuery } from "./place.ts";
import { renderUsd } from "./project-list.ts";
import { SessionState } from "./session-state.tsx";
import { Standing } from "./standing.tsx";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

/** Every session, newest first: what is at work now, and what can be replayed. */
export function SessionsPage(): JSX.Element {
  // In the address, so that it is there again after a look at one session.
  const open = placeQuery.value.get("open") ?? "";
  const filter = { open: open === "0" || open === "1" ? open : "", project: placeQuery.value.get("project") ?? "" };
  const filterBy = (by: Partial<typeof filter>) => showQuery("/sessions", { ...filter, ...by });
  const sessions = useList<SessionView>("/sessions", filter, changes.runs.value, { keyOf: ({ id }) => id });
  const names = projects.value?.flatMap(({ name }) => name ?? []) ?? [];
  const shown = sessions.value.value?.items;
  const filtered = filter.open !== "" || filter.project !== "";
  return (
    <section class="history" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      <form class="filters" aria-label="Which sessions" onSubmit={(event) => event.preventDefault()}>
        <label>
          State
          <select value={filter.open} onChange={(event) => filterBy({ open: event.currentTarget.value })}>
            <option value="">every</option>
            <option value="1">under way</option>
            <option value="0">ended</option>
          </select>
        </label>
        <label>
          Project
          <select value={filter.project} onChange={(event) => filterBy({ project: event.currentTarget.value })}>
            <option value="">every</option>
            <GivenOption value={filter.project} known={["", ...names]} />
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </form>
      <Standing answer={sessions} what="sessions" />
      {shown?.length === 0 &&
        (filtered ? (
          <EmptyState small>
            No session is like that. <a href="#/sessions">Show all</a>
          </EmptyState>
        ) : (
          <EmptyState>No session has begun yet. One begins when an issue is planned.</EmptyState>
        ))}
      {shown && shown.length > 0 && (
        <PagedList
          list={sessions}
          items={shown}
          keyOf={({ id }) => id}
          row={(session) => <Row session={session} />}
          estimate={44}
          label="Sessions, newest first"
        />
      )}
    </section>
  );
}

function Row({ session }: { readonly session: SessionView }): JSX.Element {
  const { id, name, issue, run, state, step, agent, usd, startedAt } = session;
  return (
    <>
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
    </>
  );
}
