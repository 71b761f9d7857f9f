import type { JSX } from "preact";
import type { DayBudget } from "../../core/mesh-spend.ts";
import { DayBar } from "./day-bar.tsx";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { dayCaps, projects } from "./mesh-store.ts";
import { dayLines, type Usage } from "./overview.ts";
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
      {day && <DayBar line={{ name: "All projects", usd: day.usd, capUsd: day.capUsd }} />}
      {spent && lines.map((line) => <DayBar key={line.name} line={line} />)}
      {spent && lines.length === 0 && <p class="quiet">Nothing was spent today, and no project has a limit for the day.</p>}
      <p class="quiet">
        The day is that of UTC. <a href="#/cost">What everything has cost</a>
      </p>
    </section>
  );
}
