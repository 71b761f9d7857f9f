import type { JSX } from "preact";
import { Dialog } from "./dialog.tsx";
import { keys } from "./keys.ts";
import { closeOverlay } from "./overlay.tsx";

/** Every key and what it does. */
export function KeysDialog(): JSX.Element {
  return (
    <Dialog title="Keys" onClose={closeOverlay}>
      <dl class="keys">
        {keys.map(({ keys: pressed, does }) => (
          <div key={pressed}>
            <dt>
              {pressed.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>open what has the focus</dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>close a dialog</dd>
        </div>
      </dl>
      <p class="quiet">They rest while you write, and in a terminal.</p>
    </Dialog>
  );
}
