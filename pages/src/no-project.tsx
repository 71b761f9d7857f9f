import type { JSX } from "preact";

/** What to do first on a mesh that has no project. */
export function NoProject(): JSX.Element {
  return (
    <div class="empty">
      <h2>No project yet</h2>
      <p>
        <a href="#/onboarding">Onboard a repository</a>, or run <code>mesh onboard owner/name</code>. Then move an issue's card into the
        planning column.
      </p>
    </div>
  );
}
