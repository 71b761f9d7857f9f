import type { JSX } from "preact";
import { Refusal } from "./refusal.tsx";
import type { List } from "./use-list.ts";

/** Leads to the page after what is shown; nothing at the end. */
export function Older({ list }: { readonly list: Omit<List<unknown>, "show"> }): JSX.Element | null {
  if ((list.value.value?.cursor ?? null) === null) return null;
  return (
    <div class="line">
      <button class="plain" disabled={list.busy.value} onClick={() => void list.more()}>
        {list.busy.value ? "Loading…" : "Older"}
      </button>
      <Refusal failure={list.refused.value} />
    </div>
  );
}
