import { mergeOverrides, parsePolicy } from "../../core/policy.ts";
import { settings as meshSettings } from "../../durable-objects/remote.ts";
import { configureProject } from "../projects/configure-projects.ts";
import { projectNamed } from "../registry.ts";
import { done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** Puts the project's settings down: those there are, over them what was asked for, and the test command that the trial found when none is given. */
export async function settings({ env, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const profile = profileOf(onboarding);
  const mesh = await meshSettings(env).get();
  const registered = await projectNamed(env, profile.name);
  const asked = mergeOverrides(registered?.overrides ?? profile.overrides, onboarding.request.overrides);
  const before = parsePolicy(mergeOverrides(mesh, asked));
  const given = before.ok ? before.value.qa.testCommand : null;
  const found = onboarding.found.trial?.testCommand ?? null;
  const testCommand = given ?? found;
  const overrides = given === null && found !== null ? mergeOverrides(asked, { qa: { testCommand: found } }) : asked;
  const after = { ...profile, overrides };
  await configureProject(env, after);
  const tests =
    testCommand === null
      ? "no test command: set qa.testCommand to have tests run"
      : `tests: \`${testCommand}\`${given === null ? ", as the trial found" : ""}`;
  const merge = before.ok ? `; merges: ${before.value.merge}` : "";
  return done(`${tests}${merge}`, { profile: after });
}
