import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { Refusal } from "./refusal.tsx";

interface Rotation {
  readonly webhooks: readonly { readonly kind: string; readonly state: string }[];
  readonly removed: number;
}

/** Gives a project's webhooks new secrets. */
export function ProjectWebhooks({ name }: { readonly name: string }): JSX.Element {
  const rotated = useSignal<Rotation | undefined>(undefined);
  const command = useCommand();
  async function rotate(): Promise<void> {
    const answer = await command.run(() => post<Rotation>(`/projects/${name}/webhooks/rotate`));
    rotated.value = answer?.value;
  }
  return (
    <section class="panel" aria-labelledby="webhooks">
      <h2 id="webhooks">Webhooks</h2>
      <p class="quiet">New webhooks with new secrets take the place of the old ones, whose deliveries are refused from then on.</p>
      <div class="line">
        <button class="plain" disabled={command.busy.value} onClick={() => void rotate()}>
          {command.busy.value ? "Rotating…" : "Rotate the secrets"}
        </button>
        <span role="status" class="receipt">
          {rotated.value &&
            `Rotated: ${rotated.value.webhooks.map(({ kind, state }) => `${kind} ${state}`).join(", ")}; ${rotated.value.removed} taken away.`}
        </span>
      </div>
      <Refusal failure={command.failure.value} />
    </section>
  );
}
