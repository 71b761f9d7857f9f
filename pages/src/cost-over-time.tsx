import type { JSX } from "preact";
import type { Usage } from "../../core/usage.ts";
import { Chart } from "./chart.tsx";
import { dayBuckets, hourBuckets, showsHours, type CostRange } from "./cost-range.ts";
import { CostTable } from "./cost-table.tsx";
import { renderUsd } from "./project-list.ts";

/** By hour or, of a longer time, by day: bars, and the same as a table. */
export function CostOverTime({ usage, range }: { readonly usage: Usage; readonly range: CostRange }): JSX.Element {
  const isByHour = showsHours(range);
  const buckets = isByHour ? hourBuckets(range, usage.byHour) : dayBuckets(range, usage.byDay);
  const title = isByHour ? "By hour" : "By day";
  const dearest = buckets.reduce((most, bucket) => (bucket.usd > most.usd ? bucket : most), buckets[0] ?? { usd: 0, label: "" });
  const spent = buckets.filter(({ usd, inputTokens }) => usd > 0 || inputTokens > 0);
  return (
    <section class="stack">
      <h3>{title}</h3>
      <Chart
        label={`${title}, ${buckets[0]?.label ?? ""} to ${buckets.at(-1)?.label ?? ""}: at most ${renderUsd(dearest.usd)}, ${dearest.label}`}
        table="cost-over-time"
        bars={buckets.map(({ short, usd }) => ({ label: short, value: usd }))}
        render={renderAxis}
      />
      <details>
        <summary>As a table</summary>
        <CostTable
          id="cost-over-time"
          caption={`${title}; what is not listed has cost nothing`}
          head={isByHour ? "hour" : "day"}
          lines={spent.map(({ label, ...rest }) => ({ ...rest, key: label, what: label }))}
        />
      </details>
    </section>
  );
}

function renderAxis(usd: number): string {
  return usd === 0 ? "$0" : usd < 0.1 ? renderUsd(usd) : `$${usd.toFixed(usd < 10 ? 2 : 0)}`;
}
