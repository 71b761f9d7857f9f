import type { AgentId, ProjectKey } from "../../core/ids.ts";
import { loginStatusResult, runnerCapabilities } from "../../core/protocol/runner-work.ts";
import type { LoginStatusResult, LoginWork } from "../../core/protocol/runner-work.ts";
import { secondMs } from "../../core/time.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { onlineWith, runnerTask, taskIdOf } from "./runner-task.ts";

/** What a runner has for an answer, its agent's command included. */
export const answerMs = 20 * secondMs;

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

/** Whether the agent on that runner is logged in; null when the runner gives no answer in time. */
export async function loginStatus({ env, onboarding, at }: ActivityContext, agent: AgentId): Promise<LoginStatusResult | null> {
  const { key } = profileOf(onboarding);
  const result = loginStatusResult.safeParse(await askRunner(env, key, agent, { type: "status" }, [onboarding.id, "login", at, agent]));
  return result.success ? result.data : null;
}

/** What this one runner answers; undefined when it does not, or fails. */
export async function askRunner(
  env: Env,
  project: ProjectKey,
  agent: AgentId,
  payload: LoginWork,
  name: readonly (string | number)[],
): Promise<unknown> {
  const spec = {
    id: taskIdOf(project, ...name),
    capability: runnerCapabilities.login,
    payload,
    priority: 8,
    timeoutSeconds: answerMs / secondMs,
    maxAttempts: 1,
    wait: true,
    agent,
  };
  const task = await runnerTask(env, project, spec, answerMs);
  return task?.status === "completed" ? task.result : undefined;
}

export function noLoginRunner(): ActivityFailure {
  return new ActivityFailure(
    "no-login-runner",
    `No runner that serves the project is online with the capability ${runnerCapabilities.login}.`,
    "Bring the runner back, or update it to the mesh's version; then retry. Or push a key instead: onboard anew with login api-key.",
  );
}
