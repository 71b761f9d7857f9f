import { devContainerJson, devContainerPath, toolchainsOf } from "../../core/onboarding/devcontainer.ts";
import { done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** The other place that the specification names: https://containers.dev/implementors/spec/#devcontainerjson */
const otherPath = ".devcontainer.json";

/** Proposes a dev container where there is none, by a pull request that a person merges. */
export async function devContainer({ clients, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  if (onboarding.request.skipDevContainer) return done("Left out, as asked");
  const profile = profileOf(onboarding);
  const rootFiles = await clients.preparation.rootFiles(profile);
  if (rootFiles.includes(otherPath)) return done(`There already: ${otherPath}`);
  const names = toolchainsOf(rootFiles).map(({ name }) => name);
  const stack = names.length === 0 ? "no language in particular" : names.join(" and ");
  const { state, pullRequest, path } = await clients.preparation.proposeFiles(profile, {
    branch: "mesh/setup/dev-container",
    decides: devContainerPath,
    files: { [devContainerPath]: devContainerJson(profile.name, rootFiles) },
    title: "Add a dev container",
    body: `A container to work on this repository in, for ${stack}, as the [specification](https://containers.dev) has it. Change it as you like; nothing waits for this pull request.`,
  });
  return done(state === "present" ? `There already: ${path}` : `Proposed for ${stack}: ${pullRequest?.url ?? path}`);
}
