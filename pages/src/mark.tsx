import type { JSX } from "preact";
import { Shape } from "./state-badge.tsx";
import type { ShapeName } from "./state-looks.ts";

/** How something stands: done, being done, to come, failed, or working otherwise than usual. */
export type Standing = "done" | "now" | "next" | "failed" | "warned";

const shapes: Readonly<Record<Standing, ShapeName>> = { done: "check", now: "disc", next: "ring", failed: "cross", warned: "triangle" };

/** Shape and colour for how something stands; `word` says it to those who see neither. */
export function Mark({ standing, word }: { readonly standing: Standing; readonly word: string }): JSX.Element {
  return (
    <span class={`mark ${standing}`}>
      <Shape name={shapes[standing]} />
      <span class="unseen">{word}: </span>
    </span>
  );
}
