import type { JSX } from "preact";

/** How something stands: done, being done, to come, failed, or working otherwise than usual. */
export type Standing = "done" | "now" | "next" | "failed" | "warned";

const shapes: Readonly<Record<Standing, string>> = {
  done: "M2 8.5 6.2 13 14 3.5",
  now: "M8 4a4 4 0 1 0 .01 0z",
  next: "M8 4a4 4 0 1 0 .01 0z",
  failed: "M3 3l10 10M13 3 3 13",
  warned: "M8 1.8 15 14H1z",
};

/** Shape and colour for how something stands; `word` says it to those who see neither. */
export function Mark({ standing, word }: { readonly standing: Standing; readonly word: string }): JSX.Element {
  return (
    <span class={`mark ${standing}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[standing]} />
      </svg>
      <span class="unseen">{word}: </span>
    </span>
  );
}
