import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { CredentialView } from "../../core/credentials/credential.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { Refusal } from "./refusal.tsx";
import { VariableField } from "./variable-field.tsx";

interface Props {
  readonly name: string;
  readonly onPushed: () => void;
}

/** Seals a key for a project's agents. The value is taken out of its field before it is sent, and stays nowhere on the page. */
export function CredentialPushForm({ name, onPushed }: Props): JSX.Element {
  const variable = useSignal("ANTHROPIC_API_KEY");
  const until = useSignal("");
  const value = useRef<HTMLInputElement>(null);
  const taken = useSignal<number | undefined>(undefined);
  const command = useCommand();
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const field = value.current;
    if (!field || command.busy.value) return;
    const body = {
      variables: { [variable.value]: field.value.trim() },
      ...(until.value === "" ? {} : { expiresAt: new Date(until.value).getTime() }),
    };
    field.value = "";
    const pushed = await command.run(() => post<CredentialView>(`/projects/${name}/credentials`, body));
    taken.value = pushed?.value.version;
    if (pushed) onPushed();
  }
  return (
    <details>
      <summary>Put in a key</summary>
      <form class="form" autocomplete="off" onSubmit={(event) => void submit(event)}>
        <VariableField id="push-variable" variable={variable} />
        <div class="field">
          <label for="push-value">Value</label>
          <input id="push-value" ref={value} type="password" required autocomplete="off" spellcheck={false} aria-describedby="push-about" />
          <p id="push-about" class="quiet">
            Sealed in the mesh's vault, handed to this project's runners only, and never shown again. Never the token of a subscription.
          </p>
        </div>
        <div class="field">
          <label for="push-until">Holds until (optional)</label>
          <input id="push-until" type="datetime-local" value={until.value} onInput={(event) => (until.value = event.currentTarget.value)} />
        </div>
        <button type="submit" disabled={command.busy.value}>
          {command.busy.value ? "Sealing…" : "Put it in"}
        </button>
        <p role="status" class="receipt">
          {taken.value !== undefined && `Sealed as version ${taken.value}.`}
        </p>
        <Refusal failure={command.failure.value} />
      </form>
    </details>
  );
}
