import { explainOnboarding } from "./explain.ts";
import type { Onboarding } from "./state.ts";
import { phaseOfActivity } from "./view.ts";
import type { OnboardingView } from "./view.ts";

/** An onboarding as people and programs see it. */
export function viewOnboarding(onboarding: Onboarding): OnboardingView {
  const { id, request, requestedBy, status, attempt, activity, completed, found, error, login, pause, createdAt, updatedAt } = onboarding;
  const shown = activity ?? completed.at(-1)?.activity ?? null;
  return {
    id,
    repository: request.repository,
    request,
    status,
    phase: shown === null ? null : phaseOfActivity[shown],
    activity,
    completed,
    error,
    login,
    pause: pause ?? null,
    permissions: found.permissions ?? [],
    project: found.profile?.key ?? null,
    board: found.profile?.board ?? null,
    explain: explainOnboarding(onboarding),
    attempt,
    requestedBy,
    createdAt,
    updatedAt,
  };
}
