import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Policy, PolicyOverrides } from "../../core/policy.ts";
import { get, patch, type ApiFailure } from "./api.ts";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { Logins } from "./logins.tsx";
import { MeshSwitch } from "./mesh-switch.tsx";
import { regained } from "./mesh-store.ts";
import { PolicyForm } from "./policy-form.tsx";
import type { Schema } from "./policy-fields.ts";

/** What is set, and what it makes of every default. */
export interface Settings {
  readonly overrides: PolicyOverrides;
  readonly policy: Policy;
}

/** What holds for the whole mesh: whether it works, and every setting that a project has not set itself. */
export function SettingsPage(): JSX.Element {
  const settings = useSignal<Settings | undefined>(undefined);
  const schema = useSignal<Schema | undefined>(undefined);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  async function load(): Promise<void> {
    const [set, described] = await Promise.all([get<Settings>("/settings"), get<Schema>("/settings/schema")]);
    failure.value = set.ok ? (described.ok ? undefined : described.error) : set.error;
    if (set.ok) settings.value = set.value;
    if (described.ok) schema.value = described.value;
  }
  useEffect(() => void load(), [regained.value]);
  return (
    <>
      <MeshSwitch settings={settings.value?.overrides} />
      <section class="stack" aria-labelledby="settings">
        <h2 id="settings">Settings of the mesh</h2>
        <p class="quiet">They hold for every project that has not set them itself.</p>
        {failure.value && <FailedState what="settings" failure={failure.value} old={settings.value !== undefined} again={load} />}
        {!settings.value && !failure.value && <LoadingState what="settings" rows={6} low />}
        {settings.value && schema.value && (
          <PolicyForm
            schema={schema.value}
            overrides={settings.value.overrides}
            policy={settings.value.policy}
            below="default"
            prefix=""
            save={async (change) => {
              const saved = await patch<Settings>("/settings", change);
              if (saved.ok) settings.value = saved.value;
              return saved;
            }}
          />
        )}
      </section>
      <Logins />
    </>
  );
}
