import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { RunRow } from "../../core/project/views.ts";
import { get, type ApiFailure, type Listed } from "./api.ts";
import { EmptyState } from "./empty-state.tsx";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Ago } from "./when.tsx";

interface Usage {
  readonly total: { readonly usd: number };
  readonly byDay: readonly { readonly day: string; readonly usd: number }[];
}

/** Everything that ended, from the read model, and what it has cost. */
export function HistoryPage(): JSX.Element {
  const runs = useSignal<readonly RunRow[] | undefined>(undefined);
  const cursor = useSignal<string | number | null>(null);
  const usage = useSignal<Usage | undefined>(undefined);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const busy = useSignal(false);

  async function load(after: string | number | null): Promise<void> {
    busy.value = true;
    const answer = await get<Listed<RunRow>>(`/runs?active=0&fields=row${after === null ? "" : `&cursor=${encodeURIComponent(after)}`}`);
    busy.value = false;
    failure.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return;
    runs.value = [...(after === null ? [] : (runs.value ?? [])), ...answer.value.items];
    cursor.value = answer.value.cursor;
  }
  useEffect(() => {
    void load(null);
    void get<Usage>("/usage").then((answer) => {
      if (answer.ok) usage.value = answer.value;
    });
  }, []);

  return (
    <section class="history" aria-label="History">
      {usage.value && (
        <p class="quiet">
          Spent {renderUsd(usage.value.total.usd)} in all
          {usage.value.byDay[0] && `; ${renderUsd(usage.value.byDay[0].usd)} on ${usage.value.byDay[0].day} (UTC)`}.
        </p>
      )}
      {failure.value && <FailedState what="history" failure={failure.value} old={runs.value !== undefined} again={() => load(null)} />}
      {!runs.value && !failure.value && <LoadingState what="history" rows={6} low />}
      {runs.value?.length === 0 && <EmptyState>No run has ended yet.</EmptyState>}
      {runs.value && runs.value.length > 0 && (
        <ul class="past">
          {runs.value.map((run) => (
            <li key={run.id}>
              <PhaseBadge phase={run.phase} />
              <a href={runAddress(run)}>{run.id}</a>
              <span class="past-title">
                <bdi>{run.title}</bdi>
              </span>
              <span class="quiet">
                {run.endedBecause && `${run.endedBecause} · `}
                {renderUsd(run.usd)} · <Ago at={run.endedAt ?? run.startedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {cursor.value !== null && (
        <button disabled={busy.value} onClick={() => void load(cursor.value)}>
          {busy.value ? "Loading…" : "Older"}
        </button>
      )}
    </section>
  );
}
