import type { HookState } from "../../clients/github/project-webhooks.ts";
import { configureProject } from "../projects/configure-projects.ts";
import { done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

const said: Readonly<Record<HookState["state"], string>> = {
  present: "there already",
  made: "made",
  mended: "there, and mended",
  "not-allowed": "not allowed",
};

/** Makes what is missing of the webhooks, and says whether the board is told of by webhook or polled. */
export async function webhook({ env, clients, onboarding, policy }: ActivityContext): Promise<ActivityOutcome> {
  const profile = profileOf(onboarding);
  const states = await clients.webhooks.ensure(profile);
  const hooks = states.map(({ kind, state }) => `${kind} webhook ${said[state]}`).join(", ");
  const isTold = clients.hasApp || states.some(({ kind, state }) => kind === "organization" && state !== "not-allowed");
  const { board } = profile;
  const observedBy = board?.observedBy === "webhook" && !isTold ? "poll" : (board?.observedBy ?? "poll");
  const after = board === null ? profile : { ...profile, board: { ...board, observedBy } };
  if (observedBy !== board?.observedBy) await configureProject(env, after);
  const poll = `polled every ${policy.github.pollActiveMs / 1_000} s while something is active, every ${policy.github.pollIdleMs / 1_000} s when idle`;
  const how = observedBy === "webhook" ? "The board is told of by webhook, and polled as a backstop" : `The board is ${poll}`;
  return done(`${how}; ${hooks === "" ? "no webhook needed" : hooks}`, { profile: after });
}
