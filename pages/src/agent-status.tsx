import type { JSX } from "preact";
import type { AgentStatus as Status } from "../../core/pool/state.ts";
import { PhaseBadge } from "./phase-badge.tsx";

const phases: Readonly<Record<Status, string>> = { online: "ACCEPTED", degraded: "QA", offline: "FAILED", draining: "CANCELLED" };

/** How an agent stands, by colour, shape and word. */
export function AgentStatus({ status }: { readonly status: Status }): JSX.Element {
  return <PhaseBadge phase={phases[status]} word={status} />;
}
