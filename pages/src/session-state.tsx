import type { JSX } from "preact";
import type { SessionState as State } from "../../core/sessions/views.ts";
import { PhaseBadge } from "./phase-badge.tsx";

const phases: Readonly<Record<State, string>> = { working: "IMPLEMENTATION", asking: "QA", parked: "INTAKE", ended: "CANCELLED" };

/** How a session stands, by colour, shape and word. */
export function SessionState({ state }: { readonly state: State }): JSX.Element {
  return <PhaseBadge phase={phases[state]} word={state} />;
}
