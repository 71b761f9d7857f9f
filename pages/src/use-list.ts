import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
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

/** How a list is asked for. */
interface Asked<T> {
  /** Tells items apart. With it what is shown stays when it is asked for anew, however much that is; without it 200 stay. */
  readonly keyOf?: (item: T) => string;
  readonly pageSize?: number;
}

/** The most the API gives at once. */
const mostAtOnce = 200;

/** Lists what `path` has with `query`; when `change` counts on, as much as is shown is asked for anew. */
export function useList<T>(
  path: string,
  query: Readonly<Record<string, string>>,
  change: number,
  { keyOf, pageSize = 50 }: Asked<T> = {},
): List<T> {
  const busy = useSignal(false);
  const refused = useSignal<ApiFailure | undefined>(undefined);
  const address = (more: Readonly<Record<string, string>>) =>
    `${path}?${new URLSearchParams({ ...Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "")), ...more }).toString()}`;
  const answer: Answer<Listed<T>> = useAsked<Listed<T>>(address({}), change, async () => {
    const limit = Math.min(mostAtOnce, Math.max(pageSize, answer.value.peek()?.items.length ?? 0));
    const fresh = await get<Listed<T>>(address({ limit: String(limit) }));
    const shown = answer.value.peek();
    return fresh.ok && shown && keyOf ? { ok: true, value: withFresh(shown, fresh.value, keyOf) } : fresh;
  });
  useEffect(() => {
    refused.value = undefined;
  }, [address({})]);
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
    answer.show({
      items: keyOf ? each([...shown.items, ...next.value.items], keyOf) : [...shown.items, ...next.value.items],
      cursor: next.value.cursor,
    });
  }
  return { ...answer, busy, refused, more };
}

/** What is shown with its beginning asked for anew: what follows the last item that both have stays. */
export function withFresh<T>(shown: Listed<T>, fresh: Listed<T>, keyOf: (item: T) => string): Listed<T> {
  if (fresh.cursor === null) return fresh;
  const known = new Map(shown.items.map((item, place) => [keyOf(item), place]));
  const met = fresh.items.findLast((item) => known.has(keyOf(item)));
  if (met === undefined) return fresh;
  const rest = shown.items.slice((known.get(keyOf(met)) ?? 0) + 1);
  // Nothing of what was shown is left to follow: the fresh page says itself where it goes on.
  return rest.length === 0 ? fresh : { items: each([...fresh.items, ...rest], keyOf), cursor: shown.cursor };
}

/** Each item once. */
function each<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(keyOf(item))) seen.set(keyOf(item), item);
  return [...seen.values()];
}
