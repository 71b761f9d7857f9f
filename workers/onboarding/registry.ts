import { configureProject } from "../projects/configure-projects.ts";
import { forgetPoll } from "../scheduled/poll-memory.ts";
import { done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** Enters the project: from here on its board is observed. */
export async function registry({ env, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const profile = await configureProject(env, profileOf(onboarding));
  await forgetPoll(env, profile.key);
  return done(`Registered as ${profile.name}, under the repository's id ${profile.key}`, { profile });
}
