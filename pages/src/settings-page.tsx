import type { JSX } from "preact";
import type { Policy, PolicyOverrides } from "../../core/policy.ts";
import { patch } from "./api.ts";
import { Logins } from "./logins.tsx";
import { MeshSwitch } from "./mesh-switch.tsx";
import { PolicyForm } from "./policy-form.tsx";
import type { Schema } from "./policy-fields.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";

/** What is set, and what it makes of every default. */
export interface Settings {
  readonly overrides: PolicyOverrides;
  readonly policy: Policy;
}

/** What holds for the whole mesh: whether it works, and every setting that a project has not set itself. */
export function SettingsPage(): JSX.Element {
  const answer = useAnswer<Settings>("/settings");
  const described = useAnswer<Schema>("/settings/schema");
  const settings = answer.value.value;
  const schema = described.value.value;
  return (
    <>
      <MeshSwitch settings={settings?.overrides} />
      <section class="stack" aria-labelledby="settings">
        <h2 id="settings">Settings of the mesh</h2>
        <p class="quiet">They hold for every project that has not set them itself.</p>
        <Standing answer={answer} what="settings" />
        {settings && <Standing answer={described} what="what may be set" />}
        {settings && schema && (
          <PolicyForm
            schema={schema}
            overrides={settings.overrides}
            policy={settings.policy}
            below="default"
            prefix=""
            save={async (change) => {
              const saved = await patch<Settings>("/settings", change);
              if (saved.ok) answer.show(saved.value);
              return saved;
            }}
          />
        )}
      </section>
      <Logins />
    </>
  );
}
