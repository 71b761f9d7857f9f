import { ClientError } from "../../clients/client-error.ts";
import { meshProject } from "../../core/ids.ts";
import type { OnboardingId } from "../../core/ids.ts";
import type { OnboardingInput } from "../../core/onboarding/inputs.ts";
import { isOnboarding } from "../../core/onboarding/state.ts";
import type { Onboarding } from "../../core/onboarding/state.ts";
import { nextActivity } from "../../core/onboarding/transition.ts";
import { onboardingActivities } from "../../core/onboarding/view.ts";
import type { OnboardingActivity } from "../../core/onboarding/view.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Clients } from "../clients.ts";
import { activities } from "./activities.ts";
import { ActivityFailure, failureOf, isPassing } from "./activity.ts";
import type { ActivityOutcome } from "./activity.ts";
import { policyOf } from "./policy-of.ts";

/** Which attempt of which onboarding is carried out. */
export interface AttemptRef {
  readonly onboarding: OnboardingId;
  readonly attempt: number;
}

/** What the workflow does next: the next activity, the same one again after a wait, or nothing more. */
export type Performed =
  | { readonly next: "on" }
  | { readonly next: "stop" }
  | { readonly next: "wait"; readonly forMs: number; readonly forLogin: boolean };

/** How often an activity is tried when what went wrong may pass, and how long the first pause is; each is twice the one before. */
export const tries = { most: 6, firstPauseMs: 2_000 } as const;

/** Carries out one activity once and writes down what came of it. Throws what may pass, for the workflow to try again. */
export async function perform(
  env: Env,
  clients: Clients,
  { onboarding: id, attempt }: AttemptRef,
  activity: OnboardingActivity,
  tried: number,
): Promise<Performed> {
  const mesh = orchestrator(env, meshProject);
  const onboarding = await mesh.onboarding(id);
  if (onboarding === null || onboarding.attempt !== attempt) return { next: "stop" };
  if (onboarding.completed.some((each) => each.activity === activity)) return { next: "on" };
  if (!isOnboarding(onboarding) || nextActivity(onboarding) !== activity) return { next: "stop" };
  const of = { onboarding: id, attempt };
  const said = (what: string, input: OnboardingInput) => mesh.apply({ ...input, id: `${id}:${attempt}:${activity}:${what}`, at: now() });
  await said("begun", { type: "onboarding-step-begun", activity, ...of });
  try {
    await refuseDeleted(env, onboarding);
    const policy = await policyOf(env, onboarding.request.overrides);
    const alive = signsOfLife(env, of, policy.redelivery.leaseMs / 4);
    let outcome: ActivityOutcome;
    try {
      outcome = await activities[activity]({ env, clients, onboarding, policy, at: now() });
    } finally {
      alive.stop();
    }
    if (outcome.type === "done") {
      const { summary, found = {} } = outcome;
      await said("done", { type: "onboarding-step-done", activity, summary, found, ...of });
      log("info", "an activity of an onboarding is done", { onboarding: id, activity, attempt });
      return { next: activity === onboardingActivities.at(-1) ? "stop" : "on" };
    }
    await show(onboarding, outcome, (input) => said(`waiting:${now()}`, input));
    const isLive = await mesh.onboardingHeard(id, attempt, outcome.forMs);
    return isLive ? { next: "wait", forMs: outcome.forMs, forLogin: outcome.login !== undefined } : { next: "stop" };
  } catch (error) {
    log("warn", "an activity of an onboarding failed", {
      reason: failureOf(error).reason,
      onboarding: id,
      activity,
      attempt,
      error: errorText(error),
    });
    if (isPassing(error) && error instanceof ClientError && error.retryAt !== undefined && error.retryAt > now()) {
      const { service, message, retryAt: until } = error;
      await said(`paused:${now()}`, { type: "onboarding-paused", activity, service, until, message, ...of });
      const forMs = Math.max(0, until - now());
      // Not when it was told to wait too long: then the onboarding has failed.
      return (await mesh.onboardingHeard(id, attempt, forMs)) ? { next: "wait", forMs, forLogin: false } : { next: "stop" };
    }
    if (isPassing(error) && tried < tries.most) {
      await mesh.onboardingHeard(id, attempt, tries.firstPauseMs * 2 ** (tried - 1));
      throw error;
    }
    await said("failed", { type: "onboarding-failed", activity, ...failureOf(error), ...of });
    return { next: "stop" };
  }
}

/** A project that was deleted meanwhile does not come back by what is still to be done. */
async function refuseDeleted(env: Env, { completed, found }: Onboarding): Promise<void> {
  const { profile } = found;
  if (profile === undefined || !completed.some(({ activity }) => activity === "registry")) return;
  if ((await pool(env).projectKeyed(profile.key)) !== null) return;
  throw new ActivityFailure(
    "project-deleted",
    `${profile.name} was deleted from the mesh meanwhile.`,
    "Onboard it anew, if that is wanted.",
  );
}

/** Says what a person has to do, when that is not shown already. */
async function show(
  onboarding: Onboarding,
  { login, found }: Extract<ActivityOutcome, { type: "wait" }>,
  say: (input: OnboardingInput) => Promise<unknown>,
): Promise<void> {
  if (login === undefined) return;
  if (onboarding.status === "waiting_auth" && JSON.stringify(onboarding.login) === JSON.stringify(login)) return;
  const { id, attempt } = onboarding;
  await say({ type: "onboarding-waiting", onboarding: id, attempt, login, ...(found === undefined ? {} : { found }) });
}

/** While an activity is at work, the watchdog hears of it; a sign that does not arrive is no harm, the next will. */
function signsOfLife(env: Env, { onboarding, attempt }: AttemptRef, everyMs: number): { stop(): void } {
  const over = new AbortController();
  const saying = (async () => {
    for (;;) {
      await scheduler.wait(everyMs, { signal: over.signal });
      await orchestrator(env, meshProject).onboardingHeard(onboarding, attempt, 0);
    }
  })();
  saying.catch((error: unknown) => {
    if (!over.signal.aborted) log("warn", "a sign of life did not arrive", { onboarding, error: errorText(error) });
  });
  return { stop: () => over.abort() };
}
