import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ProjectView, RunRow } from "../../core/project/views.ts";
import { endedRows } from "./board-columns.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { OutsideName } from "./outside-name.tsx";
import { PagedList } from "./paged-list.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { placeQuery, showQuery } from "./place.ts";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Standing } from "./standing.tsx";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly project: ProjectView;
  readonly name: string;
}

const pauseMs = 250;

/** Every run of a project that ended, as far back as one scrolls. */
export function EndedRuns({ project, name }: Props): JSX.Element {
  // In the address, so that it is there again after a look at one run.
  const filter = { phase: placeQuery.value.get("phase") ?? "", title: placeQuery.value.get("title") ?? "" };
  const typed = useSignal(filter.title);
  const filterBy = (by: Partial<typeof filter>) => showQuery(`/projects/${name}`, { ...filter, ...by }, true);
  useEffect(() => {
    if (typed.value === filter.title) return;
    const timer = setTimeout(() => filterBy({ title: typed.value }), pauseMs);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const ended = useList<RunRow>("/runs", { project: name, active: "0", fields: "row", ...filter }, changes.runs.value, {
    keyOf: ({ id }) => id,
    pageSize: 100,
  });
  const told = ended.value.value;
  const rows = told && endedRows(told, project.runs, filter);
  const isFiltered = filter.phase !== "" || filter.title !== "";
  return (
    <section class="history" aria-labelledby="ended">
      <h2 id="ended">Runs that ended</h2>
      <form class="filters" aria-label="Which runs" onSubmit={(event) => event.preventDefault()}>
        <label>
          Outcome
          <select value={filter.phase} onChange={(event) => filterBy({ phase: event.currentTarget.value })}>
            <option value="">every</option>
            <option value="ACCEPTED">accepted</option>
            <option value="FAILED">failed</option>
            <option value="CANCELLED">cancelled</option>
          </select>
        </label>
        <label>
          Title has
          <input type="search" maxLength={200} value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />
        </label>
      </form>
      <Standing answer={ended} what="runs that ended" rows={8} />
      {rows?.length === 0 &&
        (isFiltered ? (
          <EmptyState small>No run that ended is like that.</EmptyState>
        ) : (
          <EmptyState small>No run has ended yet.</EmptyState>
        ))}
      {rows && rows.length > 0 && (
        <PagedList
          list={ended}
          items={rows}
          keyOf={({ id }) => id}
          row={(row) => <Row row={row} />}
          estimate={56}
          label="Runs that ended"
          class="ended"
        />
      )}
    </section>
  );
}

function Row({ row }: { readonly row: RunRow }): JSX.Element {
  return (
    <>
      <PhaseBadge phase={row.phase} />
      <a class="past-title" href={runAddress(row)}>
        <span class="number">#{row.issue}</span> <OutsideName text={row.title} />
        {row.run > 1 && <span class="quiet"> run {row.run}</span>}
      </a>
      <span class="quiet">
        {renderUsd(row.usd)} · <Ago at={row.endedAt ?? row.startedAt} />
      </span>
    </>
  );
}
