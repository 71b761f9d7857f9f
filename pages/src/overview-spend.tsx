import type { JSX } from "preact";
import type { DayBudget } from "../../core/mesh-spend.ts";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { dayCaps, projects } from "./mesh-store.ts";
import { dayLines, type DayLine, type Usage } from "./overview.ts";
import { renderUsd } from "./project-list.ts";
import type { Answer } from "./use-answer.ts";

interface Props {
  readonly usage: Answer<Usage>;
  readonly day: DayBudget | null;
}

/** What today has cost, by project, against what each and the whole mesh may. */
export function OverviewSpend({ usage, day }: Props): JSX.Element {
  const spent = usage.value.value;
  const lines = dayLines(projects.value ?? [], spent?.byProject ?? [], dayCaps.value);
  return (
    <section class="stack" aria-labelledby="today">
      <h2 id="today">Today</h2>
      {usage.failure.value && (
        <FailedState what="what today has cost" failure={usage.failure.value} old={spent !== undefined} again={usage.again} />
      )}
      {!spent && !usage.failure.value && <LoadingState what="what today has cost" low />}
      {day && <Bar line={{ name: "All projects", usd: day.usd, capUsd: day.capUsd }} />}
      {spent && lines.map((line) => <Bar key={line.name} line={line} />)}
      {spent && lines.length === 0 && <p class="quiet">Nothing was spent today, and no project has a limit for the day.</p>}
      <p class="quiet">
        The day is that of UTC. <a href="#/history">What everything has cost</a>
      </p>
    </section>
  );
}

function Bar({ line: { name, usd, capUsd } }: { readonly line: DayLine }): JSX.Element {
  const said =
    capUsd === null ? `${renderUsd(usd)}, no limit` : `${renderUsd(usd)} of ${renderUsd(capUsd)}${usd >= capUsd ? ": reached" : ""}`;
  return (
    <div class="day">
      <span>{name}</span>
      <span class="quiet">{said}</span>
      {capUsd !== null && (
        <meter min={0} max={Math.max(capUsd, 0.01)} high={capUsd * 0.8} value={Math.min(usd, capUsd)} aria-label={`${name}: ${said}`} />
      )}
    </div>
  );
}
