import type { AgentId } from "../../core/ids.ts";
import { parseOfferedLogin } from "../../core/onboarding/offered-login.ts";
import type { LoginPrompt } from "../../core/onboarding/view.ts";
import { deviceStartResult, deviceStatusResult, runnerCapabilities } from "../../core/protocol/runner-work.ts";
import { secondMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { askRunner, noLoginRunner } from "./login-on-runner.ts";
import { onlineWith } from "./runner-task.ts";

const mostTries = 3;
const firstPauseMs = secondMs;

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
  const answer = await askRunner(env, key, begun.agent, { type: "device-status" }, [onboarding.id, "device", at]);
  const status = deviceStatusResult.safeParse(answer);
  if (!status.success || status.data.state === "waiting") return { type: "wait", forMs: 0, login: shown };
  if (status.data.state === "done") return done(`${begun.agent} is logged in by device code`);
  return begin(context, begun.agent);
}

/** Three tries, with pauses of 1 s · 2ⁿ between them. What the runner answers is parsed as strictly here as there. */
async function begin({ env, onboarding }: ActivityContext, agent: AgentId): Promise<ActivityOutcome> {
  const { key } = profileOf(onboarding);
  let foreign = false;
  for (let tried = 0; tried < mostTries; tried += 1) {
    if (tried > 0) await scheduler.wait(firstPauseMs * 2 ** (tried - 1));
    const answer = await askRunner(env, key, agent, { type: "device-start" }, [onboarding.id, "device-start", now()]);
    const started = deviceStartResult.safeParse(answer);
    if (!started.success) continue;
    const parsed = parseOfferedLogin(started.data);
    foreign = !parsed.ok;
    if (!parsed.ok) continue;
    const { url: deviceUrl, code: userCode } = parsed.value;
    const login: LoginPrompt = { mode: "device", runner: agent, deviceUrl, userCode, expiresAt: now() + started.data.expiresInMs };
    return { type: "wait", forMs: 0, login, found: { device: { agent, startedAt: now() } } };
  }
  if (foreign)
    throw new ActivityFailure(
      "login-untrusted",
      `${agent} gave an address or a code that is none of a vendor's own; it is not shown to anyone.`,
      `Look at the agent's command on ${agent}: its output may have been tampered with. Or push a key: onboard anew with login api-key.`,
    );
  throw new ActivityFailure(
    "device-login-failed",
    `${agent} could not begin a device login, ${mostTries} times in a row.`,
    `Look at the runner's output on ${agent}: the agent's login command may be missing, or know no device flow. Then retry, or push a key: onboard anew with login api-key.`,
  );
}
