import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { Policy } from "../../core/policy.ts";
import { get, patch, type ApiFailure } from "./api.ts";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { ProjectCredentials } from "./project-credentials.tsx";
import { ProjectDeletion } from "./project-deletion.tsx";
import { ProjectWebhooks } from "./project-webhooks.tsx";
import { regained, role } from "./mesh-store.ts";
import { PolicyForm } from "./policy-form.tsx";
import type { Schema } from "./policy-fields.ts";
import type { Settings } from "./settings-page.tsx";
import { Up } from "./up.tsx";

interface Project {
  readonly profile: ProjectProfile;
  readonly policy: Policy;
}

/** What is set for one project: its credentials, its settings over the mesh's, its webhooks, and its end. */
export function ProjectSettingsPage({ name }: { readonly name: string }): JSX.Element {
  const project = useSignal<Project | undefined>(undefined);
  const schema = useSignal<Schema | undefined>(undefined);
  const mesh = useSignal<Settings | undefined>(undefined);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  async function load(): Promise<void> {
    const [found, described, set] = await Promise.all([
      get<Project>(`/projects/${name}`),
      get<Schema>("/settings/schema"),
      get<Settings>("/settings"),
    ]);
    if (set.ok) mesh.value = set.value;
    failure.value = found.ok ? (described.ok ? undefined : described.error) : found.error;
    if (found.ok) project.value = found.value;
    if (described.ok) schema.value = described.value;
  }
  useEffect(() => void load(), [name, regained.value]);
  const shown = project.value;
  return (
    <>
      <Up to={`#/projects/${name}`}>{name}</Up>
      {failure.value &&
        (failure.value.status === 404 ? (
          <p class="notice">This project is not known.</p>
        ) : (
          <FailedState what="the project" failure={failure.value} old={shown !== undefined} again={load} />
        ))}
      {!shown && !failure.value && <LoadingState what="the project" rows={2} />}
      {shown && (
        <>
          <header class="run-head">
            <h2>Settings of {shown.profile.name}</h2>
            <span class="quiet">
              <a href={shown.profile.repositoryUrl} rel="noreferrer">
                repository
              </a>
              {" · "}branch {shown.profile.defaultBranch}
              {shown.profile.board && (
                <>
                  {" · "}
                  <a href={shown.profile.board.url} rel="noreferrer">
                    board
                  </a>{" "}
                  by {shown.profile.board.observedBy}
                </>
              )}
            </span>
          </header>
          <ProjectCredentials name={name} />
          <section class="stack" aria-labelledby="project-settings">
            <h2 id="project-settings">How it works</h2>
            <p class="quiet">
              They lie over <a href="#/settings">those of the mesh</a>.
            </p>
            {schema.value && mesh.value && (
              <PolicyForm
                schema={schema.value}
                overrides={shown.profile.overrides}
                policy={shown.policy}
                below="the mesh's"
                belowPolicy={mesh.value.policy}
                prefix="overrides."
                save={async (change) => {
                  const saved = await patch<Project>(`/projects/${name}`, { overrides: change });
                  if (saved.ok) project.value = saved.value;
                  return saved;
                }}
              />
            )}
          </section>
          {role.value === "operator" && <ProjectWebhooks name={name} />}
          {role.value === "operator" && <ProjectDeletion name={name} />}
        </>
      )}
    </>
  );
}
