import type { AgentId, ProjectKey } from "../core/ids.ts";
import type { Moment } from "../core/time.ts";
import { errorText, log } from "../platform/log.ts";
import { orchestrator } from "./remote.ts";

/** How the mailbox stands with its agent. */
export interface AgentContact {
  readonly connected: boolean;
  readonly lastContactAt: Moment | null;
}

/** Sessions of an agent that wait for an answer. */
export interface WaitingSessions {
  /** With a question open and a process: their attempts are held. */
  readonly asking: number;
  /** With a question open and no process: they hold no attempt and no slot. */
  readonly parked: number;
}

export interface MailboxStatus extends AgentContact, WaitingSessions {
  /** Attempts held for the agent, those of sessions that ask among them. */
  readonly working: number;
  readonly slots: number;
}

/** So many projects are asked, the ones with work outstanding first. */
const mostAsked = 50;

/** Asks the orchestrators of these projects; one that does not answer counts as having none. */
export async function waitingSessions(env: Env, agent: AgentId, projects: readonly ProjectKey[]): Promise<WaitingSessions> {
  const told = await Promise.all(
    projects.slice(0, mostAsked).map(async (project) => {
      try {
        return await orchestrator(env, project).waitingSessions(agent);
      } catch (thrown) {
        log("warn", "an orchestrator was not asked", { agent, project, reason: "waiting-sessions-failed", error: errorText(thrown) });
        return { asking: 0, parked: 0 };
      }
    }),
  );
  return told.reduce((sum, { asking, parked }) => ({ asking: sum.asking + asking, parked: sum.parked + parked }), { asking: 0, parked: 0 });
}
