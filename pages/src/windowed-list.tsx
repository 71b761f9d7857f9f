import {
  defaultRangeExtractor,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
  type Range,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import type { ComponentChildren, JSX, RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ComponentChildren;
  /** How high a row is before it has been measured, in pixels. */
  readonly estimate: number;
  readonly label: string;
  /** There is more than `items`: fetches it; asked for when its place comes near. */
  readonly more?: (() => unknown) | undefined;
  /** How much there is before it was filtered: when that grows and `items` does not, more is asked for all the same. */
  readonly loaded?: number;
  /** Also each row's, with `-row` appended. */
  readonly class?: string;
}

type Options = VirtualizerOptions<Window, HTMLLIElement>;

const overscan = 12;
/** So many rows before the end of what is there, the rest is fetched. */
const ahead = 40;

/**
 * A list of any length that scrolls with the page: only rows in sight, and some around them, are in the document, each measured. To a screen reader it is
 * a list in which each row has its number; the row with the focus stays, however far the page is scrolled, so that Tab goes on from it.
 */
export function WindowedList<T>({ items, keyOf, row, estimate, label, more, loaded = 0, class: name = "" }: Props<T>): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const margin = useTop(list);
  const virtualizer = useVirtualizer({
    count: items.length,
    // While these stay the same, all that was measured stays, too: a list of thousands is not gone through with every frame.
    getItemKey: useCallback((index: number) => keyOf(items[index] as T), [items]),
    estimateSize: useCallback(() => estimate, [estimate]),
    scrollMargin: margin,
    overscan,
    rangeExtractor: (range) => withFocused(range, list.current),
  });
  const rows = virtualizer.getVirtualItems();
  useAnchor(virtualizer, items, keyOf, margin);
  const nearEnd = more !== undefined && (rows.at(-1)?.index ?? 0) >= items.length - ahead;
  useEffect(() => {
    if (nearEnd) more();
  }, [nearEnd, items.length, loaded]);
  return (
    <ul ref={list} class={`past windowed ${name}`} aria-label={label} style={{ height: `${virtualizer.getTotalSize()}px` }}>
      {rows.map(({ key, index, start }) => (
        <li
          key={key}
          ref={virtualizer.measureElement}
          data-index={index}
          class={name === "" ? undefined : `${name}-row`}
          aria-posinset={index + 1}
          aria-setsize={more === undefined ? items.length : -1}
          style={{ transform: `translateY(${start - margin}px)` }}
        >
          {row(items[index] as T)}
        </li>
      ))}
    </ul>
  );
}

/** What is looked at stays where it is when something comes in before it, or goes. */
function useAnchor<T>(
  virtualizer: Virtualizer<Window, HTMLLIElement>,
  items: readonly T[],
  keyOf: (item: T) => string,
  margin: number,
): void {
  const held = useRef<{ readonly key: string; readonly start: number; readonly margin: number } | undefined>(undefined);
  const start = (key: string) => virtualizer.measurementsCache[items.findIndex((item) => keyOf(item) === key)]?.start;
  useLayoutEffect(() => {
    const was = held.current;
    const now = was && start(was.key);
    if (was === undefined || now === undefined) return;
    // What stands above the list may have grown as well: that is the browser's to see to.
    const by = now - margin - (was.start - was.margin);
    if (by !== 0) scrollBy(0, by);
  }, [items]);
  useLayoutEffect(() => {
    const first = scrollY > margin ? virtualizer.getVirtualItems().find(({ end }) => end > scrollY) : undefined;
    held.current = first && { key: String(first.key), start: first.start, margin };
  });
}

type Given = Pick<Options, "count" | "getItemKey" | "estimateSize" | "scrollMargin" | "overscan" | "rangeExtractor">;

function useVirtualizer(given: Given): Virtualizer<Window, HTMLLIElement> {
  const [, draw] = useState(0);
  const options: Options = {
    ...given,
    getScrollElement: () => window,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    initialOffset: () => scrollY,
    initialRect: { width: innerWidth, height: innerHeight },
    onChange: () => draw((times) => times + 1),
  };
  const kept = useRef<Virtualizer<Window, HTMLLIElement> | undefined>(undefined);
  kept.current ??= new Virtualizer(options);
  const virtualizer = kept.current;
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}

/** How far from the page's top the list begins; what stands above it may grow. */
function useTop(list: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => list.current && setTop(Math.round(list.current.getBoundingClientRect().top + scrollY));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return top;
}

function withFocused(range: Range, list: HTMLElement | null): number[] {
  const shown = defaultRangeExtractor(range);
  const index = Number(list && document.activeElement?.closest<HTMLElement>(".windowed > li")?.dataset["index"]);
  const isOurs = list?.contains(document.activeElement) === true && Number.isInteger(index) && index < range.count;
  if (!isOurs) return shown;
  // Its neighbours too, so that the keyboard goes on to them.
  const kept = [index - 1, index, index + 1].filter((each) => each >= 0 && each < range.count);
  return [...new Set([...shown, ...kept])].toSorted((one, other) => one - other);
}
