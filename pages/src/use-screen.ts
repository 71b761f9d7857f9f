import { useSignal, type ReadonlySignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Screen } from "./terminal.ts";

/** Whether the terminal's code has come; `failed` when it did not. */
export type Loading = "loading" | "ready" | "failed";

/**
 * Opens a terminal in the element of `place` once its code is here, runs `use` with it, and ends both. xterm.js is fetched only when
 * something asks for a terminal.
 */
export function useScreen(
  size: { readonly cols: number; readonly rows: number },
  use: (screen: Screen) => (() => void) | undefined,
  key: string,
): { readonly place: RefObject<HTMLDivElement | null>; readonly loading: ReadonlySignal<Loading> } {
  const place = useRef<HTMLDivElement>(null);
  const loading = useSignal<Loading>("loading");
  useEffect(() => {
    let left = false;
    let end: (() => void) | undefined;
    import("./terminal.ts").then(
      ({ openScreen }) => {
        if (left || !place.current) return;
        const screen = openScreen(place.current, size.cols, size.rows);
        const stop = use(screen);
        end = () => {
          stop?.();
          screen.end();
        };
        loading.value = "ready";
      },
      () => (loading.value = "failed"),
    );
    return () => {
      left = true;
      end?.();
    };
  }, [key]);
  return { place, loading };
}
