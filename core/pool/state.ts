import type { AgentId, ProjectKey } from "../ids.ts";
import type { Moment } from "../time.ts";

/** What an agent says it can do. */
export interface CapabilityOffer {
  readonly name: string;
  /** 0–1. */
  readonly weight: number;
  readonly preferred: boolean;
  /** Names of the agent's health checks that must be OK for this capability. */
  readonly requirements: readonly string[];
  /** Attempts of this capability at a time, beside the agent's `slots`: it takes none of those. Absent: it shares them. */
  readonly slots?: number | undefined;
}

export interface HealthCheck {
  readonly name: string;
  readonly url: string;
}

export type AgentStatus = "online" | "degraded" | "offline" | "draining";

/** The last results of an agent for one capability, newest first, at most 20. */
export type History = readonly boolean[];

/**
 * What a dispatcher knows of an agent when it chooses. `healthy` is per requirement already resolved to the capability.
 */
export interface Candidate {
  readonly agent: AgentId;
  readonly kind: "built-in" | "remote";
  readonly status: AgentStatus;
  /** Attempts it may have at once of the capabilities without slots of their own; built-in agents are unbounded in practice. */
  readonly slots: number;
  /** Attempts running for other projects, as far as known. */
  readonly busyElsewhere: number;
  readonly capabilities: readonly CandidateCapability[];
}

export interface CandidateCapability {
  readonly name: string;
  readonly weight: number;
  readonly preferred: boolean;
  readonly healthy: boolean;
  readonly history: History;
  /** See `CapabilityOffer.slots`. */
  readonly slots?: number | undefined;
}

/** An agent as the pool keeps it. Stored. Fields are only added, as optional. */
export interface Agent {
  readonly version: 1;
  readonly id: AgentId;
  readonly kind: "built-in" | "remote";
  readonly capabilities: readonly CapabilityOffer[];
  readonly healthChecks: readonly HealthCheck[];
  readonly slots: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly registeredAt: Moment;
  readonly lastContactAt: Moment;
  readonly connected: boolean;
  readonly draining: boolean;
  /** Projects it may serve; "all" by an operator's choice. */
  readonly projects: "all" | readonly ProjectKey[];
  /** By health-check name; absent = not probed yet, counts as healthy. */
  readonly health: Readonly<Record<string, { readonly ok: boolean; readonly at: Moment }>>;
  /** Why its socket was closed at once, as of another version of the protocol; absent once it has connected. */
  readonly refusal?: ConnectionRefusal;
}

export interface ConnectionRefusal {
  readonly because: string;
  readonly at: Moment;
}

/** What a token allows. The token itself is kept only as a SHA-256 hash. Stored. Fields are only added, as optional. */
export interface AgentGrant {
  readonly agent: AgentId;
  /** Capabilities it may register; "any" = every one that is not reserved. */
  readonly capabilities: "any" | readonly string[];
  readonly projects: "all" | readonly ProjectKey[];
  /** When the token was made; absent on those made before this was kept. */
  readonly createdAt?: Moment;
  /** To the hour. */
  readonly lastUsedAt?: Moment;
}

/** What may be changed of a grant while its token stays the same. */
export type GrantChange = Partial<Pick<AgentGrant, "capabilities" | "projects">>;

/** Names only built-in agents have, unless a token names them. */
export const reservedCapabilities = ["plan-review", "answer-question", "tech-consultation", "test-evaluation", "learn"] as const;
