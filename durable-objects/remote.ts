import type { AgentId, ProjectKey } from "../core/ids.ts";
import type { AgentMailbox } from "./agent-mailbox.ts";
import type { AgentPool } from "./agent-pool.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { ProjectOrchestrator } from "./project-orchestrator.ts";
import type { SessionFeed } from "./session-feed.ts";
import type { Settings } from "./settings.ts";
import type { Vault } from "./vault.ts";

/** A Durable Object as its callers see it: its methods, each answering by promise. */
export type Remote<T> = {
  readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** The orchestrator of one project. */
export function orchestrator(env: Env, project: ProjectKey): Remote<ProjectOrchestrator> {
  return env.ORCHESTRATORS.getByName(project) as unknown as Remote<ProjectOrchestrator>;
}

/** The one pool of agents, which also keeps the registry of projects. */
export function pool(env: Env): Remote<AgentPool> {
  return env.POOL.getByName("pool") as unknown as Remote<AgentPool>;
}

/** The mailbox of one agent. */
export function mailbox(env: Env, agent: AgentId): Remote<AgentMailbox> {
  return env.MAILBOXES.getByName(agent) as unknown as Remote<AgentMailbox>;
}

/** The feed of changes that browsers listen to. */
export function liveFeed(env: Env): Remote<LiveFeed> {
  return env.LIVE.getByName("live") as unknown as Remote<LiveFeed>;
}

/** The terminal stream of one session, by the session's id. */
export function sessionFeed(env: Env, session: string): Remote<SessionFeed> {
  return env.FEEDS.getByName(session) as unknown as Remote<SessionFeed>;
}

/** The mesh-wide settings. */
export function settings(env: Env): Remote<Settings> {
  return env.SETTINGS.getByName("settings") as unknown as Remote<Settings>;
}

/** The secrets of one project; `mesh` for those of the mesh itself. */
export function vault(env: Env, project: ProjectKey): Remote<Vault> {
  return env.VAULTS.getByName(project) as unknown as Remote<Vault>;
}
