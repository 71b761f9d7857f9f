import type { ProjectProfile } from "../../core/inputs.ts";
import { log } from "../../platform/log.ts";
import type { Clients } from "../clients.ts";
import { configureProject } from "./configure-projects.ts";

/**
 * Takes over what a repository is called and who owns it by now, after a rename or a transfer: registry and orchestrator follow, and the old name still
 * finds it. Twice is once. Answers the entry as it is now; fails as GitHub does when the repository is out of reach.
 */
export async function followRepository(env: Env, { discovery }: Clients, profile: ProjectProfile): Promise<ProjectProfile> {
  const now = await discovery.refresh(profile);
  if (JSON.stringify(now) === JSON.stringify(profile)) return profile;
  const entry = await configureProject(env, now);
  log("info", "project follows its repository", {
    project: profile.key,
    reason: entry.name === profile.name ? "repository-changed" : "repository-renamed",
  });
  return entry;
}
