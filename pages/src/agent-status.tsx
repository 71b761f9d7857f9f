import type { JSX } from "preact";
import type { AgentStatus as Status } from "../../core/pool/state.ts";
import { StateBadge } from "./state-badge.tsx";
import { looks } from "./state-looks.ts";

/** How an agent stands, by colour, shape and word. */
export function AgentStatus({ status }: { readonly status: Status }): JSX.Element {
  return <StateBadge look={looks.agent[status]} />;
}
