import { ClientError } from "../../clients/client-error.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { Onboarding, OnboardingFindings } from "../../core/onboarding/state.ts";
import type { LoginPrompt, OnboardingError } from "../../core/onboarding/view.ts";
import type { Policy } from "../../core/policy.ts";
import type { Moment } from "../../core/time.ts";
import { ConfigurationError } from "../../platform/config.ts";
import type { Clients } from "../clients.ts";
import { ProjectBeingDeleted } from "../projects/configure-projects.ts";

/** What an activity has at hand. It goes by what is written down in the onboarding, so that it may be carried out again at any time, anywhere. */
export interface ActivityContext {
  readonly env: Env;
  readonly clients: Clients;
  readonly onboarding: Onboarding;
  /** The mesh's settings, and over them what the request brings. */
  readonly policy: Policy;
  readonly at: Moment;
}

/** What an activity came to. Nothing in it may be a secret. */
export type ActivityOutcome =
  | {
      readonly type: "done";
      /** One line for people: what was found or made, or why it was left out. */
      readonly summary: string;
      readonly found?: OnboardingFindings;
    }
  /** Nothing is wrong, and it is not done: it is looked at again after this time, or as soon as someone says so. */
  | { readonly type: "wait"; readonly forMs: number; readonly login?: LoginPrompt; readonly found?: OnboardingFindings };

export type Activity = (context: ActivityContext) => Promise<ActivityOutcome>;

export function done(summary: string, found?: OnboardingFindings): ActivityOutcome {
  return { type: "done", summary, ...(found === undefined ? {} : { found }) };
}

/** It cannot go on before a person has mended something. */
export class ActivityFailure extends Error {
  override name = "ActivityFailure";
  readonly reason: string;
  readonly fix: string;
  readonly found: OnboardingFindings;

  constructor(reason: string, message: string, fix: string, found: OnboardingFindings = {}) {
    super(message);
    this.reason = reason;
    this.fix = fix;
    this.found = found;
  }
}

/** What an activity threw, as people are told it. */
export function failureOf(error: unknown): Omit<OnboardingError, "activity"> & { readonly found?: OnboardingFindings } {
  if (error instanceof ActivityFailure) return { reason: error.reason, message: error.message, fix: error.fix, found: error.found };
  if (error instanceof ClientError) {
    const reason = `${error.service.toLowerCase().replaceAll(" ", "-")}-${error.code}`;
    return { reason, message: error.message, fix: fixOf(error) };
  }
  if (error instanceof ProjectBeingDeleted) {
    return { reason: "being-deleted", message: error.message, fix: "Wait until the deletion is through (GET /ops/state), then retry." };
  }
  if (error instanceof ConfigurationError) {
    return { reason: "not-configured", message: error.message, fix: "Set what is named (`mesh doctor` says how), then retry." };
  }
  return {
    reason: "internal",
    message: "An error of the mesh itself, again and again.",
    fix: "Look for this onboarding's id in the Worker's log, then retry.",
  };
}

/** Whether the same may go well a moment later. Our own errors count: a Durable Object that restarts throws one. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ActivityFailure || error instanceof ConfigurationError) return false;
  return error instanceof ClientError ? error.retryable : true;
}

function fixOf({ service, code }: ClientError): string {
  switch (code) {
    case "authentication":
      return `Give the mesh a valid credential for ${service} (\`mesh doctor\` says which setting it is), then retry.`;
    case "configuration":
      return `Put the settings for ${service} right (\`mesh doctor\` names them), then retry.`;
    case "forbidden":
    case "not-found":
    case "gone":
      return `Look whether it is there, and whether the mesh's credential for ${service} may see it and write to it; then retry.`;
    case "unavailable":
    case "unreachable":
    case "timeout":
    case "rate-limited":
    case "quota":
      return `${service} did not answer as it should, several times in a row. Look at its state and its logs; retry when it is well again.`;
    default:
      return `Mend what ${service} objects to, then retry.`;
  }
}

/** What validating has found; every later activity stands on it. */
export function profileOf({ found }: Onboarding): ProjectProfile {
  if (found.profile === undefined) throw new Error("nothing was validated");
  return found.profile;
}
