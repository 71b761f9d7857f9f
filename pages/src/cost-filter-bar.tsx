import type { JSX } from "preact";
import { costAddress, everyCost, type CostFilter } from "./cost-filter.ts";
import { costRanges, type CostRange, type CostRangeName } from "./cost-range.ts";
import { agentWord, phaseWord } from "./cost-words.ts";
import { MomentField } from "./moment-field.tsx";
import { goTo } from "./place.ts";

interface Props {
  readonly filter: CostFilter;
  readonly range: CostRange;
}

/** Which time, and what it is narrowed to; each of these is taken away again by a link. */
export function CostFilterBar({ filter, range }: Props): JSX.Element {
  const iso = (at: number) => new Date(at).toISOString();
  const [since, until] = [filter.since || iso(range.since), filter.until || iso(range.until)];
  const exactly = (more: { since?: string; until?: string }) => {
    const next = { since, until, ...more };
    if (next.since !== "" && next.until !== "" && next.since < next.until) goTo(costAddress({ ...filter, range: "", ...next }));
  };
  const narrowed = [
    { word: filter.project && filter.issue ? `${filter.project}#${filter.issue}` : filter.project, without: { project: "", issue: "" } },
    { word: filter.agent && agentWord(filter.agent === "-" ? null : filter.agent), without: { agent: "" } },
    { word: filter.phase && phaseWord(filter.phase), without: { phase: "" } },
  ].filter(({ word }) => word !== "");
  return (
    <div class="filter-form">
      <nav class="ranges" aria-label="Time">
        {(Object.keys(costRanges) as CostRangeName[]).map((name) => (
          <a
            key={name}
            href={costAddress({ ...filter, range: name, since: "", until: "" })}
            aria-current={filter.range === name ? "true" : undefined}
          >
            {costRanges[name]}
          </a>
        ))}
      </nav>
      <details open={filter.range === ""}>
        <summary>Exactly</summary>
        <form class="filters" aria-label="Exact time" onSubmit={(event) => event.preventDefault()}>
          <MomentField label="From" value={since} onValue={(value) => exactly({ since: value })} />
          <MomentField label="Until" value={until} onValue={(value) => exactly({ until: value })} />
        </form>
      </details>
      {narrowed.length > 0 && (
        <p class="narrowed">
          Only{" "}
          {narrowed.map(({ word, without }) => (
            <a key={word} href={costAddress({ ...filter, ...without })} aria-label={`Not only ${word}`}>
              <bdi>{word}</bdi> ✕
            </a>
          ))}
          {narrowed.length > 1 && (
            <a href={costAddress({ ...everyCost, range: filter.range, since: filter.since, until: filter.until })}>all ✕</a>
          )}
        </p>
      )}
    </div>
  );
}
