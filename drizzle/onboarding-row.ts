import * as z from "zod";
import type { OnboardingView } from "../core/onboarding/view.ts";
import type { onboardingRuns } from "./schema/onboardings.ts";

/** Only what the mapping itself walks through; everything else is for Postgres to refuse. */
const walkedThrough = z.looseObject({
  id: z.string(),
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  completed: z.array(z.looseObject({ activity: z.string() })),
  error: z.looseObject({ message: z.string() }).nullable(),
  login: z.looseObject({}).nullable(),
});

/** The view an event carries, or why it cannot be used. */
export function parseOnboardingView(view: unknown): OnboardingView | string {
  const parsed = walkedThrough.safeParse(view);
  return parsed.success ? (view as OnboardingView) : `malformed onboarding view: ${z.prettifyError(parsed.error)}`;
}

export function onboardingRow(view: OnboardingView): typeof onboardingRuns.$inferInsert {
  const [repoOwner = "", repoName = ""] = view.repository.split("/");
  return {
    id: view.id,
    repoOwner,
    repoName,
    status: view.status,
    currentPhase: view.phase,
    currentActivity: view.activity,
    completedActivities: view.completed.map(({ activity }) => activity),
    errorMessage: view.error?.message ?? null,
    oauthDeviceUrl: view.login?.deviceUrl ?? null,
    oauthUserCode: view.login?.userCode ?? null,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    view,
  };
}
