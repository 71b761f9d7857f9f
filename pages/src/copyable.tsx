import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

interface Props {
  readonly text: string;
  /** What it is, for the button: `code`, `command`, `address`. */
  readonly what: string;
  readonly large?: boolean;
}

/** A longer one scrolls in its place, and is reached by the keyboard for that. */
const scrolledFrom = 300;

/** A text to be taken elsewhere, with a button that copies it. */
export function Copyable({ text, what, large = false }: Props): JSX.Element {
  const shown = useRef<HTMLElement>(null);
  const said = useSignal("");
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      said.value = "Copied";
    } catch {
      // There is no clipboard where the page has come by plain HTTP, and a browser may refuse it: then the person copies what is selected.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      said.value = "Selected: press Ctrl+C";
    }
  }
  return (
    <span class={`copyable${large ? " large" : ""}`}>
      <code ref={shown} tabIndex={text.length > scrolledFrom ? 0 : undefined}>
        {text}
      </code>
      <button type="button" class="plain" onClick={() => void copy()}>
        Copy<span class="unseen"> {what}</span>
      </button>
      <span role="status" class="quiet">
        {said.value}
      </span>
    </span>
  );
}
