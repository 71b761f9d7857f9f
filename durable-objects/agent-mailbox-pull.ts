import type { AgentId, ProjectKey } from "../core/ids.ts";
import { errorText, log } from "../platform/log.ts";
import type { OutstandingWork } from "./agent-mailbox-work.ts";
import { orchestrator } from "./remote.ts";

/**
 * Brings what is outstanding for an agent in line with what the orchestrators of these projects say. False when one of them could not be asked. What is
 * `arriving` meanwhile stays.
 */
export async function pullOutstanding(
  env: Env,
  agent: AgentId,
  projects: readonly ProjectKey[],
  work: OutstandingWork,
  arriving: ReadonlySet<string>,
): Promise<boolean> {
  const before = work.snapshot();
  const told = await Promise.all(
    projects.map(async (project) => {
      try {
        work.align(project, await orchestrator(env, project).outstanding(agent), before, arriving);
        return true;
      } catch (thrown) {
        log("warn", "an orchestrator was not asked", { agent, project, reason: "outstanding-failed", error: errorText(thrown) });
        return false;
      }
    }),
  );
  return told.every(Boolean);
}
