import type { JSX } from "preact";
import type { OnboardingStatus as Status, OnboardingView } from "../../core/onboarding/view.ts";
import { PhaseBadge } from "./phase-badge.tsx";

const badges: Readonly<Record<Status, readonly [phase: string, word: string]>> = {
  pending: ["INTAKE", "about to begin"],
  running: ["IMPLEMENTATION", "running"],
  waiting_auth: ["QA", "waits for a login"],
  completed: ["ACCEPTED", "ready"],
  failed: ["FAILED", "failed"],
};

/** How an onboarding stands, by colour, shape and word. */
export function OnboardingStatus({ view: { status, pause } }: { readonly view: OnboardingView }): JSX.Element {
  const [phase, word] = pause ? (["QA", `waits for ${pause.service}`] as const) : badges[status];
  return <PhaseBadge phase={phase} word={word} />;
}
