import { meshProject } from "../../core/ids.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import type { WatchedOnboarding } from "../../durable-objects/onboarding-store.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import { instanceId, onboardingOf, saysGone, startInstance } from "./instances.ts";
import { policyOf } from "./policy-of.ts";

/** Instances that will do nothing more by themselves. */
const over: ReadonlySet<string> = new Set(["errored", "terminated", "complete"]);
/** One that was just asked for may not be there yet. */
const startsWithinMs = 5 * secondMs;
/** While one is active it is looked at this often, at least. */
const lookAgainMs = minuteMs;

/**
 * Sees to it that every active onboarding has a workflow at work: one whose instance is missing, over, or silent for longer than it said it would be
 * is taken up by the next. Answers how many were, and when to look again; null = nothing is active.
 */
export async function watchOnboardings(env: Env): Promise<{ readonly restarted: number; readonly nextAt: Moment | null }> {
  const watched = await orchestrator(env, meshProject).watchedOnboardings();
  let restarted = 0;
  let nextAt: Moment | null = null;
  for (const each of watched) {
    const silentAt = await silentFrom(env, each);
    const lost = now() >= silentAt ? "silent" : await lostInstance(env, each);
    if (lost !== null) {
      await takeUp(env, each, lost);
      restarted += 1;
    }
    const due = lost === null ? Math.min(silentAt, now() + lookAgainMs) : now() + startsWithinMs;
    nextAt = nextAt === null ? due : Math.min(nextAt, due);
  }
  return { restarted, nextAt };
}

async function silentFrom(env: Env, { id, heardAt, quietMs }: WatchedOnboarding): Promise<Moment> {
  const onboarding = await onboardingOf(env, id);
  const { redelivery } = await policyOf(env, onboarding?.request.overrides ?? {});
  return heardAt + quietMs + redelivery.leaseMs;
}

async function lostInstance(env: Env, watched: WatchedOnboarding): Promise<"missing" | "over" | null> {
  if (now() - watched.heardAt < startsWithinMs) return null;
  try {
    const { status } = await (await env.ONBOARDING.get(instanceId(watched))).status();
    return over.has(status) ? "over" : null;
  } catch (error) {
    if (saysGone(error)) return "missing";
    // Its silence will tell.
    log("warn", "the workflow of an onboarding cannot be asked", { onboarding: watched.id, error: errorText(error) });
    return null;
  }
}

/** A missing instance is made; any other is left to its end, which the next attempt fences off. */
async function takeUp(env: Env, watched: WatchedOnboarding, lost: "missing" | "over" | "silent"): Promise<void> {
  log("warn", "the workflow of an onboarding was lost and is taken up", { reason: lost, onboarding: watched.id, attempt: watched.attempt });
  if (lost !== "missing") {
    await orchestrator(env, meshProject).apply({
      id: `${watched.id}:${watched.attempt}:resumed`,
      at: now(),
      type: "onboarding-resumed",
      onboarding: watched.id,
      attempt: watched.attempt,
    });
  }
  const onboarding = await onboardingOf(env, watched.id);
  if (onboarding !== null && onboarding.status !== "failed") await startInstance(env, onboarding);
}
