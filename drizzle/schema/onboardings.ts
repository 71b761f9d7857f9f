import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { moment } from "./column-types.ts";

/** Every onboarding, as it was last seen. The names are fixed: they are in use outside. */
export const onboardingRuns = pgTable(
  "onboarding_runs",
  {
    id: text("id").primaryKey(),
    repoOwner: text("repo_owner").notNull(),
    repoName: text("repo_name").notNull(),
    status: text("status").notNull(),
    currentPhase: text("current_phase"),
    currentActivity: text("current_activity"),
    completedActivities: text("completed_activities").array().notNull(),
    errorMessage: text("error_message"),
    oauthDeviceUrl: text("oauth_device_url"),
    oauthUserCode: text("oauth_user_code"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    /** The whole OnboardingView. */
    view: jsonb("view").$type<OnboardingView>().notNull(),
  },
  (t) => [index("onboarding_runs_repo").on(t.repoOwner, t.repoName, t.createdAt), index("onboarding_runs_created").on(t.createdAt, t.id)],
);
