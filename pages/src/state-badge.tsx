import type { JSX } from "preact";
import { shapes, type Look, type ShapeName } from "./state-looks.ts";

interface Props {
  readonly look: Look;
  /** Another word for it; the look's own when left out. */
  readonly word?: string;
}

/** Colour, shape and word of a state. */
export function StateBadge({ look, word = look.word }: Props): JSX.Element {
  return (
    <span class={`badge tone-${look.tone}`}>
      <Shape name={look.shape} />
      {word}
    </span>
  );
}

/** A shape alone, in the colour of what it stands in; a word beside it has to say the same. */
export function Shape({ name }: { readonly name: ShapeName }): JSX.Element {
  const shape: { readonly area?: string; readonly line?: string } = shapes[name];
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" class={`shape ${shape.area === undefined ? "line" : "area"}`}>
      <path d={shape.area ?? shape.line} />
    </svg>
  );
}
