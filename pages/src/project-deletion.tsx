import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { remove } from "./api.ts";
import { useCommand } from "./command.ts";
import { refetch } from "./mesh-store.ts";
import { Refusal } from "./refusal.tsx";

/** Takes a project out of the mesh, once its name was typed. */
export function ProjectDeletion({ name }: { readonly name: string }): JSX.Element {
  const typed = useSignal("");
  const forget = useSignal(false);
  const command = useCommand();
  const meant = typed.value.trim().toLowerCase() === name.toLowerCase();
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!meant) return;
    const gone = await command.run(() => remove(`/projects/${name}?history=${forget.value ? "forget" : "keep"}`));
    if (!gone) return;
    await refetch();
    location.hash = "#/projects";
  }
  return (
    <details class="panel">
      <summary>Delete this project</summary>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <p>Its runs are cancelled, its webhooks removed, its secrets wiped. The repository and the board stay as they are.</p>
        <label class="choice">
          <input type="checkbox" checked={forget.value} onChange={(event) => (forget.value = event.currentTarget.checked)} />
          <span>
            Forget its history, too
            <span class="quiet">Otherwise what was done and what it cost can still be read.</span>
          </span>
        </label>
        <div class="field">
          <label for="typed-name">
            To go on, type <code>{name}</code>
          </label>
          <input
            id="typed-name"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={typed.value}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="danger" disabled={!meant || command.busy.value}>
          {command.busy.value ? "Deleting…" : "Delete the project"}
        </button>
        <Refusal failure={command.failure.value} />
      </form>
    </details>
  );
}
