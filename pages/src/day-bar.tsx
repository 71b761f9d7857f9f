import type { JSX } from "preact";
import type { DayLine } from "./overview.ts";
import { renderUsd } from "./project-list.ts";

/** What something has cost on a day, of what it may. */
export function DayBar({ line: { name, usd, capUsd } }: { readonly line: DayLine }): JSX.Element {
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
