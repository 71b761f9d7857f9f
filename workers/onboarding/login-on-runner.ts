import type { AgentId, ProjectKey } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import { loginStatusResult, runnerCapabilities } from "../../core/protocol/runner-work.ts";
import type { LoginStatusResult, LoginWork } from "../../core/protocol/runner-work.ts";
import { secondMs } from "../../core/time.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { onlineWith, runnerTask, taskIdOf } from "./runner-task.ts";

/** What a runner has for an answer, its agent's command included. */
export const answerMs = 20 * secondMs;
const unmendable: ReadonlySet<string> = new Set(["configuration", "refused"]);

/** The agent's own login on the runner's machine, made there by a person; the mesh only asks whether it is there. */
export async function loginOnRunner(context: ActivityContext): Promise<ActivityOutcome> {
  const { env, onboarding } = context;
  const { key } = profileOf(onboarding);
  const agents = await onlineWith(env, key, runnerCapabilities.login, onboarding.found.agents);
  if (agents.length === 0) {
    if (onboarding.login === null) throw noLoginRunner();
    return { type: "wait", forMs: 0, login: onboarding.login };
  }
  const answers = await Promise.all(agents.map(async (agent) => ({ agent, status: await loginStatus(context, agent) })));
  const without = answers.find(({ status }) => status !== null && !status.loggedIn);
  if (without?.status) return { type: "wait", forMs: 0, login: { mode: "runner", runner: without.agent, command: without.status.command } };
  const silent = answers.find(({ status }) => status === null);
  if (silent) return { type: "wait", forMs: 0, login: onboarding.login ?? { mode: "runner", runner: silent.agent } };
  return done(answers.map(({ agent, status }) => `${agent} is logged in (${status?.method ?? "method unknown"})`).join(", "));
}

/** Whether the agent on that runner is logged in; null when the runner gives no answer in time. Throws what no waiting mends. */
async function loginStatus({ env, onboarding, at }: ActivityContext, agent: AgentId): Promise<LoginStatusResult | null> {
  const { key } = profileOf(onboarding);
  const task = await askRunner(env, key, agent, { type: "status" }, answerMs, [onboarding.id, "login", at, agent]);
  const result = loginStatusResult.safeParse(task?.result);
  return result.success ? result.data : null;
}

/**
 * What this one runner makes of it; null when it does not answer in time. Throws what no waiting mends: the runner knows no such login, or may not
 * have it.
 */
export async function askRunner(
  env: Env,
  project: ProjectKey,
  agent: AgentId,
  payload: LoginWork,
  forMs: number,
  name: readonly (string | number)[],
): Promise<TaskView | null> {
  const spec = {
    id: taskIdOf(project, ...name),
    capability: runnerCapabilities.login,
    payload,
    priority: 8,
    timeoutSeconds: Math.ceil(forMs / secondMs),
    maxAttempts: 1,
    wait: true,
    agent,
  };
  const task = await runnerTask(env, project, spec, forMs);
  if (task === null || task.endedAt === null) return null;
  const { error } = task;
  if (error !== null && unmendable.has(error.kind))
    throw new ActivityFailure(
      "login-unavailable",
      `${agent}: ${error.message}`,
      "Mend that on the runner's machine, then retry. Or push a key instead: onboard anew with login api-key.",
    );
  return task;
}

export function noLoginRunner(): ActivityFailure {
  return new ActivityFailure(
    "no-login-runner",
    `No runner that serves the project is online with the capability ${runnerCapabilities.login}.`,
    "Bring the runner back, or update it to the mesh's version; then retry. Or push a key instead: onboard anew with login api-key.",
  );
}
