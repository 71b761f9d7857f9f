import type { Moment } from "../time.ts";
import type { Agent, AgentStatus } from "./state.ts";

/** Without contact for so long an agent is offline, unless the mesh has another limit: no candidate. The contact lease of a session is as long. */
export const offlineAfterMs = 120_000;

/** Without contact for so long an agent is degraded: still a candidate. */
export function degradedAfterMs(limitMs: number): number {
  return limitMs / 2;
}

/** How an agent stands at a moment; `limitMs` is the time without contact after which it is offline. Built-in agents are always in contact. */
export function agentStatus(agent: Pick<Agent, "kind" | "lastContactAt" | "draining">, at: Moment, limitMs: number): AgentStatus {
  if (agent.kind === "built-in") return agent.draining ? "draining" : "online";
  const silentMs = at - agent.lastContactAt;
  if (silentMs >= limitMs) return "offline";
  if (agent.draining) return "draining";
  return silentMs >= degradedAfterMs(limitMs) ? "degraded" : "online";
}
