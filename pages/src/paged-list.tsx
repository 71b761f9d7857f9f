import type { ComponentChildren, JSX } from "preact";
import { Older } from "./older.tsx";
import type { List } from "./use-list.ts";
import { WindowedList } from "./windowed-list.tsx";

interface Props<T> {
  readonly list: Omit<List<unknown>, "show">;
  /** What is shown of what has come, and of what is known besides. */
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ComponentChildren;
  /** How high a row is before it has been measured, in pixels. */
  readonly estimate: number;
  readonly label: string;
  /** Also each row's, with `-row` appended. */
  readonly class?: string;
}

/** A list that comes page by page: the next comes by itself as one scrolls. One that was refused says why and is asked for by a button. */
export function PagedList<T>({ list, items, ...rest }: Props<T>): JSX.Element {
  const told = list.value.value;
  const hasMore = (told?.cursor ?? null) !== null;
  const refused = list.refused.value !== undefined;
  return (
    <>
      {items.length > 0 && (
        <WindowedList
          {...rest}
          items={items}
          more={hasMore && !refused ? list.more : undefined}
          busy={list.busy.value}
          loaded={told?.items.length ?? 0}
        />
      )}
      {hasMore && (refused || items.length === 0) && <Older list={list} />}
      {hasMore && !refused && items.length > 0 && <p class="quiet">Older ones come as you scroll.</p>}
    </>
  );
}
