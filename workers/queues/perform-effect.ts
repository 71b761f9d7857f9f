import { isGitHubWrite } from "../../core/effects.ts";
import type { Effect, EffectResult } from "../../core/effects.ts";
import type { ProjectInput, ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../../clients/client-error.ts";
import { performGitHubEffect } from "../../clients/github/perform-effect.ts";
import { checkTimeLimits } from "../../clients/http-check/http-check.ts";
import type { Policy } from "../../core/policy.ts";
import type { Clients } from "../clients.ts";
import { branchInput, cardInput, pullInput } from "../observe.ts";
import { notificationsOf } from "./notifications.ts";

/** What came of an effect: its result, and before it what was seen on the way. */
export interface Performed {
  readonly observed: readonly ProjectInput[];
  readonly result: EffectResult;
}

/** What the mesh does outside itself. */
export type OutsideEffect = Exclude<Effect, { kind: "report-spend" }>;

/** Does one effect outside. Throws a ClientError; repeating makes nothing twice. */
export async function perform(effect: OutsideEffect, profile: ProjectProfile, policy: Policy, clients: Clients): Promise<Performed> {
  if (isGitHubWrite(effect)) return { observed: [], result: await performGitHubEffect(clients.github, effect, profile) };
  switch (effect.kind) {
    case "observe-card":
      return seen(cardInput(await clients.github.observeCard(profile, effect.issue)));
    case "observe-pull-request":
      return seen(pullInput(await clients.github.observePullRequest(profile, { number: effect.number })));
    case "observe-branch": {
      const pull = pullInput(await clients.github.observePullRequest(profile, { branch: effect.branch }));
      return seen(branchInput(await clients.github.observeBranch(profile, effect.branch)), pull);
    }
    case "check-health": {
      return { observed: [], result: await deploymentHealth(effect, profile, clients) };
    }
    case "notify":
    case "ask-human":
    case "settle-notice":
      for (const notification of await notificationsOf(effect, policy, clients)) await clients.ntfy.publish(notification);
      return { observed: [], result: { kind: "done" } };
    case "tell-session":
      throw new ClientError("GitHub", "what is said to a session goes through its mailbox", { code: "invalid", retryable: false });
  }
}

/** A page that names another commit counts when that commit contains ours: with two merges a moment apart it may already name the later one. */
async function deploymentHealth(
  { url, expectCommit }: Extract<Effect, { kind: "check-health" }>,
  profile: ProjectProfile,
  clients: Clients,
): Promise<EffectResult> {
  const { healthy, detail, otherCommit } = await clients.httpCheck.check({ url, expectCommit, timeLimitMs: checkTimeLimits.deployment });
  if (healthy || expectCommit === null || otherCommit === undefined) return { kind: "health", healthy, detail };
  if (!(await clients.github.containsCommit(profile, otherCommit, expectCommit))) return { kind: "health", healthy, detail };
  return { kind: "health", healthy: true, detail: `runs commit ${otherCommit.slice(0, 7)}, which contains ${expectCommit.slice(0, 7)}` };
}

function seen(...inputs: readonly (ProjectInput | undefined)[]): Performed {
  return { observed: inputs.filter((input) => input !== undefined), result: { kind: "done" } };
}
