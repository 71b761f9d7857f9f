import type { JSX } from "preact";
import type { RunRow } from "../../core/project/views.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PagedList } from "./paged-list.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

interface Usage {
  readonly total: { readonly usd: number };
  readonly byDay: readonly { readonly day: string; readonly usd: number }[];
}

/** Everything that ended, from the read model, and what it has cost. */
export function HistoryPage(): JSX.Element {
  const runs = useList<RunRow>("/runs", { active: "0", fields: "row" }, changes.runs.value, { keyOf: ({ id }) => id });
  const usage = useAnswer<Usage>("/usage");
  const shown = runs.value.value?.items;
  const spent = usage.value.value;
  return (
    <section class="history" aria-label="History">
      {usage.failure.value && <Standing answer={usage} what="what was spent" />}
      <p class="quiet">
        {spent ? `Spent ${renderUsd(spent.total.usd)} in all` : "…"}
        {spent?.byDay[0] && `; ${renderUsd(spent.byDay[0].usd)} on ${spent.byDay[0].day} (UTC)`}
        {spent && "."}
      </p>
      <Standing answer={runs} what="history" />
      {shown?.length === 0 && <EmptyState>No run has ended yet.</EmptyState>}
      {shown && shown.length > 0 && (
        <PagedList
          list={runs}
          items={shown}
          keyOf={({ id }) => id}
          row={(run) => <Row run={run} />}
          estimate={64}
          label="Runs that ended, newest first"
        />
      )}
    </section>
  );
}

function Row({ run }: { readonly run: RunRow }): JSX.Element {
  return (
    <>
      <PhaseBadge phase={run.phase} />
      <a href={runAddress(run)}>{run.id}</a>
      <span class="past-title">
        <OutsideText text={run.title} most={200} />
      </span>
      <span class="quiet">
        {run.endedBecause && (
          <>
            <OutsideText text={run.endedBecause} most={200} /> ·{" "}
          </>
        )}
        {renderUsd(run.usd)} · <Ago at={run.endedAt ?? run.startedAt} />
      </span>
    </>
  );
}
