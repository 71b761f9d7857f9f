import type { JSX } from "preact";
import type { SessionState as State } from "../../core/sessions/views.ts";
import { StateBadge } from "./state-badge.tsx";
import { looks } from "./state-looks.ts";

/** How a session stands, by colour, shape and word. */
export function SessionState({ state }: { readonly state: State }): JSX.Element {
  return <StateBadge look={looks.session[state]} />;
}
