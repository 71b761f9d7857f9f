import type { JSX } from "preact";
import { EmptyState } from "./empty-state.tsx";

/** What to do first on a mesh that has no project. */
export function NoProject(): JSX.Element {
  return (
    <EmptyState title="No project yet">
      <a href="#/onboarding">Onboard a repository</a>, or run <code>mesh onboard owner/name</code>. Then move an issue's card into the
      planning column.
    </EmptyState>
  );
}
