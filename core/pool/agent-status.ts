import type { Moment } from "../time.ts";
import type { Agent, AgentStatus } from "./state.ts";

/** Without contact for so long an agent is degraded: still a candidate. */
export const degradedAfterMs = 60_000;
/** Without contact for so long it is offline: no candidate. The contact lease of a session is as long. */
export const offlineAfterMs = 120_000;

/**
 * How an agent stands at a moment. Built-in agents are always in contact. `answeredAt` is when the platform last answered a heartbeat on
 * its socket, for agents that have one.
 */
export function agentStatus(
  agent: Pick<Agent, "kind" | "lastContactAt" | "draining">,
  at: Moment,
  answeredAt: Moment | null = null,
): AgentStatus {
  if (agent.kind === "built-in") return agent.draining ? "draining" : "online";
  const silentMs = at - Math.max(agent.lastContactAt, answeredAt ?? 0);
  if (silentMs >= offlineAfterMs) return "offline";
  if (agent.draining) return "draining";
  return silentMs >= degradedAfterMs ? "degraded" : "online";
}
