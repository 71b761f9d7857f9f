import { dayMs, secondMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { ActivityFailure, done } from "./activity.ts";
import type { Activity, ActivityContext, ActivityOutcome } from "./activity.ts";
import { loginByDevice } from "./login-by-device.ts";
import { loginByKey } from "./login-by-key.ts";
import { loginOnRunner } from "./login-on-runner.ts";

/** A person has a day, from when the login was first asked for. */
export const loginLimitMs = dayMs;
const lookFirstMs = 3 * secondMs;
const lookMostMs = 60 * secondMs;

const ways: Readonly<Record<"api-key" | "runner" | "device", Activity>> = {
  "api-key": loginByKey,
  runner: loginOnRunner,
  device: loginByDevice,
};

/** Sees to it that the agent has a login, in the way that was asked for; waits for the person it needs. */
export async function login(context: ActivityContext): Promise<ActivityOutcome> {
  const { onboarding, at } = context;
  if (onboarding.request.skipAuth) return done("Left out, as asked: the runner's own environment is taken to have what the agent needs");
  const since = onboarding.loginSince ?? at;
  if (at - since >= loginLimitMs)
    throw new ActivityFailure(
      "login-timeout",
      "Nobody logged in within a day.",
      onboarding.request.login === "api-key"
        ? `Push the agent's key (\`mesh credentials push ${onboarding.request.repository}\`), then retry.`
        : "Be ready to log in, then retry: it is asked for anew.",
    );
  const outcome = await ways[onboarding.request.login](context);
  return outcome.type === "wait" ? { ...outcome, forMs: Math.min(pauseMs(since, at), since + loginLimitMs - at) } : outcome;
}

/** Looks often while the person is likely to be at it, and ever more rarely later. */
function pauseMs(since: Moment, at: Moment): number {
  return Math.min(lookMostMs, Math.max(lookFirstMs, (at - since) / 10));
}
