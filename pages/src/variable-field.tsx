import type { Signal } from "@preact/signals";
import type { JSX } from "preact";

/** The name of the environment variable that a key is put into. */
export function VariableField({ id, variable }: { readonly id: string; readonly variable: Signal<string> }): JSX.Element {
  return (
    <div class="field">
      <label for={id}>Variable</label>
      <input
        id={id}
        required
        pattern="[A-Z][A-Z0-9_]*"
        title="upper-case letters, digits and _"
        spellcheck={false}
        value={variable.value}
        onInput={(event) => (variable.value = event.currentTarget.value)}
      />
    </div>
  );
}
