import type { JSX } from "preact";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { Policy } from "../../core/policy.ts";
import { patch } from "./api.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { ProjectCredentials } from "./project-credentials.tsx";
import { ProjectDeletion } from "./project-deletion.tsx";
import { ProjectWebhooks } from "./project-webhooks.tsx";
import { role } from "./mesh-store.ts";
import { PolicyForm } from "./policy-form.tsx";
import type { Schema } from "./policy-fields.ts";
import type { Settings } from "./settings-page.tsx";
import { Standing } from "./standing.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";

interface Project {
  readonly profile: ProjectProfile;
  readonly policy: Policy;
}

/** What is set for one project: its credentials, its settings over the mesh's, its webhooks, and its end. */
export function ProjectSettingsPage({ name }: { readonly name: string }): JSX.Element {
  const project = useAnswer<Project>(`/projects/${name}`);
  const described = useAnswer<Schema>("/settings/schema");
  const below = useAnswer<Settings>("/settings");
  const shown = project.value.value;
  const schema = described.value.value;
  const mesh = below.value.value;
  return (
    <>
      <Up to={`#/projects/${name}`}>{name}</Up>
      <Standing answer={project} what="the project" unknown="This project is not known." rows={2} />
      {shown && (
        <>
          <header class="run-head">
            <h2>Settings of {shown.profile.name}</h2>
            <span class="quiet">
              <OutsideLink to={shown.profile.repositoryUrl}>repository</OutsideLink>
              {" · "}branch <OutsideName text={shown.profile.defaultBranch} most={100} />
              {shown.profile.board && (
                <>
                  {" · "}
                  <OutsideLink to={shown.profile.board.url}>board</OutsideLink> by {shown.profile.board.observedBy}
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
            <Standing answer={described} what="what may be set" />
            <Standing answer={below} what="settings of the mesh" />
            {schema && mesh && (
              <PolicyForm
                schema={schema}
                overrides={shown.profile.overrides}
                policy={shown.policy}
                below="the mesh's"
                belowPolicy={mesh.policy}
                prefix="overrides."
                save={async (change) => {
                  const saved = await patch<Project>(`/projects/${name}`, { overrides: change });
                  if (saved.ok) project.show(saved.value);
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
