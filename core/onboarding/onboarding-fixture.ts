import { meshProject } from "../ids.ts";
import type { OnboardingId, ProjectName } from "../ids.ts";
import type { Applied } from "../inputs.ts";
import { ReplayedProject } from "../project/replay.ts";
import type { OnboardingInput } from "./inputs.ts";
import type { Onboarding } from "./state.ts";
import { onboardingActivities } from "./view.ts";
import type { OnboardingActivity, OnboardingRequest } from "./view.ts";

/** What tests of an onboarding begin with. */
export const first = `o${"0".repeat(24)}1` as OnboardingId;
export const second = `o${"0".repeat(24)}2` as OnboardingId;

export function requestFor(repository = "acme/shop", more: Partial<OnboardingRequest> = {}): OnboardingRequest {
  return {
    repository: repository as ProjectName,
    overrides: {},
    login: "api-key",
    skipAuth: false,
    skipLiteLLM: false,
    skipDevContainer: false,
    skipTrial: false,
    actionsRunner: false,
    ...more,
  };
}

export const failure = { reason: "repository-archived", message: "The repository is archived.", fix: "Unarchive it." } as const;

/** The orchestrator of `mesh`, told things as they happen. */
export class HeardMesh {
  readonly mesh = new ReplayedProject(meshProject);
  #inputs = 0;

  say(input: OnboardingInput, at = (this.#inputs + 1) * 1_000): Applied {
    this.#inputs += 1;
    return this.mesh.apply({ ...input, id: `i${this.#inputs}`, at }).applied;
  }

  get(id: OnboardingId = first): Onboarding {
    const onboarding = this.mesh.onboarding(id);
    if (!onboarding) throw new Error(`there is no ${id}`);
    return onboarding;
  }

  /** Asked for, and everything before the activity done. */
  before(activity: OnboardingActivity): this {
    this.say({ type: "onboarding-requested", onboarding: first, request: requestFor(), by: "operator" });
    for (const done of onboardingActivities.slice(0, onboardingActivities.indexOf(activity))) this.done(done);
    return this;
  }

  done(activity: OnboardingActivity): Applied {
    return this.say({
      type: "onboarding-step-done",
      onboarding: first,
      attempt: this.get().attempt,
      activity,
      summary: `${activity} is done`,
      found: {},
    });
  }
}
