import type { AgentId, OnboardingId } from "../ids.ts";
import type { ProjectProfile } from "../inputs.ts";
import type { Moment } from "../time.ts";
import type {
  CompletedActivity,
  LoginPrompt,
  OnboardingActivity,
  OnboardingError,
  OnboardingPause,
  OnboardingRequest,
  OnboardingStatus,
  PermissionCheck,
} from "./view.ts";

/**
 * What the activities found or made, for those that follow: a later one goes by this and by nothing it remembers. Never a secret. Stored.
 * Fields are only added, as optional.
 */
export interface OnboardingFindings {
  /** Validated; with its board as soon as there is one. */
  readonly profile?: ProjectProfile;
  readonly permissions?: readonly PermissionCheck[];
  /** Runners that serve the project and have everything it needs. */
  readonly agents?: readonly AgentId[];
  /** How the trial installed and tested the project; the settings take the test command from here unless one is given. */
  readonly trial?: { readonly installCommand: string | null; readonly testCommand: string | null };
  /** What a runner's device flow waits on, so that it is not begun twice. */
  readonly device?: { readonly agent: AgentId; readonly startedAt: Moment };
}

/**
 * One repository's way to ready. Stored. Fields are only added, as optional; see snapshot.ts.
 * Invariants:
 * 1. `completed` is a prefix of the activities in their order, each once; `activity` is the one after it, or null.
 * 2. `completed` (the status) stands exactly when every activity is completed, and never changes again; `failed` changes only by a retry.
 * 3. `attempt` never falls; an input of another attempt than the present one changes nothing.
 * 4. Of one repository at most one onboarding is active.
 * 5. `error` stands exactly when it has failed, `login` exactly when it waits for a login, `endedAt` exactly when it has ended.
 * 6. What was found is never forgotten.
 * 7. `pause` stands only while it is running. `paused` is of the present activity alone, and within what `transition.ts` allows.
 */
export interface Onboarding {
  readonly version: 1;
  readonly id: OnboardingId;
  readonly request: OnboardingRequest;
  readonly requestedBy: string;
  readonly status: OnboardingStatus;
  /** From 1. The fence: each workflow instance carries out one attempt. */
  readonly attempt: number;
  /** How often a person had it go on after a failure. */
  readonly retries: number;
  /** Attempts begun in a row because the workflow was lost, without an activity completed between them. */
  readonly losses: number;
  readonly activity: OnboardingActivity | null;
  readonly completed: readonly CompletedActivity[];
  readonly found: OnboardingFindings;
  readonly error: OnboardingError | null;
  readonly login: LoginPrompt | null;
  /** Since when a person is waited for: the time limit counts from here, whatever is restarted meanwhile. */
  readonly loginSince?: Moment;
  /** What a service has asked for; gone when the activity is carried out again. */
  readonly pause?: OnboardingPause;
  /** How often services have asked to wait in the present activity, and for how long in all. */
  readonly paused?: { readonly times: number; readonly ms: number };
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
  readonly endedAt?: Moment;
}

/** It still has something to do, by itself or with a person's help. */
export function isOnboarding({ status }: Pick<Onboarding, "status">): boolean {
  return status !== "completed" && status !== "failed";
}
