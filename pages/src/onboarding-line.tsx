import type { JSX } from "preact";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { OnboardingStatus } from "./onboarding-status.tsx";
import { OutsideText } from "./outside-text.tsx";
import { Ago } from "./when.tsx";

/** One onboarding among what waits or has failed: how it stands, since when, and why. */
export function OnboardingLine({ view }: { readonly view: OnboardingView }): JSX.Element {
  return (
    <li class="run-line">
      <OnboardingStatus view={view} />
      <a class="past-title" href={`#/onboarding/${encodeURIComponent(view.id)}`}>
        Onboarding of {view.repository}
      </a>
      <span class="quiet">
        <Ago at={view.updatedAt} />
      </span>
      <span class="why">
        <OutsideText text={view.explain} most={300} />
      </span>
    </li>
  );
}
