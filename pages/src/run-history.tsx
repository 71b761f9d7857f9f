import type { JSX } from "preact";
import type { RunRow, RunView } from "../../core/project/views.ts";
import type { Listed } from "./api.ts";
import { OutsideText } from "./outside-text.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Standing } from "./standing.tsx";
import type { Answer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly run: RunView;
  readonly history: Answer<Listed<RunRow>>;
}

/** The other runs of the same issue. */
export function RunHistory({ run, history }: Props): JSX.Element {
  const others = history.value.value?.items.filter((row) => row.run !== run.run);
  return (
    <section class="panel lines-panel" aria-labelledby="run-history">
      <h3 id="run-history">Other runs of #{run.issue}</h3>
      <Standing answer={history} what="other runs" rows={1} />
      {others?.length === 0 && <p class="quiet">There is no other.</p>}
      {others && others.length > 0 && (
        <ul class="lines">
          {others.map((row) => (
            <li key={row.id}>
              <PhaseBadge phase={row.phase} /> <a href={runAddress(row)}>run {row.run}</a>{" "}
              <span class="quiet">
                {row.endedBecause !== null && (
                  <>
                    <OutsideText text={row.endedBecause} most={120} /> ·{" "}
                  </>
                )}
                {renderUsd(row.usd)} · <Ago at={row.endedAt ?? row.startedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
