import type { AgentId } from "../../core/ids.ts";
import { deviceLogin, devicePauseMs } from "../../core/onboarding/device-login.ts";
import { parseOfferedLogin } from "../../core/onboarding/offered-login.ts";
import type { LoginPrompt } from "../../core/onboarding/view.ts";
import { deviceStartResult, deviceStatusResult, runnerCapabilities } from "../../core/protocol/runner-work.ts";
import { now } from "../../platform/clock.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { answerMs, askRunner, noLoginRunner } from "./login-on-runner.ts";
import { onlineWith } from "./runner-task.ts";

/** All of the runner's tries with their pauses, and its answer. */
const beginMs = deviceLogin.tries * (deviceLogin.timeLimitMs + devicePauseMs(deviceLogin.tries)) + answerMs;

/** A device flow (RFC 8628) that a runner begins: a person types its code at the vendor's own page, and the runner says when it is done. */
export async function loginByDevice(context: ActivityContext): Promise<ActivityOutcome> {
  const { env, onboarding, at } = context;
  const { key } = profileOf(onboarding);
  const agents = await onlineWith(env, key, runnerCapabilities.login, onboarding.found.agents);
  const shown = onboarding.login?.mode === "device" ? onboarding.login : null;
  const begun = onboarding.found.device;
  if (shown === null || begun === undefined) {
    const [first] = agents;
    if (first === undefined) throw noLoginRunner();
    return begin(context, first);
  }
  // A runner that is away comes back, and its flow with it.
  if (!agents.includes(begun.agent)) return { type: "wait", forMs: 0, login: shown };
  const task = await askRunner(env, key, begun.agent, { type: "device-status" }, answerMs, [onboarding.id, "device", at]);
  const status = deviceStatusResult.safeParse(task?.result);
  if (!status.success || status.data.state === "waiting") return { type: "wait", forMs: 0, login: shown };
  if (status.data.state === "done") return done(`${begun.agent} is logged in by device code`);
  return begin(context, begun.agent);
}

/** The runner tries it three times, with pauses of 1 s · 2ⁿ between. What it answers is parsed as strictly here as there. */
async function begin({ env, onboarding }: ActivityContext, agent: AgentId): Promise<ActivityOutcome> {
  const { key } = profileOf(onboarding);
  const task = await askRunner(env, key, agent, { type: "device-start" }, beginMs, [onboarding.id, "device-start", now()]);
  const started = deviceStartResult.safeParse(task?.result);
  if (!started.success)
    throw new ActivityFailure(
      "device-login-failed",
      `${agent} could not begin a device login: ${task?.error?.message ?? "it gave no answer"}`,
      `Look at the runner's output on ${agent}, mend what it names, then retry. Or push a key: onboard anew with login api-key.`,
    );
  const parsed = parseOfferedLogin(started.data);
  if (!parsed.ok)
    throw new ActivityFailure(
      "login-untrusted",
      `${agent} gave an address or a code that is none of a vendor's own; it is not shown to anyone.`,
      `Look at the agent's command on ${agent}: its output may have been tampered with. Or push a key: onboard anew with login api-key.`,
    );
  const { url: deviceUrl, code: userCode } = parsed.value;
  const login: LoginPrompt = { mode: "device", runner: agent, deviceUrl, userCode, expiresAt: now() + started.data.expiresInMs };
  return { type: "wait", forMs: 0, login, found: { device: { agent, startedAt: now() } } };
}
