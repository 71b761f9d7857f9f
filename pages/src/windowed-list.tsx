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
  /** It is being fetched. If it was in vain, since the list has changed meanwhile, it is asked for once more. */
  readonly busy?: boolean;
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
export function WindowedList<T>({
  items,
  keyOf,
  row,
  estimate,
  label,
  more,
  busy = false,
  loaded = 0,
  class: name = "",
}: Props<T>): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const margin = useTop(list);
  const virtualizer = useVirtualizer({
    count: items.length,
    // While these stay the same, all that was measured stays, too: a list of thousands is not gone through with every frame.
    getItemKey: useCallback((index: number) => keyOf(items[index] as T), [items]),
    estimateSize: useCallback(() => estimate, [estimate]),
    scrollMargin: margin,
    overscan,
    rangeExtractor: (range) => {
      const key = focusedKey(list.current);
      return key === undefined
        ? defaultRangeExtractor(range)
        : withFocused(
            range,
            items.findIndex((item) => keyOf(item) === key),
          );
    },
  });
  const rows = virtualizer.getVirtualItems();
  useAnchor(virtualizer, items, keyOf, list);
  const nearEnd = more !== undefined && !busy && (rows.at(-1)?.index ?? 0) >= items.length - ahead;
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
          data-key={key}
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

/**
 * What is looked at stays where it is when something comes in before it, in the list or above it, or goes. The browser would see to that itself, but does
 * not know that rows are the same ones when they have moved.
 */
function useAnchor<T>(
  virtualizer: Virtualizer<Window, HTMLLIElement>,
  items: readonly T[],
  keyOf: (item: T) => string,
  list: RefObject<HTMLElement | null>,
): void {
  /** A row in sight, and how far it was from the page's top. */
  const held = useRef<{ readonly key: string; readonly at: number } | undefined>(undefined);
  const placeOf = (start: number) => pageTop(list.current) + start - virtualizer.options.scrollMargin;
  const settle = useRef(() => {});
  settle.current = () => {
    const was = held.current;
    if (was === undefined || !list.current) return;
    const start = virtualizer.measurementsCache[items.findIndex((item) => keyOf(item) === was.key)]?.start;
    if (start === undefined) return;
    const at = placeOf(start);
    held.current = { key: was.key, at };
    if (Math.abs(at - was.at) >= 1) scrollBy(0, at - was.at);
  };
  useLayoutEffect(() => settle.current(), [items]);
  useLayoutEffect(() => {
    const isInside = scrollY > pageTop(list.current);
    const first = isInside ? virtualizer.getVirtualItems().find(({ end }) => placeOf(end) > scrollY) : undefined;
    held.current = first && { key: String(first.key), at: placeOf(first.start) };
    document.documentElement.style.overflowAnchor = isInside ? "none" : "";
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => settle.current());
    observer.observe(document.body);
    return () => {
      observer.disconnect();
      document.documentElement.style.overflowAnchor = "";
    };
  }, []);
}

function pageTop(list: HTMLElement | null): number {
  return list === null ? 0 : list.getBoundingClientRect().top + scrollY;
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
    const measure = () => list.current && setTop(Math.round(pageTop(list.current)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return top;
}

/** Which row has the focus, by its key: its place may have changed meanwhile. */
function focusedKey(list: HTMLElement | null): string | undefined {
  const { activeElement } = document;
  return list?.contains(activeElement) === true ? activeElement?.closest<HTMLElement>(".windowed > li")?.dataset["key"] : undefined;
}

/** Its neighbours too, so that the keyboard goes on to them. */
function withFocused(range: Range, index: number): number[] {
  const kept = index < 0 ? [] : [index - 1, index, index + 1].filter((each) => each >= 0 && each < range.count);
  return [...new Set([...defaultRangeExtractor(range), ...kept])].toSorted((one, other) => one - other);
}
