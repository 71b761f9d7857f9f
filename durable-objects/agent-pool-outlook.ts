import type { AgentId } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { agentStatus } from "../core/pool/agent-status.ts";
import type { Departure } from "../core/pool/departure.ts";
import type { Agent } from "../core/pool/state.ts";
import { minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import type { AgentPoolStore } from "./agent-pool-store.ts";

const healthProbedEveryMs = minuteMs;

/** One health check to be probed by the cron. */
export interface DueHealthCheck {
  readonly agent: AgentId;
  readonly name: string;
  readonly url: string;
}

/** What the reconcile wants to know of the pool before it looks at anything. */
export interface PoolOutlook {
  readonly projects: readonly ProjectProfile[];
  readonly departures: readonly Departure[];
  readonly healthChecksDue: readonly DueHealthCheck[];
  /** As `nextHealthCheckAt`, before any of them was probed. */
  readonly nextHealthCheckAt: Moment | null;
}

export function poolOutlook(store: AgentPoolStore, at: Moment, limitMs: number): PoolOutlook {
  return {
    projects: byName(store.projects),
    departures: store.departures,
    healthChecksDue: checksDue(store.agents, at, limitMs),
    nextHealthCheckAt: nextCheckAt(store.agents, at, limitMs),
  };
}

/** Health checks of agents in contact that were not probed for a minute. */
export function checksDue(agents: readonly Agent[], at: Moment, limitMs: number): DueHealthCheck[] {
  return agents
    .filter((agent) => agentStatus(agent, at, limitMs) !== "offline")
    .flatMap((agent) =>
      agent.healthChecks
        .filter(({ name }) => at - (agent.health[name]?.at ?? 0) >= healthProbedEveryMs)
        .map(({ name, url }) => ({ agent: agent.id, name, url })),
    );
}

/** When a health check is to be probed next; null when no agent in contact has one. */
export function nextCheckAt(agents: readonly Agent[], at: Moment, limitMs: number): Moment | null {
  const dues = agents
    .filter((agent) => agentStatus(agent, at, limitMs) !== "offline")
    .flatMap((agent) => agent.healthChecks.map(({ name }) => (agent.health[name]?.at ?? 0) + healthProbedEveryMs));
  return dues.length === 0 ? null : Math.min(...dues);
}

export function byName(projects: readonly ProjectProfile[]): ProjectProfile[] {
  return projects.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
