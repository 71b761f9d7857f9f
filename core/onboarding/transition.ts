import type { EventBody } from "../events.ts";
import type { OnboardingId } from "../ids.ts";
import { hourMs } from "../time.ts";
import type { Moment } from "../time.ts";
import { time } from "../lifecycle/explain.ts";
import { ignored, moved } from "../transition.ts";
import type { Transition } from "../transition.ts";
import type { OnboardingInput } from "./inputs.ts";
import { isOnboarding } from "./state.ts";
import type { Onboarding } from "./state.ts";
import { onboardingActivities } from "./view.ts";
import type { OnboardingActivity, OnboardingRequest } from "./view.ts";

/** A workflow that is lost so often in a row, without an activity completed, is not started again by itself. */
export const mostLosses = 12;
/** Services that ask to wait are given this much in one activity, then it is a person's turn. GitHub's limits are by the hour. */
export const mostPaused = { times: 60, ms: 3 * hourMs } as const;

export type OnboardingStep = Transition<Onboarding, EventBody, never>;
type Later = Exclude<OnboardingInput, { type: "onboarding-requested" }>;

/** What a person asks for, taken on. */
export function requestOnboarding(id: OnboardingId, request: OnboardingRequest, by: string, at: Moment): Onboarding {
  return {
    version: 1,
    id,
    request,
    requestedBy: by,
    status: "pending",
    attempt: 1,
    retries: 0,
    losses: 0,
    activity: null,
    completed: [],
    found: {},
    error: null,
    login: null,
    createdAt: at,
    updatedAt: at,
  };
}

/** The first activity that is not completed; undefined when all are. */
export function nextActivity({ completed }: Pick<Onboarding, "completed">): OnboardingActivity | undefined {
  return onboardingActivities[completed.length];
}

/** Moves one onboarding by an input that is for it. */
export function transitionOnboarding(onboarding: Onboarding, input: Later, at: Moment): OnboardingStep {
  if (input.type === "onboarding-retried") return retry(onboarding, at);
  if (input.attempt !== onboarding.attempt) return ignored("stale");
  if (!isOnboarding(onboarding)) return ignored("ended");
  switch (input.type) {
    case "onboarding-step-begun":
      return begin(onboarding, input.activity, at);
    case "onboarding-step-done":
      return complete(onboarding, input, at);
    case "onboarding-waiting":
      return wait(onboarding, input, at);
    case "onboarding-paused":
      return pause(onboarding, input, at);
    case "onboarding-failed":
      return fail(onboarding, input, at);
    case "onboarding-resumed":
      return resume(onboarding, at);
  }
}

function begin(onboarding: Onboarding, activity: OnboardingActivity, at: Moment): OnboardingStep {
  if (activity !== nextActivity(onboarding)) return ignored("out-of-order");
  // Looking again for what a person was asked to do takes nothing back of what is shown.
  if (onboarding.status === "waiting_auth") return ignored("waiting");
  if (onboarding.activity === activity && onboarding.status === "running" && onboarding.pause === undefined) return ignored("begun");
  return moved({ ...withoutPause(onboarding), status: "running", activity, updatedAt: at });
}

function complete(
  onboarding: Onboarding,
  { activity, summary, found }: Extract<OnboardingInput, { type: "onboarding-step-done" }>,
  at: Moment,
): OnboardingStep {
  if (activity !== nextActivity(onboarding)) return ignored("out-of-order");
  const completed = [...onboarding.completed, { activity, summary, at }];
  const after = { ...withoutWaits(onboarding), completed, found: { ...onboarding.found, ...found }, losses: 0, updatedAt: at };
  const next = nextActivity(after);
  if (next === undefined) return moved({ ...after, status: "completed", activity: null, endedAt: at });
  return moved({ ...after, status: "running", activity: next });
}

function wait(
  onboarding: Onboarding,
  { login, found }: Extract<OnboardingInput, { type: "onboarding-waiting" }>,
  at: Moment,
): OnboardingStep {
  if (nextActivity(onboarding) !== "login") return ignored("out-of-order");
  return moved({
    ...withoutPause(onboarding),
    status: "waiting_auth",
    activity: "login",
    login,
    loginSince: onboarding.loginSince ?? at,
    found: { ...onboarding.found, ...found },
    losses: 0,
    updatedAt: at,
  });
}

function fail(
  onboarding: Onboarding,
  { activity, reason, message, fix, found }: Extract<OnboardingInput, { type: "onboarding-failed" }>,
  at: Moment,
): OnboardingStep {
  if (activity !== nextActivity(onboarding)) return ignored("out-of-order");
  return moved({
    ...withoutWaits(onboarding),
    status: "failed",
    activity,
    error: { activity, reason, message, fix },
    found: { ...onboarding.found, ...found },
    updatedAt: at,
    endedAt: at,
  });
}

/** A service gets the time it asks for, until that is too much for one activity. */
function pause(
  onboarding: Onboarding,
  { activity, service, until, message, attempt }: Extract<OnboardingInput, { type: "onboarding-paused" }>,
  at: Moment,
): OnboardingStep {
  if (activity !== nextActivity(onboarding)) return ignored("out-of-order");
  const before = onboarding.paused ?? { times: 0, ms: 0 };
  const paused = { times: before.times + 1, ms: before.ms + Math.max(0, until - at) };
  if (paused.times > mostPaused.times || paused.ms > mostPaused.ms) {
    return fail(
      onboarding,
      {
        type: "onboarding-failed",
        onboarding: onboarding.id,
        attempt,
        activity,
        reason: "asked-to-wait-too-long",
        message: `${service} asks to wait until ${time(until)}, and with that for more than ${mostPaused.ms / hourMs} hours or ${mostPaused.times} times. It said: ${message}`,
        fix: `Find out what else uses the mesh's account at ${service} (its page on rate limits says how much is left), and retry when it answers again.`,
      },
      at,
    );
  }
  // A person who is waited for is told so first.
  if (onboarding.status === "waiting_auth") return moved({ ...onboarding, paused, updatedAt: at });
  return moved({ ...onboarding, status: "running", activity, pause: { service, until }, paused, updatedAt: at });
}

function resume(onboarding: Onboarding, at: Moment): OnboardingStep {
  const activity = nextActivity(onboarding);
  if (activity !== undefined && onboarding.losses >= mostLosses) {
    const message = `The workflow was lost ${onboarding.losses + 1} times in a row in this activity.`;
    const fix = "Look for the error in the Worker's log, then retry.";
    return fail(
      onboarding,
      {
        type: "onboarding-failed",
        onboarding: onboarding.id,
        attempt: onboarding.attempt,
        activity,
        reason: "workflow-lost",
        message,
        fix,
      },
      at,
    );
  }
  return moved({ ...onboarding, attempt: onboarding.attempt + 1, losses: onboarding.losses + 1, updatedAt: at });
}

function retry(onboarding: Onboarding, at: Moment): OnboardingStep {
  if (onboarding.status !== "failed") return ignored("not-failed");
  const { endedAt: _, ...rest } = onboarding;
  return moved({
    ...rest,
    status: "pending",
    attempt: onboarding.attempt + 1,
    retries: onboarding.retries + 1,
    losses: 0,
    error: null,
    updatedAt: at,
  });
}

function withoutWaits(onboarding: Onboarding): Onboarding {
  const { loginSince: _, paused: __, ...rest } = withoutPause(onboarding);
  return { ...rest, login: null };
}

function withoutPause(onboarding: Onboarding): Onboarding {
  const { pause: _, ...rest } = onboarding;
  return rest;
}
