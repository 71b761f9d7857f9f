import type { JSX } from "preact";
import { FailedState } from "./failed-state.tsx";
import { loadOnboardings, onboardingFailure, onboardings } from "./onboarding-store.ts";

/** Says that the onboardings could not be fetched. */
export function OnboardingsFailure(): JSX.Element | null {
  const failure = onboardingFailure.value;
  if (!failure) return null;
  return <FailedState what="onboardings" failure={failure} old={onboardings.value.size > 0} again={() => loadOnboardings()} />;
}
