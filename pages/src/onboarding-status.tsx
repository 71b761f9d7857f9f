import type { JSX } from "preact";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { StateBadge } from "./state-badge.tsx";
import { looks } from "./state-looks.ts";

/** How an onboarding stands, by colour, shape and word. */
export function OnboardingStatus({ view: { status, pause } }: { readonly view: OnboardingView }): JSX.Element {
  return pause ? (
    <StateBadge look={looks.onboarding.paused} word={`waits for ${pause.service}`} />
  ) : (
    <StateBadge look={looks.onboarding[status]} />
  );
}
