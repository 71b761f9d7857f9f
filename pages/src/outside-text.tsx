import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Linked } from "./linked.tsx";

interface Props {
  readonly text: string;
  readonly most?: number;
  /** On lines of its own, aligned to where its script begins. */
  readonly block?: boolean;
  /** Its https addresses are links. */
  readonly linked?: boolean;
}

/**
 * Text that came from outside: shown as it is, in its own direction, and cut at `most` characters until asked for. A new text in
 * the same place stays cut or whole.
 */
export function OutsideText({ text, most = 1_500, block = false, linked = false }: Props): JSX.Element {
  const whole = useSignal(false);
  const shown = text.length > most && !whole.value ? `${text.slice(0, most)}…` : text;
  return (
    <span class="outside">
      <bdi class={block ? "block" : undefined}>{linked ? <Linked text={shown} /> : shown}</bdi>
      {text.length > most && (
        <button type="button" class="more" aria-expanded={whole.value} onClick={() => (whole.value = !whole.value)}>
          {whole.value ? "Less" : `All ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </span>
  );
}
