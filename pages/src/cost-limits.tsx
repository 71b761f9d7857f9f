import type { JSX } from "preact";
import { DayBar } from "./day-bar.tsx";
import { dayCaps, projects } from "./mesh-store.ts";
import { dayBegin, dayLines, type MeshState, type Usage } from "./overview.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { now } from "./when.tsx";

/** What today has cost of what it may, where there is a limit: of the whole mesh, and of each project or the one given. */
export function CostLimits({ project }: { readonly project: string }): JSX.Element | null {
  const minute = Math.floor(now.value / 60_000);
  const usage = useAnswer<Usage>(`/usage?since=${dayBegin(now.value)}`, minute);
  const mesh = useAnswer<MeshState>("/ops/state", minute);
  const today = usage.value.value;
  const day = mesh.value.value?.day ?? null;
  const failed = [usage, mesh].find(({ failure }) => failure.value !== undefined);
  const limited = dayLines(projects.value ?? [], today?.byProject ?? [], dayCaps.value).filter(
    ({ name, capUsd }) => capUsd !== null && (project === "" || name === project),
  );
  if (failed) return <Standing answer={failed} what="limits of today" />;
  if (!today || (day === null && limited.length === 0)) return null;
  return (
    <section class="stack" aria-labelledby="limits">
      <h3 id="limits">Limits of today (UTC)</h3>
      {day && <DayBar line={{ name: "All projects", usd: day.usd, capUsd: day.capUsd }} />}
      {limited.map((line) => (
        <DayBar key={line.name} line={line} />
      ))}
    </section>
  );
}
