import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Fact } from "./fact.tsx";
import { platformUsd, type PlatformCounts } from "./platform-price.ts";
import { renderUsd } from "./project-list.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";

/** What the control plane itself has used, asked for once it is opened: every object is asked. */
export function PlatformCost(): JSX.Element {
  const open = useSignal(false);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>What Cloudflare counts</summary>
      {open.value && <Counts />}
    </details>
  );
}

function Counts(): JSX.Element {
  const costs = useAnswer<{ readonly total: PlatformCounts }>("/ops/costs");
  const total = costs.value.value?.total;
  return (
    <div class="stack part">
      <Standing answer={costs} what="what Cloudflare counts" rows={2} />
      {total && (
        <>
          <dl class="facts">
            <Fact name="Worker requests">{count(total.workerRequests)}</Fact>
            <Fact name="Object requests">{count(total.requests)}</Fact>
            <Fact name="Rows written">{count(total.rowsWritten)}</Fact>
            <Fact name="Rows read">{count(total.rowsRead)}</Fact>
            <Fact name="Queue operations">{count(total.queueOperations)}</Fact>
            <Fact name="GB-s in memory">{count(total.gbSeconds)}</Fact>
            <Fact name="At list prices">{renderUsd(platformUsd(total))}</Fact>
          </dl>
          <p class="quiet">
            By the mesh's own counters, since its objects exist. The price is that of 2026-11 and leaves out what the plan includes each
            month, so that what is billed is less.
          </p>
        </>
      )}
    </div>
  );
}

function count(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString("en");
}
