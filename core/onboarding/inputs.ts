import type { OnboardingId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { OnboardingFindings } from "./state.ts";
import type { LoginPrompt, OnboardingActivity, OnboardingError, OnboardingRequest } from "./view.ts";

/** The attempt that speaks; what an older one says is stale and changes nothing. */
interface OfAttempt {
  readonly onboarding: OnboardingId;
  readonly attempt: number;
}

/** What reaches an onboarding. No text here may be a secret. */
export type OnboardingInput =
  | { readonly type: "onboarding-requested"; readonly onboarding: OnboardingId; readonly request: OnboardingRequest; readonly by: string }
  | ({ readonly type: "onboarding-step-begun"; readonly activity: OnboardingActivity } & OfAttempt)
  | ({
      readonly type: "onboarding-step-done";
      readonly activity: OnboardingActivity;
      /** One line for people. */
      readonly summary: string;
      readonly found: OnboardingFindings;
    } & OfAttempt)
  /** A person has to do something; said again when what is shown has changed. */
  | ({ readonly type: "onboarding-waiting"; readonly login: LoginPrompt; readonly found?: OnboardingFindings } & OfAttempt)
  /** A service asks to be left alone until then; `message` is what it said. */
  | ({
      readonly type: "onboarding-paused";
      readonly activity: OnboardingActivity;
      readonly service: string;
      readonly until: Moment;
      readonly message: string;
    } & OfAttempt)
  | ({ readonly type: "onboarding-failed"; readonly found?: OnboardingFindings } & OnboardingError & OfAttempt)
  /** A person has it go on from the activity that failed. */
  | { readonly type: "onboarding-retried"; readonly onboarding: OnboardingId; readonly by: string }
  /** The workflow of this attempt was lost: the next one goes on from where it was. */
  | ({ readonly type: "onboarding-resumed" } & OfAttempt);
