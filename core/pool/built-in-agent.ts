import type { AgentId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { Agent, CapabilityOffer } from "./state.ts";

/** A built-in agent as the Worker declares it. */
export interface BuiltInAgent {
  readonly id: AgentId;
  readonly capabilities: readonly CapabilityOffer[];
  readonly slots: number;
}

const builtIn = { version: 1, kind: "built-in", healthChecks: [], metadata: {}, connected: false, projects: "all", health: {} } as const;

/** The agent as it stands once it is declared; undefined when it stood so before. */
export function declaredAgent({ id, capabilities, slots }: BuiltInAgent, before: Agent | undefined, at: Moment): Agent | undefined {
  const offer = JSON.stringify([capabilities, slots]);
  if (before !== undefined && JSON.stringify([before.capabilities, before.slots]) === offer) return undefined;
  return { ...builtIn, id, capabilities, slots, registeredAt: at, lastContactAt: at, draining: before?.draining ?? false };
}
