import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

interface Props {
  readonly text: string;
  readonly most?: number;
  /** On lines of its own, aligned to where its script begins. */
  readonly block?: boolean;
}

/**
 * Text that came from outside: shown as it is, in its own direction, and cut at `most` characters until asked for. A new text in
 * the same place stays cut or whole.
 */
export function OutsideText({ text, most = 1_500, block = false }: Props): JSX.Element {
  const whole = useSignal(false);
  const cut = text.length > most && !whole.value;
  return (
    <span class="outside">
      <bdi class={block ? "block" : undefined}>{cut ? `${text.slice(0, most)}…` : text}</bdi>
      {text.length > most && (
        <button type="button" class="more" aria-expanded={whole.value} onClick={() => (whole.value = !whole.value)}>
          {whole.value ? "Less" : `All ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </span>
  );
}
