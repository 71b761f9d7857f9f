import { useSignal, type ReadonlySignal } from "@preact/signals";
import { get, type ApiFailure, type Listed } from "./api.ts";
import { useAsked, type Answer } from "./use-answer.ts";

/** A list page by page, newest first. */
export interface List<T> extends Answer<Listed<T>> {
  readonly busy: ReadonlySignal<boolean>;
  /** Why the page after what is shown did not come. */
  readonly refused: ReadonlySignal<ApiFailure | undefined>;
  /** Fetches the page after what is shown. */
  readonly more: () => Promise<void>;
}

const pageSize = 50;
/** The most the API gives at once. */
const mostAtOnce = 200;

/** Lists what `path` has with `query`; when `change` counts on, as much as is shown is asked for anew. */
export function useList<T>(path: string, query: Readonly<Record<string, string>>, change: number): List<T> {
  const busy = useSignal(false);
  const refused = useSignal<ApiFailure | undefined>(undefined);
  const address = (more: Readonly<Record<string, string>>) =>
    `${path}?${new URLSearchParams({ ...Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "")), ...more }).toString()}`;
  const answer: Answer<Listed<T>> = useAsked<Listed<T>>(address({}), change, () =>
    get(address({ limit: String(Math.min(mostAtOnce, Math.max(pageSize, answer.value.peek()?.items.length ?? 0))) })),
  );
  async function more(): Promise<void> {
    const shown = answer.value.value;
    if (busy.value || !shown || shown.cursor === null) return;
    busy.value = true;
    const next = await get<Listed<T>>(address({ limit: String(pageSize), cursor: String(shown.cursor) }));
    busy.value = false;
    // Another list, or a newer one, has come meanwhile: what follows the old one would not follow it.
    if (answer.value.value !== shown) return;
    refused.value = next.ok ? undefined : next.error;
    if (!next.ok) return;
    answer.show({ items: [...shown.items, ...next.value.items], cursor: next.value.cursor });
  }
  return { ...answer, busy, refused, more };
}
