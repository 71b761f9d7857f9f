import type { AgentId, ProjectKey } from "../ids.ts";
import type { Moment } from "../time.ts";
import { agentStatus } from "./agent-status.ts";
import { recentBoost, score, successRate } from "./score.ts";
import type { Agent, AgentStatus, Candidate, CandidateCapability, CapabilityOffer, ConnectionRefusal, History } from "./state.ts";

/** What people and programs see of an agent. */
export interface AgentView {
  readonly id: AgentId;
  readonly kind: "built-in" | "remote";
  readonly status: AgentStatus;
  readonly capabilities: readonly AgentCapabilityView[];
  readonly slots: number;
  readonly connected: boolean;
  readonly lastContactAt: Moment;
  readonly registeredAt: Moment;
  readonly draining: boolean;
  /** It tries to connect and is refused, by its version of the protocol; null once it has connected. */
  readonly refusal: ConnectionRefusal | null;
  readonly projects: "all" | readonly ProjectKey[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly health: readonly { readonly name: string; readonly url: string; readonly ok: boolean | null; readonly at: Moment | null }[];
}

export interface AgentCapabilityView {
  readonly name: string;
  readonly weight: number;
  readonly preferred: boolean;
  readonly requirements: readonly string[];
  readonly score: number;
  /** Of the last 20. */
  readonly results: number;
  readonly successes: number;
  /** How many of the newest results are failures, up to the first success. */
  readonly failedInRow: number;
  /** Attempts at a time beside the agent's slots; null: it shares those. */
  readonly slots: number | null;
}

/** One agent's score for a capability, with each factor. */
export interface ScoreView {
  readonly agent: AgentId;
  readonly status: AgentStatus;
  readonly score: number;
  readonly weight: number;
  readonly health: 0 | 1;
  readonly success: number;
  readonly recent: number;
  readonly preferred: number;
  readonly results: number;
}

/** Where the pool has the results of an agent. */
export type HistoryOf = (agent: AgentId, capability: string) => History;

/** What a dispatcher needs of an agent. `limitMs`, here and below: the time without contact after which it is offline. */
export function candidateOf(agent: Agent, historyOf: HistoryOf, at: Moment, limitMs: number): Candidate {
  return {
    agent: agent.id,
    kind: agent.kind,
    status: agentStatus(agent, at, limitMs),
    slots: agent.slots,
    busyElsewhere: 0,
    capabilities: agent.capabilities.map((offer) => resolved(agent, offer, historyOf)),
  };
}

export function viewAgent(agent: Agent, historyOf: HistoryOf, at: Moment, limitMs: number): AgentView {
  return {
    id: agent.id,
    kind: agent.kind,
    status: agentStatus(agent, at, limitMs),
    capabilities: agent.capabilities.map((offer) => {
      const { name, weight, preferred, history, ...rest } = resolved(agent, offer, historyOf);
      return {
        name,
        weight,
        preferred,
        requirements: offer.requirements,
        score: score({ name, weight, preferred, history, ...rest }),
        results: history.length,
        successes: history.filter(Boolean).length,
        failedInRow: history.includes(true) ? history.indexOf(true) : history.length,
        slots: offer.slots ?? null,
      };
    }),
    slots: agent.slots,
    connected: agent.connected,
    lastContactAt: agent.lastContactAt,
    registeredAt: agent.registeredAt,
    draining: agent.draining,
    refusal: agent.refusal ?? null,
    projects: agent.projects,
    metadata: agent.metadata,
    health: agent.healthChecks.map(({ name, url }) => ({
      name,
      url,
      ok: agent.health[name]?.ok ?? null,
      at: agent.health[name]?.at ?? null,
    })),
  };
}

/** The agent's score for a capability it offers, with each factor; undefined when it does not offer it. */
export function viewScore(agent: Agent, capability: string, historyOf: HistoryOf, at: Moment, limitMs: number): ScoreView | undefined {
  const offer = agent.capabilities.find(({ name }) => name === capability);
  if (offer === undefined) return undefined;
  const candidate = resolved(agent, offer, historyOf);
  return {
    agent: agent.id,
    status: agentStatus(agent, at, limitMs),
    score: score(candidate),
    weight: offer.weight,
    health: candidate.healthy ? 1 : 0,
    success: successRate(candidate.history),
    recent: recentBoost(candidate.history),
    preferred: offer.preferred ? 1.05 : 1,
    results: candidate.history.length,
  };
}

function resolved(agent: Agent, offer: CapabilityOffer, historyOf: HistoryOf): CandidateCapability {
  return {
    name: offer.name,
    weight: offer.weight,
    preferred: offer.preferred,
    healthy: offer.requirements.every((name) => agent.health[name]?.ok !== false),
    history: historyOf(agent.id, offer.name),
    ...(offer.slots === undefined ? {} : { slots: offer.slots }),
  };
}
