import type { EffectResult, GitHubWrite } from "../../core/effects.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { GitHub } from "./github.ts";

/** Carries out one effect on GitHub and says what came of it. Throws a ClientError; repeating makes nothing twice. */
export function performGitHubEffect(github: GitHub, effect: GitHubWrite, profile: ProjectProfile): Promise<EffectResult> {
  switch (effect.kind) {
    case "move-card":
      return github.moveCard(profile, effect.itemId, effect.columnName, effect.from);
    case "comment":
      return github.comment(profile, effect.issue, effect.marker, effect.body, effect.replace);
    case "open-pull-request":
      return github.openPullRequest(profile, effect);
    case "close-pull-request":
      return github.closePullRequest(profile, effect.number, effect.branch);
    case "merge-pull-request":
      return github.mergePullRequest(profile, effect);
    case "open-bug-issue":
      return github.openBugIssue(profile, effect);
    case "close-issue":
      return github.closeIssue(profile, effect.issue, effect.reason);
  }
}
