import type { OnboardingId } from "../ids.ts";
import type { Applied, InputOf } from "../inputs.ts";
import type { OnboardingInput } from "../onboarding/inputs.ts";
import type { Onboarding } from "../onboarding/state.ts";
import { requestOnboarding, transitionOnboarding } from "../onboarding/transition.ts";
import type { OnboardingRequest } from "../onboarding/view.ts";
import { viewOnboarding } from "../onboarding/view-onboarding.ts";
import type { WorkingSet } from "./working-set.ts";

const applied: Applied = { status: "applied" };
type Later = Exclude<OnboardingInput, { type: "onboarding-requested" }>;

/** Takes an onboarding on, unless the repository has an active one (`same-request` or `already-onboarding`); `detail` is the id of what is active. */
export function request(set: WorkingSet, { onboarding: id, request: asked, by }: InputOf<"onboarding-requested">): Applied {
  if (set.onboarding(id) !== undefined) return { status: "ignored", reason: "known" };
  const active = activeOf(set, asked);
  if (active) {
    const reason = JSON.stringify(active.request) === JSON.stringify(asked) ? "same-request" : "already-onboarding";
    return { status: "ignored", reason, detail: active.id };
  }
  put(set, requestOnboarding(id, asked, by, set.at));
  return { status: "applied", detail: id };
}

/** What is said to an onboarding that was taken on before. */
export function tell(set: WorkingSet, input: Later): Applied {
  const onboarding = set.onboarding(input.onboarding);
  if (onboarding === undefined) return { status: "ignored", reason: "unknown-onboarding" };
  if (input.type === "onboarding-retried") {
    const active = activeOf(set, onboarding.request, onboarding.id);
    if (active) return { status: "ignored", reason: "already-onboarding", detail: active.id };
  }
  const step = transitionOnboarding(onboarding, input, set.at);
  if (step.type === "ignored") return { status: "ignored", reason: step.reason };
  put(set, step.state);
  return applied;
}

function activeOf(set: WorkingSet, { repository }: OnboardingRequest, but?: OnboardingId): Onboarding | undefined {
  for (const each of set.lookup.activeOnboardings()) if (each.request.repository === repository && each.id !== but) return each;
  return undefined;
}

function put(set: WorkingSet, onboarding: Onboarding): void {
  set.putOnboarding(onboarding);
  set.emit({ type: "onboarding-changed", data: { view: viewOnboarding(onboarding) } });
}
