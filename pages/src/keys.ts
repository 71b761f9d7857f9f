import { tinykeys } from "tinykeys";
import { stepThroughRows } from "./list-steps.ts";
import { session } from "./mesh-store.ts";
import { overlay, openKeys, openSearch } from "./overlay.tsx";
import { goTo } from "./place.ts";
import { sections } from "./sections.ts";

/** Something the keyboard does. */
export interface Key {
  /** As they are pressed one after another: `g p`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

/** Every key, in the order they are listed. */
export const keys: readonly Key[] = [
  { keys: "?", does: "list the keys", run: openKeys },
  { keys: "/", does: "search", run: openSearch },
  ...sections.map(({ letter, word, address }) => ({ keys: `g ${letter}`, does: `go to ${word}`, run: () => goTo(address) })),
  { keys: "j", does: "next in the list", run: () => stepThroughRows(1) },
  { keys: "k", does: "the one before it", run: () => stepThroughRows(-1) },
];

/** Listens for the keys, but never while someone writes, uses a terminal or player, or has a dialog open; returns what ends that. */
export function watchKeys(): () => void {
  const free =
    (run: () => void): ((event: KeyboardEvent) => void) =>
    (event) => {
      if (session.value !== "in" || overlay.value !== undefined || isTakenBy(event.target)) return;
      event.preventDefault();
      run();
    };
  // `?` is Shift and another key, which one depends on the layout.
  const bound = Object.fromEntries(keys.map(({ keys: pressed, run }) => [pressed === "?" ? "Shift+?" : pressed, free(run)]));
  return tinykeys(window, { ...bound, "?": bound["Shift+?"] ?? (() => undefined) });
}

/** Whether whatever has the focus needs its keys itself. */
export function isTakenBy(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      "input:not([type=radio], [type=checkbox]), textarea, select, dialog, [contenteditable], [data-own-keys], .xterm, .player-place",
    ) !== null
  );
}
